# Two commands do everything; each sets itself up in .venv:
#   make demo   the whole product on a sample portal, with no account (installing needs the network)
#   make test   the tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint types layers build bench soak clean

demo: $(VENV)/.ready
	$(BIN)/cjm-sync demo $(ARGS)

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

layers: $(VENV)/.ready
	$(BIN)/lint-imports

build: $(VENV)/.ready
	$(BIN)/python -m build --outdir dist .

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/sync.py
	$(BIN)/python benchmarks/pull.py --no-peers --contacts 10000 --activities 50000

soak: $(VENV)/.ready
	CJM_SYNC_SOAK=1 $(BIN)/python -m pytest -n auto tests/simulation tests/laws --timeout 3600 $(ARGS)

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cjm-sync needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev --editable .
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
