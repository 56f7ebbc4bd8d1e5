"""`kit stream` as users run it: on terminals of several sizes, into pipes and files."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import native_firmware
import numpy as np
import pytest

from tests.cli.conftest import command, environment
from toolchain.emulate.pty_process import PtyProcess
from toolchain.model.graph import DType, Quantization, Tensor
from toolchain.postprocess import PostprocessingSettings, Postprocessor
from toolchain.resources import resource
from toolchain.stream.answers import Answer, Heading, Recorder, read_recording

pytest.importorskip("pyte")
from terminal import Terminal

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

LABELS = tuple("0123456789")
DIGITS = resource("kits") / "digits"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Answers of twenty seconds, four a second, one of five without a decision."""
    rng = np.random.default_rng(3)
    with Recorder(tmp_path / "in.jsonl", Heading("digits", "esp32", "ab" * 32, "us", LABELS)) as recorder:
        for i in range(80):
            scores = tuple(np.round(rng.dirichlet(np.full(10, 0.3)), 6).tolist())
            best = LABELS[int(np.argmax(scores))]
            decision = None if i % 5 == 4 else best
            recorder.add(Answer(i + 1, i / 4, f"sample {i}", best, decision, max(scores), 16000.0 + i, scores))
    return recorder.path


def on_terminal(folder: Path, *arguments: str, columns: int = 80, rows: int = 24) -> Terminal:
    return Terminal(command("stream", *arguments), folder, environment(), columns, rows)


def test_the_screen_and_its_keys(recording: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "--replay", recording.name, "--record", "out.csv") as terminal:
        terminal.wait(lambda lines: "sample 3" in lines[1])
        terminal.press("p")
        terminal.wait(lambda lines: lines[0].endswith("PAUSED"))
        lines = terminal.settled()
        assert lines[0] == "digits on esp32  replay of in.jsonl  PAUSED"
        assert lines[23] == "p pause  m mark  s save  q quit"
        bars = [line for line in lines[2:12] if line[:1].isdigit()]
        assert [line[0] for line in bars] == list(LABELS)
        paused = lines[1]
        number = int(re.match(r"sample (\d+)", paused)[1])
        score = max(read_recording(recording)[1][number].scores)
        assert max(bars, key=lambda line: line.count("█")).endswith(f"{score:.2f}")
        assert "latency 16,00" in lines[13] and "/s" in lines[13] and "right" in lines[13]
        terminal.press("m")
        terminal.wait(lambda lines: "will be marked" in lines[23])
        assert terminal.settled()[:2] == ["digits on esp32  replay of in.jsonl  PAUSED", paused]
        terminal.press("p")
        terminal.wait(lambda lines: lines[1] != paused and "1 marked" in lines[13])
        terminal.press("\x1b[A")  # an arrow is no key
        terminal.press("s")
        terminal.wait(lambda lines: "answers saved to stream-digits-esp32-1.csv" in lines[23])
        terminal.press("q")
        assert terminal.end() == 0 and terminal.sane
        assert any("answers, latency" in line for line in terminal.lines)
    saved, recorded = (read_recording(tmp_path / name)[1] for name in ("stream-digits-esp32-1.csv", "out.csv"))
    assert [answer.marked for answer in saved].count(True) == 1
    assert saved == recorded[: len(saved)] and len(saved) > 4


