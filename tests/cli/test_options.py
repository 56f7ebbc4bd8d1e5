"""Options that several commands share."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner

from toolchain.board.descriptor import load_board
from toolchain.cli.options import command, setup_options
from toolchain.cli.output import Output
from toolchain.connection import Setup
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("words", "setup"),
    [
        ("-b esp32", Setup(load_board("esp32"))),
        ("-b esp32 --emulate --optimize ram", Setup(load_board("esp32"), emulated=True, optimize="ram")),
        ("-b esp32 -p /dev/x --compiler gcc", Setup(load_board("esp32"), port="/dev/x", compiler="gcc")),
        ("", None),
    ],
)
def test_the_options_of_a_board_are_one_value(words: str, setup: Setup | None) -> None:
    got = []

    @command()
    @setup_options("emulated", "port", "compiler", "optimize", required=False)
    def entry(output: Output, setup: Setup | None) -> None:
        got.append(setup)

    done = CliRunner().invoke(entry, words, obj=Output(io.StringIO(), False), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert got == [setup]


def test_a_command_takes_only_the_options_it_names() -> None:
    @command()
    @setup_options("port")
    def entry(output: Output, setup: Setup) -> None:
        raise AssertionError

    assert "--emulate" in CliRunner().invoke(entry, "-b esp32 --emulate", obj=Output(io.StringIO(), False)).output


def test_where_a_setup_is() -> None:
    host = load_board("host")
    located = Setup(host).located()
    assert located.emulated and located.located() == located
    with pytest.raises(BadInput, match="exclude each other"):
        Setup(host, emulated=True, port="/dev/x").located()
    with pytest.raises(BadInput, match="no emulator runs it"):
        Setup(load_board("nano33ble"), emulated=True).located()
