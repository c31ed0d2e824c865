# Everything a newcomer, a developer and CI need; each line of `make help` is one verb.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lab bench docs lock clean
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 4
# Where it is set, every test process and every `xavatar` that a test starts would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-7s %s\n", $$1, $$2}'

setup: ## make .venv with everything for development; quick when nothing changed
	@scripts/setup $(VENV) "$(PYTHON)"

demo: setup ## audit the embedded sandbox server and write reports/verona.html
	@mkdir -p reports
	@$(BIN)/xavatar audit --sandbox verona --fail-on never --out reports/verona.html
	@echo "The report is reports/verona.html"

check: setup ## lint, types, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry xavatar

test: setup ## check, then every test, on real servers and a real browser (installed where we may)
	@scripts/system-packages
	@$(MAKE) --no-print-directory check
	XAVATAR_HYPOTHESIS=thorough $(BIN)/pytest tests -n $(WORKERS) --timeout 180

lab: setup ## JupyterLab on copies of the lessons, in xavatar-lessons/
	$(BIN)/xavatar lab

bench: setup ## measure beside peers: rosters on real servers, images, widgets; writes the files in benchmarks/
	@scripts/system-packages
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.images
	$(BIN)/python -m benchmarks.gallery

docs: ## build the documentation into docs/_build
	@scripts/setup $(VENV) "" dev docs
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build
	$(BIN)/python scripts/dead-links docs/_build

lock: ## resolve constraints.txt anew (needs uv)
	@{ echo "# Exact versions of everything the development environment holds, for CPython 3.11 to 3.13. Made by: make lock"; \
	  uv pip compile --universal --python-version 3.11 --upgrade --no-header --no-annotate --quiet \
	    --all-extras --group dev --group docs pyproject.toml; } > constraints.new && mv constraints.new constraints.txt

clean: ## remove the environment and what tests and builds leave
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .import_linter_cache .hypothesis reports docs/_build build dist
