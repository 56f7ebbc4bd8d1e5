"""Sizes: whose bytes are whose, in the maps of both linkers; what does not fit is refused before it is built."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from toolchain.board.application import FrontEndFiles
from toolchain.board.build import build_program
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import load_board
from toolchain.board.size import Piece, check_fits, measure, part_of, place_constants, read_map
from toolchain.board.staging import Source
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit

GNU = """\
Discarded input sections

 .text.gone     0x00000000       0x58 ../obj/chips.common.string-aa.o

Linker script and memory map

LOAD ../obj/app.main-bb.o

.text           0x00000100       0x20
 *(.text .text.*)
 .text.main     0x00000100       0x10 ../obj/app.main-bb.o
                0x00000100                main
 .text.a_very_long_name
                0x00000110        0xe ../obj/model.kit_conv_s8-cc.o
 *fill*         0x0000011e        0x2 
 .text.muldi3   0x00000120        0x8 /usr/lib/gcc/x/libgcc.a(_muldi3.o)

.bss            0x20000000        0x4
 COMMON         0x20000000        0x4 ../obj/link.kit_link-dd.o

.comment        0x00000000       0x26
 .comment       0x00000000       0x26 ../obj/app.main-bb.o
"""

LLD = """\
             VMA              LMA     Size Align Out     In      Symbol
             100              100       20     4 .text
             100              100       10     4         ../obj/app.main-bb.o:(.text.main)
             100              100        0     1                 main
             110              110        e     2         ../obj/model.kit_conv_s8-cc.o:(.text.a)
             120              120        8     2         ../obj/compiler_rt-ee.a(rt.o):(.text.m)
        20000000         20000000        4     4 .bss
        20000000         20000000        4     4         ../obj/link.kit_link-dd.o:(.bss.x)
