# Two commands matter: `make run` shows it working, `make test` proves it. Both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run compile test test-peers test-faults lint format bench secrets settings setup browser lock changelog clean help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

run: setup  ## the server with live sample traffic on http://127.0.0.1:8700
	@$(BIN)/python -m apitrail.compiling --if-possible
	$(BIN)/apitrail demo

compile: setup  ## the server's innermost modules as machine code (as root, with the compiler that it takes)
	@scripts/install-compiler $(BIN)/python
	$(BIN)/python -m apitrail.compiling

# tests/conftest.py says to how many processes files go, and in which order.
# The tests start hundreds of programs of ours. Where Python is told to keep no byte code (PYTHONDONTWRITEBYTECODE), each
# would translate the sources for itself.
test: setup browser  ## every test
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-faults: browser  ## kill the server, then hosts and server, 200 times, cut the power 100 times, break off upgrades, and recount; walk over 50 logs
	APITRAIL_WALKS=50 APITRAIL_FAULT_KILLS=200 APITRAIL_FAULT_CUTS=100 APITRAIL_FAULT_BREAKS=1000 $(BIN)/python -m pytest -s \
		tests/server/test_faults.py tests/server/test_faults_recorders.py tests/store/test_upgrades.py tests/store/test_walks.py \
		tests/server/test_boards_walk.py \
		tests/power/test_server.py tests/power/test_upgrade.py tests/power/test_backup.py

test-peers: setup  ## other people's tests with the recorder switched on, and the table of differences
	$(BIN)/python -m tests.peers $(NAMES)

lint: setup  ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## put the source into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

secrets: setup  ## the recorder's tables of secret names and personal data and their documents, from the profiles
	$(BIN)/python -m apitrail.profiles.secrets
	$(BIN)/python -m apitrail.recorder.secrets > docs/secrets.md.new
	mv docs/secrets.md.new docs/secrets.md
	$(BIN)/python -m apitrail.recorder.personal > docs/personal.md.new
	mv docs/personal.md.new docs/personal.md

settings: setup  ## docs/settings.md, from the server's settings
	$(BIN)/python -m apitrail.server.settings_text > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

bench: setup  ## every figure that the README quotes
	$(BIN)/python -m bench

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@scripts/install-locked $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

browser: setup
	@scripts/install-for-tests $(BIN)/python

lock:  ## pin every dependency anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --all-extras --group dev --upgrade -o requirements.lock pyproject.toml

changelog: setup  ## gather changelog.d into CHANGELOG.md, at a release, under the version in pyproject.toml
	$(BIN)/towncrier build --yes

clean:  ## remove what was made here
	rm -rf $(VENV) src/apitrail/__compiled__* .pytest_cache .mypy_cache .ruff_cache .hypothesis .demo
