"""What every exported project has, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streaming

from tests.export.projects import BOARDS, IDENTITY, compiled
from toolchain.board.build import Identity, firmware_sources
from toolchain.board.descriptor import list_boards, load_board
from toolchain.board.staging import Source
from toolchain.cli.export import entry
from toolchain.errors import BadInput
from toolchain.export import Sdk, check_target, export_project, list_sdks, load_sdk, project
from toolchain.export.project import project_name
from toolchain.pipeline import front_end_files
from toolchain.tomlfile import load_toml

pytestmark = pytest.mark.unit


def test_every_sdk_is_here_and_tested() -> None:
    assert list_sdks() == sorted(BOARDS) == ["arduino", "cmake", "esp-idf", "mbed", "platformio", "zephyr"]


@pytest.mark.parametrize("sdk", sorted(BOARDS))
def test_the_sources_are_those_of_our_own_firmware(export, sdk: str) -> None:
    made = export(sdk)
    texts = {path.name: path.read_text() for path in made.folder.rglob("*") if path.suffix in (".c", ".h")}
    for source in firmware_sources(compiled(load_board(made.board).target)):
        name = source.path.rpartition("/")[2]
        if name != "model_data.h":
            assert texts[name] == source.text, name
    assert '#define KIT_NAME "My Model-3"' in texts["kit_identity.h"]
    assert sorted(made.files) == sorted(
        p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*") if p.is_file()
    )


@pytest.mark.parametrize("sdk", sorted(BOARDS))
def test_sources_of_a_further_room_are_built_too(export, sdk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = [Source("signal/kit_extra.c", "int kit_extra;\n"), Source("signal/kit_extra.h", "extern int kit_extra;\n")]
    monkeypatch.setattr(project, "firmware_sources", lambda model, around: [*firmware_sources(model, around), *extra])
    made = export(sdk)
    (source,) = made.folder.rglob("kit_extra.c")
    assert (source.parent / "kit_link.c").is_file() and (source.parent / "kit_extra.h").is_file()
    lists = [p.read_text() for p in made.folder.rglob("CMakeLists.txt")]
    assert sum("kit_extra.c" in text for text in lists) == (0 if sdk in ("arduino", "platformio") else 1)


@pytest.mark.parametrize("sdk", sorted(BOARDS))
def test_a_front_end_comes_along(tmp_path: Path, sdk: str) -> None:
    board = load_board(BOARDS[sdk])
    made_for = streaming.compiled("audio", board.target)
    front_end = front_end_files(streaming.SETTINGS["audio"], made_for)
    made = project.export_project(made_for, Identity("audio", "ab" * 32), board, sdk, tmp_path / "made", front_end)
    texts = {Path(name).name: (made.folder / name).read_text() for name in made.files if name.endswith((".c", ".h"))}
    assert texts.items() >= front_end.files.items()
    assert "#define KIT_APP_SIGNAL 1" in texts["kit_identity.h"]
    lists = [(made.folder / name).read_text() for name in made.files if name.endswith("CMakeLists.txt")]
    assert sum("kit_signal_config.c" in text for text in lists) == (0 if sdk in ("arduino", "platformio") else 1)


def test_an_sdk_must_place_every_room(tmp_path: Path) -> None:
    (tmp_path / "sdk.toml").write_text('title = "X"\nsteps = ["make"]\n[places]\nmodel = "m"\nlink = "l"\n')
    with pytest.raises(BadInput, match="says no place for app, chips"):
        load_toml(tmp_path / "sdk.toml", Sdk)


def test_the_commands_help_names_every_sdk() -> None:
    (option,) = [p for p in entry.params if p.name == "sdk"]
    assert all(name in option.help for name in list_sdks())


@pytest.mark.parametrize("sdk", sorted(BOARDS))
def test_no_template_is_left_unrendered(export, sdk: str) -> None:
    made = export(sdk)
    for name in made.files:
        assert not name.endswith(".j2")
        if not name.endswith(".zip"):
            text = (made.folder / name).read_text()
            assert not re.search(r"\{%|\{\{ |Undefined", text), name
    assert made.steps and not any("{" in step for step in made.steps)
    readme = next(made.folder / name for name in made.files if name.endswith("README.md")).read_text()
    for words in ("My Model-3", 'zero "0", one, two', *made.steps):
        assert words in readme


@pytest.mark.parametrize("sdk", sorted(BOARDS))
def test_equal_exports_are_equal_byte_for_byte(tmp_path: Path, sdk: str) -> None:
    board = load_board(BOARDS[sdk])
    one, two = (export_project(compiled(board.target), IDENTITY, board, sdk, tmp_path / n) for n in "ab")
    assert one.files == two.files
    assert all((one.folder / name).read_bytes() == (two.folder / name).read_bytes() for name in one.files)


def test_every_board_that_names_an_sdk_can_be_exported_to_it(tmp_path: Path) -> None:
    count = 0
    for board in list_boards():
        for sdk in board.sdk:
            check_target(sdk, board, tmp_path / "new")  # raises when a setting is missing
            assert set(board.sdk[sdk]) <= {*load_sdk(sdk).needs, "console", "build_flags"}, f"{board.name}: {sdk}"
            count += 1
    assert count >= 10


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    board = load_board("esp32")
    with pytest.raises(BadInput, match="is not empty"):
        export_project(compiled(board.target), IDENTITY, board, "esp-idf", tmp_path / "out")
    with pytest.raises(BadInput, match="is no folder"):
        export_project(compiled(board.target), IDENTITY, board, "esp-idf", tmp_path / "out" / "mine.txt")
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine.txt"]
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_an_empty_folder_and_one_to_make_are_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    board = load_board("host")
    for name in ("empty", "a/b/new"):
        made = export_project(compiled(board.target), IDENTITY, board, "cmake", tmp_path / name)
        assert (tmp_path / name / "CMakeLists.txt").is_file() and len(made.files) > 10
    assert not [p for p in tmp_path.rglob(".*")], "no temporary folder is left"


def test_the_current_folder_stays_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    export_project(compiled("generic"), IDENTITY, load_board("host"), "cmake", Path("."))
    assert Path("CMakeLists.txt").is_file() and Path("model/model.c").is_file()


def test_nothing_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "model.c":
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    board = load_board("host")
    with pytest.raises(BadInput, match="No space left"):
        export_project(compiled(board.target), IDENTITY, board, "cmake", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_unknown_sdks_and_boards_that_an_sdk_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load_sdk("esp-idv")
    assert "esp-idf" in refused.value.hint
    with pytest.raises(BadInput, match="mps2-an386 does not say what ESP-IDF calls it \\(target\\)") as refused:
        check_target("esp-idf", load_board("mps2-an386"), tmp_path)
    assert "esp32, esp32c3" in refused.value.hint and "[sdk.esp-idf]" in refused.value.hint


def test_an_arena_beyond_the_boards_ram_is_refused(tmp_path: Path) -> None:
    board = load_board("esp32")
    small = board.model_copy(
        update={"memory": tuple(r.model_copy(update={"size": 64, "reserved": 0}) for r in board.memory)}
    )
    with pytest.raises(BadInput, match=r"arena takes .* has 64 B of RAM"):
        export_project(compiled(board.target), IDENTITY, small, "arduino", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("digits", "kit_digits"),
        ("kit_digits", "kit_digits"),
        ("My Model-3", "kit_my_model_3"),
        ("Ünï!", "kit_n"),
        ("???", "kit_model"),
        ("person_detection_96x96", "kit_person_detec"),
        ("aaaaaaaaaaa_bbb", "kit_aaaaaaaaaaa"),
    ],
)
def test_a_name_that_every_sdk_takes(model: str, name: str) -> None:
    assert project_name(model) == name and re.fullmatch(r"kit_[a-z0-9_]{0,11}[a-z0-9]", name)


def test_a_model_without_labels_is_exported_too(export) -> None:
    made = export("arduino", labels=())
    sketch = (made.folder / "kit_my_model_3/examples/Infer/Infer.ino").read_text()
    assert "kit_labels" not in sketch and "Serial.print(i)" in sketch


def test_strange_names_stay_inside_the_texts(tmp_path: Path) -> None:
    identity = Identity('x"; */ <b>\n[y]', "cd" * 32, ("a*/", "{{ b }}", "%s"))
    board = load_board("esp32")
    made = export_project(compiled(board.target), identity, board, "zephyr", tmp_path / "zephyr")
    assert made.name == "kit_x_b_y"
    assert 'bool "Model x b y"\n' in (made.folder / "Kconfig").read_text()
    header = (made.folder / "sample/src/kit_identity.h").read_text()
    assert '"{{ b }}"' in header and '#define KIT_NAME "x\\042; */ <b>\\012[y]"' in header


@pytest.mark.parametrize("sdk", ["arduino", "platformio"])
def test_constants_in_program_memory_are_refused_where_glue_is_cpp(tmp_path: Path, sdk: str) -> None:
    with pytest.raises(BadInput, match=r"is made for arduino-uno: its constants lie in program memory") as error:
        check_target(sdk, load_board("arduino-uno"), tmp_path / "out")
    assert "kit deploy --board arduino-uno" in error.value.hint


def test_the_console_is_on_the_same_pins_as_in_our_own_firmware(tmp_path: Path) -> None:
    """PlatformIO's variant of the netduino has Serial on PA0 and PA1 unless it is told."""
    board = load_board("netduinoplus2")
    export_project(compiled(board.target), IDENTITY, board, "platformio", tmp_path / "out")
    assert "board = netduino2plus\n" in (text := (tmp_path / "out/platformio.ini").read_text())
    assert "\nbuild_flags = -D SERIAL_UART_INSTANCE=2 -D PIN_SERIAL_TX=PA2 -D PIN_SERIAL_RX=PA3\n" in text
