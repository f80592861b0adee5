# The habits of the house. `make demo` and `make test` are all that a newcomer needs.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSUMER := .venv-consumer
PIP := -m pip --quiet --disable-pip-version-check
export DO_NOT_TRACK := 1
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help demo examples test check bench docs lock clean

help:
	@echo "make demo    makes .venv, a small made-up region, and the whole job on it (about five minutes)"
	@echo "make examples the same, and the report on CMS's DE-SynPUF if its data are there (DESYNPUF=folder; about ten minutes)"
	@echo "make test    makes .venv with the test extras and runs every test (about three quarters of an hour)"
	@echo "make check   lint, types and the direction of imports (about a minute)"
	@echo "make bench   every benchmark, into benchmarks/latest.json (about fifteen minutes)"
	@echo "make docs    writes docs/rules.md, docs/features.md, docs/checks.md, configs/study.schema.json and the comments in configs/*.yaml from the code"
	@echo "make lock    resolves the pinned versions anew"

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("hfrisk needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Making .venv from requirements.lock (one to three minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) install --require-hashes -r requirements.lock
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-test: requirements-test.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("hfrisk needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Making .venv with the test extras from requirements-test.lock (two to four minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) install --require-hashes -r requirements-test.lock
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.ready

$(CONSUMER)/.ready: requirements-consumer.lock
	@echo "Making .venv-consumer, which has mlflow, lightgbm, pandas and numpy but not hfrisk (one to two minutes) ..."
	@$(PYTHON) -m venv $(CONSUMER)
	@$(CONSUMER)/bin/python $(PIP) install --require-hashes -r requirements-consumer.lock
	@touch $@

demo: $(VENV)/.ready
	@echo "Doing the whole job on a made-up region of 10,000 index discharges (two to four minutes the first time) ..."
	@$(BIN)/hfrisk demo

examples: $(VENV)/.ready
	@echo "Making two example reports: a made-up region, and DE-SynPUF where its data are there (some minutes each) ..."
	@$(BIN)/hfrisk demo --examples $(if $(DESYNPUF),--desynpuf $(DESYNPUF))

test: $(VENV)/.ready-test $(CONSUMER)/.ready
	@sh tests/system_packages.sh
	@echo "Running every test, two files side by side (about three quarters of an hour) ..."
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.ready-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.ready-test
	@$(BIN)/python benchmarks/run.py

docs: $(VENV)/.ready-test
	@$(BIN)/python -m tests.spec.rulebook
	@$(BIN)/python -c 'import yaml; from pathlib import Path; from hfrisk.template import schema_text, study_text; Path("configs/study.schema.json").write_text(schema_text(), encoding="utf-8"); [path.write_text(study_text(yaml.safe_load(path.read_text(encoding="utf-8"))), encoding="utf-8") for path in Path("configs").glob("*.yaml")]'

lock:
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras \
		pyproject.toml requirements-build.in -o requirements-test.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements-test.lock pyproject.toml requirements-build.in -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock requirements-consumer.in -o requirements-consumer.lock

clean:
	@rm -rf $(VENV) $(CONSUMER) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
