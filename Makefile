# make serve   install what is missing, fetch the weights, start the server
# make test    lint, types, import contracts, and every test
# Both work from nothing and are quick the second time.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: serve test check unit weights integration browser bench clean

serve: $(VENV)/.ready
	$(BIN)/avatar models pull
	$(BIN)/avatar serve

test: check unit integration browser

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.ready-dev
	$(BIN)/pytest --numprocesses auto --dist loadfile tests/unit tests/property

weights: $(VENV)/.ready-dev
	$(BIN)/avatar models pull
	$(BIN)/avatar models pull qwen2.5-coder-0.5b

integration: weights
	$(BIN)/pytest tests/integration

browser: weights
	$(BIN)/pytest tests/browser

bench: $(VENV)/.ready
	$(BIN)/avatar bench reply --json artifacts/bench-reply.json

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --editable .
	touch $@

$(VENV)/.ready-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) artifacts build dist
