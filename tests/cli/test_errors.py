"""Bad input: one line, a hint, the right exit status, and the same as JSON."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from modelgen.networks import random_network

from tests.cli.conftest import command, environment
from toolchain.cli.app import run
from toolchain.resources import resource

pytestmark = pytest.mark.slow


def test_unknown_command_names_the_nearest(capsys):
    assert run(["deply"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "deploy" in said.err


def test_unknown_option(capsys):
    assert run(["list", "--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


def test_with_json_an_error_is_one_object_on_stdout(kit):
    answer = kit.json("train", "digitz", status=2)
    assert set(answer) == {"error", "hint", "exit_status"} and answer["exit_status"] == 2
    assert "digitz" in answer["error"] and "digits" in answer["hint"]


def test_a_fault_is_short_and_leaves_the_traceback_in_a_file(monkeypatch, capsys):
    from toolchain.cli import list as module

    def broken(*_: object) -> None:
        raise RuntimeError("spoon")

    monkeypatch.setattr(module, "_values", broken)
    assert run(["list"]) == 70
    said = capsys.readouterr().err
    assert "RuntimeError: spoon" in said and "Traceback" not in said
    log = Path(said.split("the traceback is in ")[1].strip())
    assert "in broken" in log.read_text()
    log.unlink()


def test_ctrl_c_is_130(monkeypatch, capsys):
    from toolchain.cli import list as module

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_values", interrupted)
    assert run(["list"]) == 130


def test_unknown_kit_and_board(kit):
    message, hint = kit.refused("deploy", "digitz", "--board", "host", status=2)
    assert "digitz" in message and "'digits'" in hint
    message, hint = kit.refused("deploy", "digits", "--board", "mps2-an368", status=2)
    assert "mps2-an368" in message and "mps2-an386" in hint


def test_a_broken_kit_hides_no_other(kit):
    broken, whole = kit.cwd / "kits" / "mine", kit.cwd / "spells"
    for folder in (broken, whole):
        shutil.copytree(resource("kits") / "digits", folder)
    text = (broken / "kit.toml").read_text()
    (broken / "kit.toml").write_text(text.replace("epochs", "epoch"))
    done = kit("list")
    assert done.returncode == 0 and "not listed: kits/mine/kit.toml:" in done.stderr and "epoch" in done.stderr
    assert "./spells" in done.stdout and "fashion" in done.stdout and ":small" in done.stdout
    said = kit.json("list")
    assert [each["error"].split(":")[0] for each in said["broken"]] == ["kits/mine/kit.toml"]
    assert kit.json("list", "-q")["kits"][0]["variants"] == ["dense"]


def test_kit_toml_with_a_wrong_key_or_type(kit):
    folder = resource("kits") / "digits"
    good = (folder / "kit.toml").read_text()
    (kit.cwd / "model.py").write_text((folder / "model.py").read_text())
    for right, wrong, line in (("epochs =", "epoch =", "epochs ="), ("[input]", "[input]\nbytes = 3", "[input]")):
        (kit.cwd / "kit.toml").write_text(good.replace(right, wrong))
        number = good[: good.index(line)].count("\n") + 1 + wrong.count("\n")
        message, _ = kit.refused("train", status=2)
        assert f"kit.toml:{number}:" in message and wrong.split("\n")[-1].split()[0] in message
    (kit.cwd / "kit.toml").write_text(re.sub(r"batch_size = \d+", 'batch_size = "many"', good))
    message, _ = kit.refused("train", status=2)
    assert "kit.toml:" in message and "batch_size" in message


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"TFL3" * 9])
def test_a_file_that_is_no_model(kit, content):
    (kit.cwd / "m.tflite").write_bytes(content)
    message, _ = kit.refused("compile", "m.tflite", "--out", "c", status=2)
    assert "m" in message and not (kit.cwd / "c").exists()


def test_a_file_that_is_absent(kit):
    message, _ = kit.refused("compile", "m.tflite", "--out", "c", status=2)
    assert "m.tflite" in message


def test_no_compiler(kit, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    script = (
        "import sys; sys.modules['ziglang'] = None; from toolchain.board.compilers import find_compiler;"
        "from toolchain.board.descriptor import load_board; from toolchain.errors import Missing\n"
        "try: find_compiler(load_board('mps2-an386'))\n"
        "except Missing as error: print(error.hint); sys.exit(error.exit_status)"
    )
    env = {**os.environ, "PATH": str(empty), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert done.returncode == 3 and "gcc-arm-none-eabi" in done.stdout, done.stderr


def test_both_a_port_and_the_emulator(kit):
    message, _ = kit.refused("deploy", "digits", "--board", "mps2-an386", "--emulate", "--port", "x", status=2)
    assert "--emulate" in message and "--port" in message


def test_no_board_is_attached(kit):
    message, hint = kit.refused("deploy", "digits", "--board", "mps2-an386", status=3)
    assert "mps2-an386" in message and "--emulate" in hint and "--port" in hint


def test_monitor_names_an_option_that_it_has(kit):
    for board in ("mps2-an386", "host"):
        message, hint = kit.refused("monitor", "--board", board, status=3)
        assert board in message and "--port" in hint and "--emulate" in hint
    assert "--emulate" in kit("monitor", "--help").stdout


def test_an_absent_port_is_refused_before_any_work(kit):
    message, _ = kit.refused("deploy", "digits", "--board", "esp32", "--port", "/dev/ttyNONE", status=3)
    assert "/dev/ttyNONE" in message
    assert not list(kit.cwd.glob("**/firmware*"))


def test_a_port_that_is_absent(kit):
    message, _ = kit.refused("monitor", "--board", "mps2-an386", "--port", "/dev/ttyNONE", status=3)
    assert "/dev/ttyNONE" in message


def test_a_port_that_is_no_serial_port(kit):
    (kit.cwd / "port").write_text("")
    message, _ = kit.refused("monitor", "--board", "mps2-an386", "--port", str(kit.cwd / "port"), status=4)
    assert "port" in message


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [("| true", 0, ""), (">/dev/full", 3, "No space left"), (">&-", 0, ""), (">/dev/full 2>&-", 3, "")],
)
def test_stdout_that_takes_nothing(tmp_path, options, redirection, status, said):
    """A reader that has gone is content; a full disk is told; never a traceback."""
    line = f"set -o pipefail; {shlex.join(command('boards', *options))} {redirection}"
    done = subprocess.run(["bash", "-c", line], env=environment(), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert said in done.stderr and done.stderr.count("\n") == 2 * bool(said)


@pytest.mark.parametrize("redirection", [">/dev/full", "> >(true)", ">&-"])
def test_stderr_that_takes_nothing(kit, redirection):
    """What is said beside the result may be lost: the work is done all the same, and the exit status tells of it."""
    (kit.cwd / "model.tflite").write_bytes(random_network(1))
    for arguments, status in ((["nonsense"], 2), (["compile", "model.tflite", "--out", "c"], 0)):
        line = f"{shlex.join(command(*arguments))} 2{redirection}"
        done = subprocess.run(["bash", "-c", line], env=environment(), cwd=kit.cwd, capture_output=True, text=True)
        assert done.returncode == status, done.stdout
    assert (kit.cwd / "c" / "model.c").is_file() and "model: C for" in done.stdout


@pytest.mark.parametrize("arguments", [["list"], ["boards"]])
def test_a_terminal_without_unicode(kit, arguments):
    done = kit(*arguments, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii:strict")
    assert done.returncode == 0 and done.stdout.isascii(), done.stderr


def test_a_device_is_no_model(kit):
    (kit.cwd / "endless.tflite").symlink_to("/dev/zero")
    message, _ = kit.refused("compile", "endless.tflite", "--out", "x", status=2, timeout=100)
    assert message == "endless.tflite: no file"


def test_a_name_that_is_not_utf8(kit):
    path = kit.cwd / os.fsdecode(b"\xff.tflite")
    done = kit("compile", path.name, "--out", "x")
    assert done.returncode == 2 and "No such file" in done.stderr
    path.write_bytes(random_network(1))
    for options in ((), ("--json",)):
        done = kit("compile", path.name, "--out", "x", *options)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_write_protected_disk_is_no_fault(monkeypatch, capsys, number):
    """Wherever it is met: what no room catches itself ends here."""
    from toolchain.cli import list as module

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/mnt/model.tflite")

    monkeypatch.setattr(module, "_values", full)
    assert run(["list"]) == 3
    said = capsys.readouterr().err
    assert f"error: /mnt/model.tflite cannot be written: {os.strerror(number)}" in said and "hint:" in said


@pytest.mark.parametrize(
    ("number", "status"),
    [(errno.EACCES, 3), (errno.EIO, 3), (errno.EMFILE, 3), (errno.ENAMETOOLONG, 2), (errno.EISDIR, 2)],
)
def test_what_the_system_refuses_is_no_fault(monkeypatch, capsys, number, status):
    from toolchain.cli import list as module

    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/mnt/model.tflite")

    monkeypatch.setattr(module, "_values", refused)
    assert run(["list"]) == status
    assert f"error: /mnt/model.tflite: {os.strerror(number)}\n" in capsys.readouterr().err


def test_a_name_longer_than_the_system_takes(kit):
    message, _ = kit.refused("compile", "a" * 300 + ".tflite", "--out", "x", status=2)
    assert message.endswith("File name too long") and "\n" not in message


def test_too_little_memory_is_no_fault(monkeypatch, capsys):
    from toolchain.cli import list as module

    def refused(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "_values", refused)
    assert run(["list"]) == 3
    assert "error: there is not enough memory\nhint:" in capsys.readouterr().err


def test_a_result_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    from toolchain.cli.options import write_file
    from toolchain.errors import BadInput

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(BadInput, match="No space left"):
        write_file(tmp_path / "new" / "folder" / "report.json", "{}  ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("when", ["rich_click", "toolchain.kit"])
def test_ctrl_c_while_modules_load_is_one_line(tmp_path, when, sent):
    """A module that is imported early stands for the moment; the second Ctrl-C comes while the first is dealt with."""
    code = (
        "import builtins, os, signal, sys; real = builtins.__import__; seen = []\n"
        "def watching(name, *rest, **more):\n"
        f"    if name == {when!r} and not seen:\n"
        f"        seen.append(name); os.kill(os.getpid(), signal.{sent})\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = watching; sys.argv = ['kit', 'list']; import atexit\n"
        f"atexit.register(os.kill, os.getpid(), signal.{sent})\n"
        "from toolchain.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "error: interrupted")


def test_an_impatient_second_ctrl_c_does_not_stop_the_putting_away(monkeypatch, capsys):
    from toolchain.cli import list as module

    put_away = []

    def interrupted(*_: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            put_away.append(True)

    monkeypatch.setattr(module, "_values", interrupted)
    assert run(["list"]) == 130 and put_away == [True]
    assert capsys.readouterr().err.strip() == "error: interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
