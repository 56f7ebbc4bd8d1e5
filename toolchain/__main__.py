"""`python -m toolchain` is `kit`."""

from toolchain.cli import main

main()
