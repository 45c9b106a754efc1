# Every target works in a fresh clone with Python and make: it first makes its own virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

ENGINES ?= $(CURDIR)/.engines

.PHONY: demo test test-all test-prism test-flink test-spark test-azure test-airflow check docs lock format bench clean

# What the program needs to run.
$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(PIP) install --editable .
	touch $@

# The rest: tests, linters, optional extras.
$(VENV)/.development: $(VENV)/.runtime
	$(PIP) install --editable '.[dev]'
	touch $@

demo: $(VENV)/.runtime  ## translate the sample records, on simulated hosts if no Ollama answers
	$(BIN)/python examples/demo.py

test: $(VENV)/.development  ## run the tests, without those marked slow
	$(BIN)/python -m pytest -n auto -m 'not slow'

test-all: $(VENV)/.development  ## run all tests
	$(BIN)/python -m pytest -n auto

test-prism test-flink test-spark: test-%: $(VENV)/.development  ## install a real engine and run its tests; needs go, Flink and Spark also java and mvn
	tests/runners/engines/install.sh $* $(ENGINES)
	TRANSLATE_TEST_ENGINES=$(ENGINES) $(BIN)/python -m pytest -m engines -k $* tests/runners

test-azure: $(VENV)/.development  ## install Azure's emulator, and run the tests of object stores on it; needs npm
	tests/runners/engines/install.sh azurite $(ENGINES)
	$(PIP) install adlfs
	TRANSLATE_TEST_ENGINES=$(ENGINES) $(BIN)/python -m pytest -m engines tests/pipeline/test_object_store.py

test-airflow: $(VENV)/.development  ## install Airflow into an environment of its own, and run the example DAG in it
	$(PYTHON) -m venv $(ENGINES)/airflow
	PIP_CONSTRAINT= $(ENGINES)/airflow/bin/python -m pip install --quiet 'apache-airflow==3.3.2' apache-airflow-providers-standard
	TRANSLATE_TEST_AIRFLOW=$(ENGINES)/airflow $(BIN)/python -m pytest -m engines tests/schedulers

check: $(VENV)/.development  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.development  ## write docs/options.md from the option tables, and the pictures of the panel
	$(BIN)/python docs/write_options.py
	$(BIN)/python docs/write_panel.py

lock: $(VENV)/.development  ## pin the current versions of all dependencies in constraints.txt
	$(PIP) install uv
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.10 --extra dev --upgrade \
		--no-annotate --custom-compile-command 'make lock' --output-file constraints.txt pyproject.toml

format: $(VENV)/.development  ## let ruff fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.development  ## the short benchmarks of docs/benchmarks.md
	$(BIN)/python -m benchmarks.spread
	$(BIN)/python -m benchmarks.checks
	$(BIN)/python -m benchmarks.memory_store
	$(BIN)/python -m benchmarks.noop
	$(BIN)/python -m benchmarks.memory

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo_output
