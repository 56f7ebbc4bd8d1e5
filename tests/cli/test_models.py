"""The commands that take a `.tflite`: compile, compare, bench."""

from __future__ import annotations

import subprocess

import pytest

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_compile_writes_the_same_c_twice_and_it_builds(kit, digits_model):
    said = kit.json("compile", str(digits_model), "--target", "cortex-m4", "--out", "c")
    folder = kit.cwd / "c"
    assert {"model.c", "model.h", "model_data.h", "report.json", "arena.svg"} <= {
        path.name for path in folder.iterdir()
    }
    assert said["target"] == "cortex-m4" and said["arena_bytes"] >= said["arena_bound_bytes"] > 0
    texts = {path.name: path.read_bytes() for path in folder.iterdir()}
    kit.json("compile", "digits", "--target", "cortex-m4", "--out", "c")
    assert {path.name: path.read_bytes() for path in folder.iterdir()}.keys() == texts.keys()
    again = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("kit_")}
    assert all(texts[name] == text for name, text in again.items())
    for path in folder.glob("*.c"):
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-c", path, "-o", "/dev/null"], check=True)


def test_two_prefixes_link_into_one_program(kit, digits_model):
    for prefix in ("first", "second"):
        kit.json("compile", str(digits_model), "--out", "c", "--prefix", prefix)
    (kit.cwd / "c" / "main.c").write_text(
        '#include "first.h"\n#include "second.h"\n'
        "int main(void) { return first_init(0, 0) == second_init(0, 0) ? 0 : 1; }\n"
    )
    sources = sorted((kit.cwd / "c").glob("*.c"))
    subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", *sources, "-o", kit.cwd / "both"], check=True)
    subprocess.run([kit.cwd / "both"], check=True)
    kit.refused("compile", str(digits_model), "--out", "d", "--prefix", "2nd", status=2)
    assert not (kit.cwd / "d").exists()


def test_an_unknown_target_is_refused_before_anything_is_written(kit, digits_model):
    message, hint = kit.refused("compile", str(digits_model), "--target", "cortex-m5", "--out", "c", status=2)
    assert "cortex-m5" in message and "cortex-m55" in hint
    assert not (kit.cwd / "c").exists()


def test_a_float_model_is_refused(kit, digits_model):
    path = digits_model.with_name("model_float.tflite")
    message, hint = kit.refused("compile", str(path), "--out", "c", status=2)
    assert "float" in message and hint and not (kit.cwd / "c").exists()


def test_a_truncated_model_is_refused(kit, digits_model):
    (kit.cwd / "half.tflite").write_bytes(digits_model.read_bytes()[:7000])
    message, _ = kit.refused("compile", "half.tflite", "--out", "c", status=2)
    assert "half" in message and not (kit.cwd / "c").exists()


@pytest.mark.parametrize("where", [("--target", "cortex-m4"), ("--board", "mps2-an386")])
def test_compare_is_exact_in_every_layer(kit, digits_model, where):
    said = kit.json("compare", str(digits_model), "--inputs", "12", "--seed", "3", "--layers", *where)
    assert said["inputs"] == 12 and said["outputs"] == 120 and said["tensors"] >= 5
    assert said["mismatches"] == said["max_abs_diff"] == 0 and said["first_difference"] is None
    assert ("CRC-32" in said["compared"]) == ("--board" in where)


def test_compare_and_bench_take_the_name_of_a_kit(kit, digits_model):
    said = kit.json("compare", "digits", "--inputs", "4")
    assert said["inputs"] == 4 and said["mismatches"] == 0
    by_name, by_file = (kit.json("bench", name, "--board", "host") for name in ("digits", str(digits_model)))
    assert by_name["model"] == "digits" and by_name["model_sha256"] == by_file["model_sha256"]
    message, hint = kit.refused("bench", "no-such-kit", "--board", "host", status=2)
    assert "no-such-kit" in message and hint


def test_bench_counts_instructions_that_repeat(kit, digits_model):
    first, second = (kit.json("bench", str(digits_model), "--board", "mps2-an386") for _ in range(2))
    assert first["instructions"] > 10_000
    assert abs(first["instructions"] - second["instructions"]) <= 4 * 40  # ticks of the board's counter
    assert first["stack_bytes"] == second["stack_bytes"]  # no interrupt came in between
    assert sum(layer["instructions"] for layer in first["layers"]) <= first["instructions"] * 1.02
    for key in ("flash_bytes", "weights_bytes", "arena_bytes", "static_ram_bytes", "stack_bytes"):
        assert first[key] > 0
    assert sum(layer["macs"] for layer in first["layers"]) == first["macs"] > 0