def test_it_follows_the_size_of_the_terminal(recording: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "--replay", recording.name) as terminal:
        terminal.wait(lambda lines: "sample 1" in lines[1])
        for columns, rows in ((50, 11), (30, 5), (120, 40)):
            terminal.resize(columns, rows)
            ends = (0, "digits on esp32"), (rows - 1, "p pause")
            lines = terminal.wait(lambda lines, ends=ends: all(lines[i].startswith(text) for i, text in ends))
            assert ("and 5 more" in "\n".join(lines)) == (rows == 11)
        terminal.press("q")
        assert terminal.end() == 0 and terminal.sane


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (80, 9), (39, 24)])
def test_a_small_terminal_gets_lines(recording: Path, tmp_path: Path, columns: int, rows: int) -> None:
    arguments = ("--replay", recording.name, "--count", "3")
    with on_terminal(tmp_path, *arguments, columns=columns, rows=rows) as terminal:
        assert terminal.end() == 0 and terminal.sane
        assert b"\x1b[?1049h" not in terminal.said
        lines = terminal.said.decode().split("\r\n")
        assert [line.split(":")[0] for line in lines if line.startswith("sample")] == [f"sample {i}" for i in range(3)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_leaves_the_terminal_as_it_was(recording: Path, tmp_path: Path, number: int) -> None:
    with on_terminal(tmp_path, "--replay", recording.name) as terminal:
        terminal.wait(lambda lines: "sample 1" in lines[1])
        if number == signal.SIGINT:
            terminal.press("\x03")
        else:
            terminal.process.send_signal(number)
        assert terminal.end() == 0 and terminal.sane
        assert "stopped" in terminal.lines


def test_what_ended_by_itself_stays_until_a_key(tmp_path: Path, recording: Path) -> None:
    lines = recording.read_text().splitlines(keepends=True)[:4]
    (tmp_path / "short.jsonl").write_text("".join(lines))
    with on_terminal(tmp_path, "--replay", "short.jsonl") as terminal:
        terminal.wait(lambda lines: lines[0].endswith("END") and "sample 2" in lines[1])
        terminal.press("pm q")
        assert terminal.end() == 0 and terminal.sane


def test_a_board_on_the_screen_and_its_text(kit, tmp_path: Path) -> None:
    kit.json("train", "digits")
    with on_terminal(tmp_path, "digits", "--board", "host", "--record", "a.jsonl") as terminal:
        terminal.wait(lambda lines: lines[0] == "digits on host  test samples" and "sample 2" in lines[1])
        terminal.press("q")
        assert terminal.end() == 0 and terminal.sane
    heading, answers = read_recording(tmp_path / "a.jsonl")
    assert heading.board == "host" and len(answers) >= 3
    assert sum(bool(answer.right) for answer in answers) >= len(answers) - 1
    assert all(answer.seconds >= i / 4 for i, answer in enumerate(answers))  # four a second, fewer on a busy machine


def test_deploy_shows_its_proof_beside_the_answers(tmp_path: Path) -> None:
    """The screen covers what was printed before it."""
    arguments = command("deploy", "digits", "--board", "host", "--emulate")
    with Terminal(arguments, tmp_path, environment(), 80, 24) as terminal:
        screen = terminal.wait(lambda lines: any("sample 3" in line for line in lines))
        assert any("parity      all 100 answers equal" in line for line in screen)
        assert any("accuracy    device" in line for line in screen) and any("port  " in line for line in screen)
        terminal.press("q")
        assert terminal.end() == 0 and terminal.sane


def test_a_replay_is_what_was_recorded(kit, recording: Path, tmp_path: Path) -> None:
    done = kit("stream", "--replay", str(recording), "--json", "--record", "again.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout == recording.read_text() == (kit.cwd / "again.jsonl").read_text()
    as_csv = kit("stream", "--replay", str(recording), "--record", "a.csv")
    assert read_recording(kit.cwd / "a.csv")[1] == read_recording(recording)[1]
    lines = as_csv.stdout.splitlines()
    answer = read_recording(recording)[1][4]
    assert (
        len(lines) == 80 and lines[4] == f"sample 4: – {answer.score:.2f} (no decision, it is {answer.truth}) 16,004 µs"
    )
    assert lines == kit("stream", "--replay", "a.csv").stdout.splitlines()


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
def test_decisions_are_made_on_the_device(alone, board: str) -> None:
    settings = PostprocessingSettings(smoothing="majority_vote", length=5, threshold=0.9, debounce=1, ignored=("4",))
    folder = alone.cwd / "digits"
    folder.mkdir()
    table = (
        "[postprocessing]\nsmoothing = 'majority_vote'\nlength = 5\nthreshold = 0.9\ndebounce = 1\nignored = ['4']\n"
    )
    (folder / "kit.toml").write_text((DIGITS / "kit.toml").read_text() + table)
    (folder / "model.py").write_bytes((DIGITS / "model.py").read_bytes())
    samples = np.repeat(np.arange(8), 6)  # the same again and again, so that votes agree
    from toolchain.data import load_dataset
    from toolchain.kit import load_kit

    np.save(alone.cwd / "a.npy", load_dataset(load_kit(folder)).test.x[samples])
    done = alone("stream", str(folder), "--board", board, "--emulate", "--input", "a.npy", "--json")
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()][1:]
    scores = Tensor("scores", (1, 10), DType.INT8, Quantization((1 / 256,), (-128,)))
    host = Postprocessor(settings, scores, LABELS).start()
    assert len(said) == len(samples)
    for answer in said:
        made = host.decide(np.round(np.array(answer["scores"]) * 256 - 128).astype(np.int8))
        assert answer["decision"] == (None if made.label is None else LABELS[made.label])
        assert answer["score"] == round(made.score, 6)
    assert len({answer["decision"] for answer in said}) > 4 and "4" not in {answer["decision"] for answer in said}


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("digits",), 2, "which board?"),
        (("digits", "--board", "host", "--input", "none.wav"), 2, "none.wav: no such file or folder"),
        (("digits", "--board", "host", "--input", "mic"), 2, "digits takes no sound"),
        (("digits", "--board", "host", "--input", "bad.npy"), 2, "of shape [7], the kit takes samples of [8, 8, 1]"),
        (("--replay", "none.csv"), 2, "none.csv: cannot be read"),
        (("--replay", "bad.npy"), 2, "a recording is .jsonl or .csv"),
        (("digits", "--board", "esp32", "--port", "/dev/none"), 3, "/dev/none"),
    ],
)
def test_what_is_refused(kit, arguments: tuple[str, ...], status: int, says: str) -> None:
    np.save(kit.cwd / "bad.npy", np.zeros(7, np.uint8))
    message, hint = kit.refused("stream", *arguments, status=status)
    assert says in message and hint


@pytest.fixture
def other_firmware(tmp_path: Path):
    """A board that runs the firmware of another kit: its port."""
    with PtyProcess([native_firmware.host_firmware(tmp_path / "firmware")]) as process:
        yield process.port


def test_another_kit_s_firmware_is_said_and_deploying_is_offered(kit, other_firmware: str, tmp_path: Path) -> None:
    arguments = ("digits", "--board", "host", "--port", other_firmware)
    message, hint = kit.refused("stream", *arguments, status=4)
    assert "runs another model (00112233" in message
    assert f"kit deploy digits --board host --port {other_firmware}" in hint
    for answer in "ny":
        with on_terminal(tmp_path, *arguments) as terminal:
            terminal.wait(lambda lines: any("Deploy this kit's model to it now?" in line for line in lines))
            terminal.press(f"{answer}\n")
            assert terminal.end() == 4 and terminal.sane  # a process cannot be flashed: it still runs the other
            assert any("error:" in line for line in terminal.lines)
            assert any(re.search("flash .*host on", line) for line in terminal.lines) == (answer == "y")
