"""Kits that hear, feel and see, made of digits' kit.toml."""

from __future__ import annotations

from pathlib import Path

from toolchain.kit import Kit, load_kit
from toolchain.resources import resource

DIGITS = (resource("kits") / "digits" / "kit.toml").read_text()
RATE = 16_000
TABLES = {
    "sound": 'shape = [16000]\ndtype = "int16"\n[signal]\ntype = "audio"\nstride_ms = 500.0',
    "motion": 'shape = [8, 3]\ndtype = "int16"\n[signal]\ntype = "motion"\naxes = 3\nwindow = 8\nhop = 4\n'
    'features = "raw"',
    "camera": 'shape = [6, 8, 2]\ndtype = "uint8"\n[signal]\ntype = "image"\nsource = [6, 8]\nsize = [4, 4]\n'
    'format = "rgb565"',
    "axes": 'shape = [4, 3]\ndtype = "float32"',
}


def kit_of(folder: Path, kind: str, more: str = "") -> Kit:
    """Digits with the tables of ``kind``, and ``more`` at its end."""
    if kind == "digits":
        text = DIGITS
    else:
        before, _, rest = DIGITS.partition("[input]")
        text = f"{before}[input]\n{TABLES[kind]}\n[model]{rest.partition('[model]')[2]}"
    (folder / "kit.toml").write_text(f"{text}\n{more}")
    (folder / "model.py").write_text("")
    return load_kit(folder)
