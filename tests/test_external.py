"""Programs of others that are broken: found on PATH, but no help."""

from __future__ import annotations

import errno
import os
import sys
import textwrap
from pathlib import Path

import pytest

from toolchain.board.compilers import probe_version
from toolchain.emulate.qemu import qemu_version
from toolchain.errors import KitError, Missing
from toolchain.external import ask_program, run_program

pytestmark = pytest.mark.unit

BROKEN = {"no program": "hello\n", "its interpreter is not here": "#!/nonexistent/sh\n"}
NO_TEXT = r"#!/bin/sh" + "\n" + r"printf '\377\376 4.2\n'; printf '\200\n' >&2; exit 3" + "\n"


def program(folder: Path, text: str) -> str:
    path = folder / "tool"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_program_that_cannot_be_run_is_told(tmp_path, text):
    path = program(tmp_path, text)
    for run in (lambda: ask_program([path]), lambda: run_program([path], print), lambda: qemu_version(Path(path))):
        with pytest.raises(Missing, match="tool cannot be run: ") as refused:
            run()
        assert refused.value.hint == "install it again"
    assert probe_version((path,)) == ""


def test_what_is_no_text_is_replaced(tmp_path):
    path, lines = program(tmp_path, NO_TEXT), []
    done = ask_program([path])
    assert (done.returncode, done.stdout, done.stderr) == (3, "\ufffd\ufffd 4.2\n", "\ufffd\n")
    assert run_program([path], lines.append) == 3 and lines == ["\ufffd\ufffd 4.2", "\ufffd"]
    with pytest.raises(Missing, match="does not say its version"):
        qemu_version(Path(path))
    assert probe_version((program(tmp_path, NO_TEXT.replace("exit 3", "exit 0")),)) == "\ufffd\ufffd 4.2"


def test_too_many_open_files_are_not_the_programs_fault(tmp_path, monkeypatch):
    def none_left(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("subprocess.Popen", none_left)
    for run in (lambda: ask_program(["true"]), lambda: run_program(["true"], print)):
        with pytest.raises(OSError, match="Too many open files"):
            run()


def test_so_few_open_files_that_an_emulator_gets_none():
    code = """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
        from toolchain.emulate.base import inheritable
        try:
            inheritable(0)
        except OSError as error:
            print(error.strerror)
    """
    done = ask_program([sys.executable, "-c", textwrap.dedent(code)])
    assert (done.stdout, done.returncode) == (os.strerror(errno.EMFILE) + "\n", 0), done.stderr


def test_a_program_that_hangs_is_ended(tmp_path):
    with pytest.raises(KitError, match=r"tool has not ended after 0.2 s"):
        ask_program([program(tmp_path, "#!/bin/sh\nexec sleep 60\n")], 0.2)
