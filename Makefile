# make demo | test | check | setup | bench | kits | conformance | fuzz | lock | format | clean
SHELL := /bin/bash
BIN := .venv/bin
C_FILES = $(shell git ls-files 'firmware_templates/*.[ch]' 'tests/*.[ch]' 'tests/*.[ch]pp' 'toolchain/*.c')
PYTEST = $(BIN)/pytest -q

.PHONY: help setup demo test check lint format bench kits conformance fuzz lock clean

help:
	@echo "make demo         set up, then train a model and run it on an emulated ESP32"
	@echo "make test         set up, then lint and every test but the long ones and those for real boards"
	@echo "make check        lint and the fast unit tests, within a minute"
	@echo "make setup        compilers, emulators and .venv"
	@echo "make bench        the README's table: our code and TFLM on an emulated Cortex-M4"
	@echo "make kits         every kit trained in full and proved on emulated boards: the README's table of kits"
	@echo "make conformance  1,000 generated models an operator against TFLM"
	@echo "make fuzz         20,000 damaged model files"
	@echo "make lock         requirements.lock anew from pyproject.toml"

# Set-up happens once: a stamp is made when it went through, and anew when what it was made from changes.
setup: build/.system .venv/.python

build/.system: .ci/setup
	@.ci/setup system
	@touch $@

.venv/.python: requirements.lock pyproject.toml .ci/setup | build/.system
	@.ci/setup python
	@touch $@

# On a terminal the answers stream until Ctrl-C; in a script a few of them are enough.
demo: setup
	@if [ -t 1 ]; then $(BIN)/kit deploy digits --board esp32 --emulate; \
	else $(BIN)/kit deploy digits --board esp32 --emulate --answers 10; fi

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@clang-format --dry-run -Werror $(C_FILES)
	@$(BIN)/python .ci/readme.py --check

format: setup
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@clang-format -i $(C_FILES)
	@$(BIN)/python .ci/readme.py

# Two at a time; then, alone, those that hold a limit of wall time.
test: lint
	$(PYTEST) -n 2 --dist worksteal -m "not long and not hardware and not timed"
	$(PYTEST) -m "timed and not hardware"

check: lint
	$(PYTEST) -n 2 --dist worksteal -m "unit and not slow and not timed"

bench: setup
	@$(BIN)/python -m benchmarks.table

kits: setup
	@$(BIN)/python -m benchmarks.kits

conformance: setup
	KIT_CASES=1000 $(PYTEST) -n 2 --dist worksteal tests/conformance

fuzz: setup
	KIT_MUTATIONS=20000 $(PYTEST) -m long tests/model
	$(PYTEST) -n 2 --hypothesis-profile new -m "unit and not timed"

lock:
	@.ci/lock

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache
