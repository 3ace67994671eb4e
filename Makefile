# Needs make, Python 3.11 or newer and a package index; everything else is set up in .venv.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
CYPHER_STYLE := tests/cypher_style
CYPHER_STAMP := $(CYPHER_STYLE)/node_modules/.package-lock.json
PIP := $(VENV)/bin/pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint format bench docs browser schema lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

# PyTorch without its CUDA libraries lies in an index of its own: those on PyPI for Linux on x86 have them all.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
CUDA_PACKAGES := torch|torchvision|triton|cuda-|nvidia-

setup: $(STAMP) ## install egraph and its dependencies into .venv (6 GB, once; CPU=1: without CUDA)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'egraph needs Python 3.11 or newer; name one, for example: make PYTHON=python3.12 setup' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments; install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
ifdef CPU
	$(PIP) install --index-url $(TORCH_INDEX) numpy pillow \
	  $$(sed -nE 's/^(torch|torchvision)==([0-9.]+).*/\1==\2+cpu/p' requirements.lock)
	awk '/^[^ ]/ { skip = /^($(CUDA_PACKAGES))/ } !skip' requirements.lock > $(VENV)/without-cuda.lock
	$(PIP) install --no-deps --requirement $(VENV)/without-cuda.lock
else
	$(PIP) install --requirement requirements.lock
endif
	$(PIP) install --no-deps --editable .
	@touch $@

demo: setup ## mine, ask and report on generated photos, offline
	$(VENV)/bin/egraph demo

# Each process computes on one thread: more of them than processors would wait for each other.
TESTS := OMP_NUM_THREADS=1 $(VENV)/bin/pytest --numprocesses auto --dist loadscope

test: setup ## run the tests
	$(TESTS)

test-fast: setup ## run the quick tests, without databases and commands
	$(TESTS) -m "not slow" tests/unit

lint: setup $(CYPHER_STAMP) ## check style and types, of Cypher too (needs Node.js 20 or newer)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	PYTHONPATH=service:cli $(VENV)/bin/lint-imports --no-cache --no-logo
	node $(CYPHER_STYLE)/check.js

format: setup $(CYPHER_STAMP) ## format Python and Cypher
	$(VENV)/bin/ruff format
	node $(CYPHER_STYLE)/check.js --write
	$(MAKE) browser schema

$(CYPHER_STAMP): $(CYPHER_STYLE)/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || \
	  { echo 'checking Cypher needs Node.js 20 or newer with npm (https://nodejs.org; Debian: apt install nodejs npm)' >&2; exit 1; }
	npm --prefix $(CYPHER_STYLE) ci --no-audit --no-fund --loglevel=error
	@touch $@

bench: setup ## measure speed
	set -e; for script in tests/benchmarks/*_speed.py; do echo "$$script"; PYTHONPATH=tests $(VENV)/bin/python "$$script"; done

docs: setup ## make the page of the Python API, in build/docs
	$(VENV)/bin/sphinx-build -q -W --keep-going -b html docs/api build/docs
	@echo build/docs/index.html

browser: setup ## pack the questions for Neo4j Browser again
	$(VENV)/bin/python -c 'from egraph.graph import browser; browser.write()'

schema: setup ## write the README's tables of the graph again
	$(VENV)/bin/python -c 'from egraph.graph.schema import tables; tables.write()'

lock: setup ## pin the newest versions that pyproject.toml allows in requirements.lock
	$(PIP) install uv
	$(VENV)/bin/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --extra dev \
	  --prerelease=if-necessary-or-explicit --generate-hashes --no-header --no-annotate --output-file requirements.lock

clean: ## remove .venv, caches and builds
	rm -rf $(VENV) $(CYPHER_STYLE)/node_modules build dist demo-report .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