"""


@pytest.mark.parametrize("text", [GNU, LLD])
def test_both_linkers_maps_are_read(text: str) -> None:
    pieces = [p for p in read_map(text) if p.section in (".text", ".bss")]
    assert [(p.section, p.address, p.size, part_of(p.object)) for p in pieces] == [
        (".text", 0x100, 0x10, "app"),
        (".text", 0x110, 0xE, "kernels"),
        (".text", 0x120, 0x8, "library"),
        (".bss", 0x20000000, 0x4, "link"),
    ]
    assert all(isinstance(p, Piece) for p in pieces)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mps2-an386", "esp32", "esp32c3"])
def test_every_byte_is_somebodys(name: str, tmp_path: Path) -> None:
    board = load_board(name)
    compilers = all_compilers(board)
    if not compilers:
        pytest.skip(f"no compiler for {name} is installed")
    arena = 40_000
    model = "extern const char weights[10000]; const char weights[10000] = {1, 2, 3};\n"
    kernel = "extern const char weights[]; int kit_x(int i); int kit_x(int i) { return weights[i]; }\n"
    main = (
        '#include "chip.h"\nint kit_x(int i);\nstatic volatile char arena[40000];\n'
        "int main(void) { chip_init(); arena[kit_x(arena[0])] = 1; for (;;) chip_wait(); }\n"
    )
    sources = [Source("model/model.c", model), Source("model/kit_x.c", kernel), Source("app/main.c", main)]
    for compiler in compilers:
        program = build_program(board, sources, tmp_path / compiler.family, compiler=compiler)
        sizes = measure(program.elf, program.map, board, 10_000, arena)
        assert sum(sizes.parts.values()) == sizes.image_bytes
        assert sizes.parts["model"] == 10_000
        assert 4 <= sizes.parts["kernels"] < 100
        assert 20 <= sizes.parts["app"] < 200
        assert sizes.parts["link"] == 0
        assert 0 <= sizes.parts["library"] < 1000
        assert sizes.flash_bytes == sizes.image_bytes - sizes.parts["chip"]
        in_ram = 10_000 if board.bytes_of("flash") == 0 else 0
        assert in_ram < sizes.static_ram_bytes < in_ram + 1000


def model(weights: int, arena: int) -> Any:
    def step(index: int, tensors: list[int], constants: int) -> SimpleNamespace:
        inputs = tuple(SimpleNamespace(bytes=n, data=None) for n in tensors[:-1])
        name = f"model_1/functional_1/re_lu_{index}/Relu;model_1/functional_1/batch_normalization_{index}/batchnorm/add"
        output = SimpleNamespace(bytes=tensors[-1], data=None, name=name)
        constant = SimpleNamespace(bytes=constants, data=b"")
        operator = SimpleNamespace(index=index, kind="CONV_2D", inputs=(*inputs, constant), output=output)
        return SimpleNamespace(operator=operator, inputs=inputs, outputs=(output,), scratch_bytes=0)

    layers = (step(0, [arena // 4, arena // 2], weights // 10), step(1, [arena // 2, 8], weights - weights // 10))
    return SimpleNamespace(graph=SimpleNamespace(name="m"), weights_bytes=weights, arena_bytes=arena, layers=layers)


def test_a_model_that_fits_is_not_refused() -> None:
    check_fits(load_board("mps2-an386"), cast(Any, model(300_000, 50_000)))
    check_fits(load_board("host"), cast(Any, model(10**9, 10**9)))


@pytest.mark.parametrize(
    ("board", "weights", "arena", "message", "hint"),
    [
        (
            "mps2-an386",
            5_000_000,
            1000,
            r"weights need 5,000,000 bytes of flash, 4,194,304 are there; layer 1 \(CONV_2D, re_lu_1/Relu\) has",
            "size",
        ),
        ("mps2-an386", 1000, 8_000_000, r"arena and stack need 8,004,096 bytes of RAM, .* layer 0 ", "ram"),
        ("hifive1", 1000, 20_000, r"arena and stack need 22,048 bytes of RAM, 16,384 are there", "ram"),
        ("esp32", 3_700_000, 1000, r"weights need 3,700,000 bytes of flash, 3,670,016 are there", "size"),
    ],
)
def test_what_does_not_fit_is_refused_with_layer_bytes_and_remedy(
    board: str, weights: int, arena: int, message: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=message) as error:
        check_fits(load_board(board), model(weights, arena))
    assert board in error.value.message
    assert f"--optimize {hint}" in error.value.hint


def test_what_only_the_emulator_has_no_room_for_says_so() -> None:
    board = load_board("xiao-esp32s3")
    check_fits(board, model(5_000_000, 1000))
    message = "5,000,000 bytes of flash, 4,194,304 are there in its emulator, fewer than on the board; layer 1"
    with pytest.raises(BadInput, match=message):
        check_fits(board.as_emulated(), model(5_000_000, 1000))
    with pytest.raises(BadInput, match=r"8,000,000 bytes of flash, 7,864,320 are there; layer 1"):
        check_fits(board, model(8_000_000, 1000))


def test_a_front_end_is_counted() -> None:
    sound = FrontEndFiles({}, ram_bytes=7000, flash_bytes=9000)
    check_fits(load_board("hifive1"), model(1000, 7000), sound)
    message = r"arena, stack and memory of the front end \(9,000 bytes\) need 19,048 bytes of RAM, 16,384 are there"
    with pytest.raises(BadInput, match=message) as error:
        check_fits(load_board("hifive1"), model(1000, 8000), FrontEndFiles({}, ram_bytes=9000, flash_bytes=9000))
    assert "[signal]" in error.value.hint
    message = r"weights and tables of the front end \(200,000 bytes\) need 4,300,000 bytes of flash"
    with pytest.raises(BadInput, match=message):
        check_fits(load_board("mps2-an386"), model(4_100_000, 1000), FrontEndFiles({}, 10, flash_bytes=200_000))
    esp32 = load_board("esp32")
    assert place_constants(esp32, cast(Any, model(150_000, 20_000)), FrontEndFiles({}, 99, 99)).mapped is None
    assert place_constants(esp32, cast(Any, model(150_000, 20_000)), FrontEndFiles({}, 10**5, 10**5)).mapped


def test_constants_go_to_mapped_flash_when_ram_has_no_room() -> None:
    board = load_board("esp32")
    assert place_constants(board, cast(Any, model(150_000, 20_000))).mapped is None
    assert place_constants(board, cast(Any, model(150_000, 60_000))) == board
    ordinary = load_board("hifive1")
    assert place_constants(ordinary, cast(Any, model(1000, 1000))) == ordinary
