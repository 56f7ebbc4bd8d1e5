"""Answers that survive a run that is cut, wherever it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.errors import BadInput, Missing
from toolchain.evaluate.answers import Answer, AnswerFile
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit

TESTED = {"firmware": "f", "model": "m"}
ANSWERS = [Answer(i, bytes([i, 255 - i]), 10 + i) for i in (0, 3, 1, 2)]


def write(path, tested=TESTED):
    with AnswerFile(path, tested, resume=False) as kept:
        for answer in ANSWERS:
            kept.add(answer)


def test_taken_over(tmp_path):
    path = tmp_path / "folder" / "answers.jsonl"
    write(path)
    with AnswerFile(path, TESTED, resume=True) as kept:
        assert sorted(kept.answers.values(), key=lambda a: a.sample) == sorted(ANSWERS, key=lambda a: a.sample)
        assert kept.missing(range(6)) == [4, 5]


def test_other_firmware_or_no_resume_begins_anew(tmp_path):
    path = tmp_path / "answers.jsonl"
    for tested, resume in (({**TESTED, "firmware": "g"}, True), (TESTED, False)):
        write(path)
        with AnswerFile(path, tested, resume=resume) as kept:
            assert kept.answers == {}
        assert len(path.read_text().splitlines()) == 1


@settings(max_examples=60)
@given(st.integers(0, 400))
def test_cut_anywhere_it_goes_on(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "answers.jsonl"
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with AnswerFile(path, TESTED, resume=True) as kept:
        assert set(kept.answers.values()) <= set(ANSWERS)
        for answer in ANSWERS:
            if answer.sample not in kept.answers:
                kept.add(answer)
    assert path.read_bytes() == whole


def test_a_spoilt_line_is_named(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path)
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace("output", "out")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=r"answers.jsonl, line 3") as caught:
        AnswerFile(path, TESTED, resume=True)
    assert "--resume" in caught.value.hint


def test_a_second_run_waits_for_the_first(tmp_path):
    path, said = tmp_path / "answers.jsonl", []
    first = AnswerFile(path, TESTED, resume=False)
    progress = Quiet()
    progress.log = lambda text: (said.append(text), first.add(ANSWERS[0]), first.__exit__())
    with AnswerFile(path, TESTED, resume=True, progress=progress) as second:
        assert list(second.answers.values()) == ANSWERS[:1]
    assert len(said) == 1 and "waiting" in said[0]


def test_nowhere_to_write(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Missing, match="cannot be written"):
        AnswerFile(tmp_path / "file" / "answers.jsonl", TESTED, resume=False)
