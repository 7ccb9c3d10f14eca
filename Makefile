# Countinghouse: `make` says what there is.

HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
DEMO ?= 1
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(name) -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print("$(name)")' 2>/dev/null)))

VENV := .venv
BIN := $(VENV)/bin
COUNTINGHOUSE := $(BIN)/countinghouse
RUNTIME := $(VENV)/.runtime
TOOLS := $(VENV)/.tools
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TYPED := app.py config.py worker.py server database models domain analytics operations outbound blueprints bench
TESTS ?=
TWICE ?=
REPEATS := .pytest_cache/repeats.json
CALLS ?= 5000

.DEFAULT_GOAL := help
.PHONY: help run dev test test-fast test-clock fuzz lint bench lock services

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Settings of run: HOST=$(HOST) PORT=$(PORT) WORKERS=$(WORKERS) DEMO=$(DEMO) (0 starts empty)"

run: $(RUNTIME)  ## install, migrate, demo data if the database is empty, server and background worker
	@exec $(COUNTINGHOUSE) serve --host $(HOST) --port $(PORT) --workers $(WORKERS) $(if $(filter 0,$(DEMO)),--upgrade,--demo)

dev: $(RUNTIME)  ## the same data with a server that reloads when the code changes
	@$(COUNTINGHOUSE) db upgrade
	@exec $(BIN)/flask --app app --debug run --host $(HOST) --port $(PORT)

test: $(TOOLS)  ## the suite on SQLite, then on PostgreSQL what differs there (TWICE=1: all of it); TESTS=path for a part
	@$(BIN)/python .ci/services.py report
	@$(BIN)/python -m pytest -rs --find-repeats=$(REPEATS) $(TESTS)
	@url=$$($(BIN)/python .ci/services.py url 2>/dev/null) || exit 0; \
	  echo "The suite again, on PostgreSQL:"; \
	  COUNTINGHOUSE_TEST_DATABASE_URL="$$url" $(BIN)/python -m pytest -rs $(if $(TWICE),,--leave-repeats=$(REPEATS)) $(TESTS) || { status=$$?; \
	    test -n "$(TESTS)" -a $$status = 5 || exit $$status; echo "No test of this part runs on PostgreSQL."; }

test-fast: $(TOOLS)  ## what is quick and needs no process, file or browser, on SQLite, two cases of each test: a minute or so
	@$(BIN)/python -m pytest --few -m "not files and not browser and not slow" $(TESTS)

test-clock: $(TOOLS)  ## the suite at the end of a month, in the nights of clock changes, on 29 February; TESTS=path
	@for at in 2027-01-31T23:58Z 2027-03-28T00:58Z 2027-10-31T00:58Z 2028-02-29T12:00Z; do \
	  echo "The suite at $$at, in Berlin:"; \
	  TZ=Europe/Berlin $(BIN)/python -m pytest --at $$at $(TESTS) || exit 1; \
	done

fuzz: $(TOOLS)  ## thousands of calls made from the OpenAPI documents, on both databases; CALLS=5000 for each
	@export COUNTINGHOUSE_TEST_CALLS=$(CALLS); run="$(BIN)/python -m pytest -s -n 0 tests/api/test_generated.py"; \
	  $$run || exit 1; \
	  url=$$($(BIN)/python .ci/services.py url 2>/dev/null) || exit 0; \
	  echo "The same on PostgreSQL:"; COUNTINGHOUSE_TEST_DATABASE_URL="$$url" $$run

lint: $(TOOLS)  ## ruff, mypy, djlint, htmx 2 idioms
	$(BIN)/ruff check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python tests/htmx/upgrade_check.py templates

bench: $(TOOLS)  ## what things cost, side by side in one run
	@$(BIN)/python -m bench

lock: $(TOOLS)  ## compile requirements.in and requirements-dev.in into exact versions with hashes
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links requirements.in
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links requirements-dev.in

services: $(TOOLS)  ## start PostgreSQL and Redis on this machine where none answer
	@$(BIN)/python .ci/services.py start

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements.txt ..."
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps -e .
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@
