# Every target works in a fresh clone: it makes its own virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format bench clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/.installed  ## translate the sample records, on stand-in hosts if no Ollama answers
	$(BIN)/python examples/demo.py

test: $(VENV)/.installed  ## run the tests
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed  ## lint, format check and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed  ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed  ## the figures of the README; see benchmarks/README.md
	$(BIN)/python -m benchmarks.spread
	$(BIN)/python -m benchmarks.checks
	$(BIN)/python -m benchmarks.memory_store
	$(BIN)/python -m benchmarks.noop
	$(BIN)/python -m benchmarks.memory

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo_output
