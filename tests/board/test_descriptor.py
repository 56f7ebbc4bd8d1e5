"""Board descriptors: those that ship are sound; a wrong one is refused with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board.descriptor import board_files, list_boards, load_board
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit

GOOD = """\
name = "mine"
title = "Mine"
chip = "cmsdk-mps2"
architecture = "arm"
target = "cortex-m4"

[[memory]]
name = "FLASH"
kind = "flash"
address = 0
size = 1024
reserved = 24

[[memory]]
name = "RAM"
kind = "ram"
address = 0x20000000
size = 512
"""


def write(folder: Path, text: str, name: str = "mine") -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_board_that_ships_loads() -> None:
    boards = list_boards(internal=True)
    assert {"host", "mps2-an386"} <= {board.name for board in boards}
    assert len(boards) == len(board_files())
    assert all(board.verified.hardware == "none" for board in boards), "nobody ran it on hardware yet"


def test_reserved_bytes_are_not_ours(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, GOOD))
    flash = board.memory[0]
    assert (flash.origin, flash.length) == (24, 1000)
    assert (board.bytes_of("flash"), board.bytes_of("ram")) == (1000, 512)


def test_a_board_in_the_current_folder_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boards").mkdir()
    write(tmp_path / "boards", GOOD)
    monkeypatch.chdir(tmp_path)
    assert load_board("mine").title == "Mine"
    assert "mine" in {board.name for board in list_boards()}


def test_a_broken_file_of_the_user_hides_no_other_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boards").mkdir()
    write(tmp_path / "boards", GOOD)
    write(tmp_path / "boards", GOOD.replace('kind = "ram"', 'kind = "rum"'), "broken")
    monkeypatch.chdir(tmp_path)
    broken: list[BadInput] = []
    assert {"mine", "esp32"} <= {board.name for board in list_boards(broken=broken)}
    assert [error.message.split(": ")[0] for error in broken] == ["boards/broken.toml:16"]
    with pytest.raises(BadInput, match=r"broken\.toml:16"):
        load_board("broken")


def test_a_copied_board_claims_no_verification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boards").mkdir()
    shipped = board_files()["esp32"].read_text()
    write(tmp_path / "boards", shipped.replace('name = "esp32"', 'name = "mine"'))
    monkeypatch.chdir(tmp_path)
    assert load_board("esp32").verified.emulated != "none"
    assert load_board("mine").verified.emulated == load_board("boards/mine.toml").verified.emulated == "none"


def test_flash_is_that_of_the_flash_chip_where_it_is_known() -> None:
    sizes = {name: load_board(name).flash_bytes for name in ("esp32", "esp32s3", "xiao-esp32s3", "nano33ble", "pico")}
    megabyte = 1 << 20
    assert sizes["esp32"] == 4 * megabyte and sizes["xiao-esp32s3"] == sizes["esp32s3"] == 8 * megabyte
    assert sizes["nano33ble"] == megabyte - 0x10000 and sizes["pico"] == 2 * megabyte


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'mps2-an386'"):
        load_board("mps2an386")
    with pytest.raises(BadInput, match="did you mean 'mps2-an385', 'mps2-an386' or 'mps2-an500'"):
        load_board("mps2")
    with pytest.raises(BadInput, match=r"there are: .*host") as error:
        load_board("qqqqqqq")
    assert "qemu" not in error.value.hint, "machines that only tests use"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'title = "Mine"',
            'title = "Mine"\ncolour = 1',
            r"mine\.toml:3: unknown key \"colour\".* takes architecture, .*chip",
        ),
        ('kind = "flash"', 'kind = "rom"', r"mine\.toml:9: memory\.0\.kind = 'rom'"),
        ("size = 512", 'size = 512\nspeed = "fast"', r"mine\.toml:19: unknown key \"speed\" in \[memory\.1\] .*size"),
        ("size = 512", 'size = "big"', r"mine\.toml:18: memory\.1\.size = 'big'"),
        ('target = "cortex-m4"', 'target = "z80"', r"mine\.toml:5: target = 'z80': no such target; there are generic"),
        ("cmsdk-mps2", "cmsdk", r"mine\.toml:3: chip: no chip is named 'cmsdk' .*did you mean 'cmsdk-mps2'"),
        ('chip = "cmsdk-mps2"\n', "", r"mine\.toml:1: key \"chip\" is missing"),
        ("reserved = 24", "reserved = 1024", r"memory FLASH: nothing is left"),
        ('kind = "ram"', 'kind = "flash"', r"at least one memory region of kind ram"),
        ('name = "RAM"', 'name = "FLASH"', r"two memory regions have the same name"),
        ('name = "mine"', 'name = "other"', r"mine\.toml:1: name: is 'other', but the file is named 'mine'"),
        ('title = "Mine"', 'title = "Mine', r"mine\.toml:2: not valid TOML"),
    ],
)
def test_a_wrong_descriptor_is_refused_where_it_is_wrong(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(BadInput, match=message):
        load_board(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.toml: cannot be read"):
        load_board(str(tmp_path / "nowhere.toml"))


def test_a_board_without_emulator_says_which_have_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no emulator runs it.*mps2-an386"):
        load_board(write(tmp_path, GOOD)).as_emulated()
