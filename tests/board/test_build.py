"""Builds: the same bytes from anywhere, only what changed, whole or not at all, errors in words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from bare import hello

from toolchain.board import objects
from toolchain.board.backtrace import Symbols
from toolchain.board.build import Identity, build_program, identity_header
from toolchain.board.compilers import all_compilers, find_compiler
from toolchain.board.descriptor import Board, load_board
from toolchain.board.staging import Source, Stage
from toolchain.errors import BadInput, KitError
from toolchain.resources import resource

pytestmark = pytest.mark.unit

BOARDS = ["mps2-an386", "esp32", "esp32c3"]


def need(*boards: str) -> Iterable[Board]:
    for name in boards:
        board = load_board(name)
        if not all_compilers(board):
            pytest.skip(f"no compiler for {name} is installed")
        yield board


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_the_same_bytes_come_out_twice_and_elsewhere(name: str, tmp_path: Path) -> None:
    (board,) = need(name)
    first = build_program(board, hello(), tmp_path / "a")
    second = build_program(board, hello(), tmp_path / "a folder of another name" / "b")
    assert first.elf.read_bytes() == second.elf.read_bytes()
    assert first.build_id == second.build_id
    assert str(tmp_path).encode() not in first.elf.read_bytes(), "a path of this machine is in the image"


@pytest.mark.parametrize(("name", "lines"), [("mps2-an386", True), ("esp32c3", True), ("esp32", False)])
def test_a_backtrace_of_our_own_firmware_has_lines_except_on_xtensa(name: str, lines: bool, tmp_path: Path) -> None:
    (board,) = need(name)
    symbols = Symbols(build_program(board, hello(), tmp_path).elf)
    start = next(address for address, _, function in symbols._functions if function == "main")
    (said,) = symbols.explain(f"panic: fault at 0x{start:08x}")
    assert said.startswith(f"0x{start:08x}: main + 0x0") and ("(main.c:" in said) == lines


@pytest.mark.slow
def test_zig_gives_the_same_bytes_twice_and_elsewhere(tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    zig = [c for c in all_compilers(board) if c.family == "zig"]
    if not zig:
        pytest.skip("ziglang is not installed")
    first = build_program(board, hello(), tmp_path / "a", compiler=zig[0])
    second = build_program(board, hello(), tmp_path / "elsewhere" / "b", compiler=zig[0])
    assert first.elf.read_bytes() == second.elf.read_bytes()
    assert str(tmp_path).encode() not in first.elf.read_bytes()


def test_only_what_changed_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (board,) = need("mps2-an386")
    ran: list[str] = []
    run = objects.Processes.run

    def counted(self: objects.Processes, command: list[str]) -> None:
        ran.append(command[command.index("-c") + 1] if "-c" in command else "link")
        run(self, command)

    monkeypatch.setattr(objects.Processes, "run", counted)
    used = Source("app/value.h", "#define VALUE 1\n")
    user = Source("app/user.c", '#include "value.h"\nint user(void);\nint user(void) { return VALUE; }\n')
    build_program(board, [*hello(), used, user], tmp_path)
    assert "app/user.c" in ran and "link" in ran
    ran.clear()
    build_program(board, [*hello(), used, user], tmp_path)
    assert ran == []
    changed = Source("app/value.h", "#define VALUE 2\n")
    build_program(board, [*hello(), changed, user], tmp_path)
    assert ran == ["app/user.c", "link"]
    ran.clear()
    build_program(board, [*hello(), used, user], tmp_path)
    assert ran == ["link"], "the old object is still there"


@pytest.mark.slow
def test_a_define_or_the_baud_rebuilds(tmp_path: Path) -> None:
    (board,) = need("mps2-an386")
    ids = {
        build_program(board, hello(), tmp_path).build_id,
        build_program(board, hello(), tmp_path, defines={"EXTRA": 1}).build_id,
        build_program(board.model_copy(update={"baud": 9600}), hello(), tmp_path).build_id,
        build_program(board.as_emulated(), hello(), tmp_path).build_id,
    }
    assert len(ids) == 4


def test_a_compiler_error_is_its_first_line(tmp_path: Path) -> None:
    (board,) = need("mps2-an386")
    with pytest.raises(KitError, match=r"app/main\.c:1:\d+: error: .*nonsense"):
        build_program(board, [Source("app/main.c", "nonsense x;\nmore nonsense;\n")], tmp_path)
    with pytest.raises(KitError, match=r"undefined reference to .nobody"):
        build_program(
            board, [Source("app/main.c", "void nobody(void); int main(void) { nobody(); return 0; }\n")], tmp_path
        )
    leftover = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.name in ("obj", tmp_path.name)]
    assert not [p for p in leftover if p.name.startswith(".")], "temporary files stay behind"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mps2-an386", "esp32"])
def test_an_overflow_says_bytes_needed_and_there(name: str, tmp_path: Path) -> None:
    (board,) = need(name)
    for compiler in all_compilers(board):
        text = "static volatile char big[5000000]; int main(void) { return big[1]; }\n"
        with pytest.raises(BadInput, match=rf"does not fit {name}: D?RAM has [\d,]+ bytes, 5,0[\d,]+ are needed"):
            build_program(board, [Source("app/main.c", text)], tmp_path / compiler.family, compiler=compiler)


def test_an_interrupted_build_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (board,) = need("mps2-an386")

    def interrupted(self: objects.Processes, command: list[str]) -> None:
        (tmp_path / "obj" / Path(command[-1]).name).write_text("half an object")
        raise KeyboardInterrupt

    monkeypatch.setattr(objects.Processes, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_program(board, hello(), tmp_path)
    assert list((tmp_path / "obj").iterdir()) == []
    monkeypatch.undo()
    assert build_program(board, hello(), tmp_path).elf.exists()


@pytest.mark.parametrize("name", ["obj/app.main-*.o", "program.elf", "program.map"])
def test_what_was_cut_short_since_is_made_anew(tmp_path: Path, name: str) -> None:
    (board,) = need("mps2-an386")
    whole = build_program(board, hello(), tmp_path).elf.read_bytes()
    (damaged,) = tmp_path.glob(name)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert build_program(board, hello(), tmp_path).elf.read_bytes() == whole
    assert damaged.stat().st_size > 100


def test_what_is_no_longer_part_of_the_program_is_not_found(tmp_path: Path) -> None:
    Stage(tmp_path, {"app/old.h": b"", "app/a.c": b""}).write()
    Stage(tmp_path, {"app/a.c": b"int a;\n"}).write()
    assert sorted(p.name for p in (tmp_path / "src" / "app").iterdir()) == ["a.c"]


def test_an_include_is_found_as_the_compiler_finds_it(tmp_path: Path) -> None:
    texts = {
        "app/a.c": b'#include "b.h"\n  #  include <x.h>\n#include "../lib/d.h"\n#include "gone.h"\n',
        "app/b.h": b'#include "c.h"\n',
        "lib/b.h": b"",
        "lib/c.h": b'#include "b.h"\n',
        "lib/d.h": b"",
        "lib/x.h": b"",
    }
    found = Stage(tmp_path, texts).closure("app/a.c")
    assert sorted(found) == ["app/a.c", "app/b.h", "lib/b.h", "lib/c.h", "lib/d.h", "lib/x.h"]


def test_labels_of_any_text_are_c_strings(tmp_path: Path) -> None:
    board = load_board("host")
    labels = ('say "hi"', "naïve", "back\\slash", "??/", "tab\t1")
    header = identity_header(board, Identity("kit", "0" * 64, labels), "1" * 64)
    main = "int main(void) { for (int i = 0; i < KIT_LABEL_COUNT; i++) puts(kit_labels[i]); }\n"
    text = f"{header}#include <stdio.h>\n{main}"
    (tmp_path / "t.c").write_text(text)
    if shutil.which("cc") is None:
        pytest.skip("no host compiler")
    folder = f"-I{resource('firmware_templates') / 'nn'}"
    subprocess.run(["cc", "-std=c11", folder, "-o", tmp_path / "t", tmp_path / "t.c"], check=True)
    said = subprocess.run([tmp_path / "t"], capture_output=True, check=True).stdout.decode()
    assert tuple(said.splitlines()) == labels


def test_a_compiler_that_makes_nothing_is_named(tmp_path: Path) -> None:
    (board,) = need("mps2-an386")
    idle = find_compiler(board, "/bin/true")
    with pytest.raises(KitError, match="/bin/true made no object of"):
        build_program(board, hello(), tmp_path, compiler=idle)
