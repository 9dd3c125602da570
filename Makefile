# Each target is one step; `make test` is what CI runs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: setup demo test check lint types arch unit fmt golden bench fuzz clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: setup
	$(BIN)/flowcore demo

test: lint types arch unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

arch: setup
	$(BIN)/lint-imports

unit: setup
	$(BIN)/python -m pytest

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: setup
	FLOWCORE_REWRITE_GOLDEN=1 $(BIN)/python -m pytest tests/golden

bench: setup
	$(BIN)/python -m benchmarks

# Coverage-guided, for SECONDS; needs atheris (the extra `fuzz`) and does nothing without it.
SECONDS ?= 60
fuzz: setup
	$(BIN)/python -m benchmarks.fuzz_compose $(SECONDS)

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
