"""What is recorded is what is read back; half lines are neither written nor read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolchain.cli.app import run
from toolchain.errors import BadInput, Missing
from toolchain.stream.answers import Answer, Heading, Recorder, json_line, read_recording

pytestmark = pytest.mark.unit

HEADING = Heading("words", "host", "ab" * 32, "us", ("yes", 'n,"o', "größer"))
NUMBERS = st.floats(-1e9, 1e9).map(lambda x: round(x, 6))
ANSWERS = st.lists(
    st.builds(
        Answer,
        number=st.integers(1, 10**6),
        seconds=NUMBERS,
        input=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1),
        truth=st.sampled_from((None, *HEADING.labels)),
        decision=st.sampled_from((None, *HEADING.labels)),
        score=NUMBERS,
        latency=NUMBERS,
        scores=st.tuples(NUMBERS, NUMBERS, NUMBERS),
        marked=st.booleans(),
    ),
    max_size=5,
)
ANSWER = Answer(1, 0.5, "a.wav 0.1 s", None, "yes", 0.75, 12.5, (0.75, 0.25, 0.0))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS, ANSWERS, st.sampled_from((".jsonl", ".csv")))
def test_what_is_recorded_is_read_back(tmp_path: Path, first: list[Answer], second: list[Answer], suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.unlink(missing_ok=True)
    for answers in (first, second):  # the second run appends
        with Recorder(path, HEADING) as recorder:
            for n, answer in enumerate(answers, 1):
                recorder.add(answer)
                assert path.read_bytes().endswith(b"\n") and read_recording(path)[1][-n:] == answers[:n]
    heading, read = read_recording(path)
    assert read == first + second and heading.labels == HEADING.labels and heading.unit == "us"
    assert suffix == ".csv" or heading == HEADING


def test_a_recording_without_answers_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Recorder(tmp_path / "a.csv", HEADING).close()
    assert run(["stream", "--replay", str(tmp_path / "a.csv")]) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err.split() == f"{tmp_path / 'a.csv'}: no answer was recorded".split()


def test_a_stream_that_fails_before_its_first_answer_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.csv"

    def fail(answers: int) -> None:
        with pytest.raises(BadInput, match="too short"), Recorder(path, HEADING) as recorder:
            for _ in range(answers):
                recorder.add(ANSWER)
            raise BadInput("too short")

    fail(0)
    assert not list(tmp_path.iterdir())
    for before in (1, 0):  # what was recorded stays, in this run or an earlier one
        fail(before)
        assert read_recording(path)[1] == [ANSWER]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_half_a_line_is_cut_off(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with Recorder(path, HEADING) as recorder:
        recorder.add(ANSWER)
    whole = path.read_bytes()
    for end in (whole[-40:-1], b"12"):
        path.write_bytes(whole + end)
        assert read_recording(path)[1] == [ANSWER]
        with Recorder(path, HEADING) as recorder:
            recorder.add(ANSWER)
        assert read_recording(path)[1] == [ANSWER, ANSWER]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_recording_of_something_else_is_not_appended_to(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("dear diary\n")
    with pytest.raises(BadInput, match="something else"):
        Recorder(path, HEADING)
    assert path.read_text() == "dear diary\n"


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.txt: a recording is \.jsonl or \.csv"):
        Recorder(tmp_path / "a.txt", HEADING)
    (tmp_path / "file").write_text("")
    with pytest.raises(Missing, match="cannot be written"):
        Recorder(tmp_path / "file" / "a.csv", HEADING)
    full = tmp_path / "full.jsonl"
    if Path("/dev/full").exists():
        full.symlink_to("/dev/full")
        with pytest.raises(Missing, match="No space left"):
            Recorder(full, HEADING)


HEAD, LINE = json_line(HEADING), json_line(ANSWER)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", "", "line 1: no recording of a stream: the file is empty"),
        ("a.jsonl", "{}\n", "line 1: no recording"),
        ("a.jsonl", f"{HEAD}\n[]\n", "line 2: no recording"),
        ("a.jsonl", f'{HEAD}\n{LINE}\n{LINE[:-1]}, "x": 1}}\n', "line 3: no recording"),
        ("a.jsonl", f"{HEAD}\n{LINE.replace('0.25, 0.0', '0.25')}\n", "2 scores for 3 labels"),
        ("a.jsonl", f"{HEAD}\n{LINE.replace('yes', 'maybe')}\n", "'maybe' is none of the labels"),
        ("a.csv", "a,b,c\n", "line 1: no recording of a stream: the first line names other columns"),
        ("a.csv", "number,seconds,input,truth,decision,score,latency_us,marked\nx,,,,,,,\n", "line 2: no recording"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=says):
        read_recording(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_what_has_no_end_is_refused(tmp_path: Path, monkeypatch, suffix: str) -> None:
    endless = tmp_path / f"endless{suffix}"
    endless.symlink_to("/dev/zero")
    with pytest.raises(BadInput, match="a device, not a file"):
        read_recording(endless)
    monkeypatch.setattr("toolchain.stream.answers._MOST_BYTES", 1 << 20)
    long = tmp_path / f"long{suffix}"
    long.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(BadInput, match="longer than 1 MiB"):
        read_recording(long)
