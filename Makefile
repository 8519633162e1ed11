# Everything a person needs: `make run` to see it, `make test` to check it. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run test test-full lint bench lock browser sandbox redteam

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
REDTEAM := .venv-redteam/.installed
ROOT_ON_DEBIAN := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null
APT := export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends

# One installer at a time: two targets may be started side by side.
ONE_AT_A_TIME := $$(command -v flock >/dev/null && echo flock Makefile)
COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --upgrade pyproject.toml

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DEV) browser sandbox ## install what run, test and lint need

run: $(RUN) sandbox ## bring the whole marketplace up here and print its address
	@exec $(BIN)/python manage.py up

# Three on two cores: the worker with the browser waits a good part of its time.
test: setup ## every room and every journey, at most five minutes
	@exec $(BIN)/python -m pytest -n 3 -m "not full"

test-full: setup ## the large sizes and long runs beside make test, at most thirty minutes
	@$(MAKE) --no-print-directory $(REDTEAM) || echo "Without these libraries the long part of the red team is skipped; its short part always runs."
	@exec $(BIN)/python -m pytest -n 2 -m full

# mypy's Django plugin loads the settings, which refuse to load with no value set outside debug.
lint: $(DEV) ## style, types, import directions, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DEBUG=1 $(BIN)/mypy .
	$(BIN)/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: $(DEV) ## measure what the documents promise, as ratios
	@exec $(BIN)/python benchmarks/run.py

lock: $(DEV) ## renew the hashed requirements from pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	$(COMPILE) -o requirements/prod.txt
	$(COMPILE) --extra s3 -c requirements/prod.txt -o requirements/s3.txt
	$(COMPILE) --extra saml -c requirements/prod.txt -o requirements/saml.txt
	$(COMPILE) --extra probe -c requirements/prod.txt -o requirements/probe.txt
	$(COMPILE) --group local -c requirements/prod.txt -o requirements/run.txt
	$(COMPILE) --group local --group test --group lint -c requirements/prod.txt -c requirements/run.txt -c requirements/s3.txt -c requirements/saml.txt -c requirements/probe.txt -o requirements/dev.txt
	$(filter-out pyproject.toml,$(COMPILE)) --group redteam -o requirements/redteam.txt

# The packages for development contain those for running, so whoever has them needs no second installation.
$(RUN): requirements/run.txt
	@if [ $(DEV) -nt requirements/dev.txt ] && [ $(DEV) -nt requirements/run.txt ]; then touch $@; \
	else $(ONE_AT_A_TIME) bin/install requirements/run.txt && touch $@; fi

$(DEV): requirements/dev.txt
	@$(ONE_AT_A_TIME) bin/install requirements/dev.txt
	@touch $@

# Model files are read in it; where it cannot be had, the kernel's Landlock takes its place, and `manage.py doctor` says so.
sandbox:
	@command -v bwrap >/dev/null \
	|| { $(ROOT_ON_DEBIAN) && echo "Installing bubblewrap, in which model files are read …" && { $(APT) bubblewrap; } >/dev/null; } \
	|| echo "bubblewrap is not installed here; Landlock is used where the kernel has it."

# Real torch, Keras and friends, away from everything else: some 1.4 GB.
$(REDTEAM): requirements/redteam.txt bin/redteam
	@bin/redteam requirements/redteam.txt && touch $@

redteam: $(DEV) $(REDTEAM) ## make good and hostile models with their own libraries, and judge them
	@exec $(BIN)/python -m pytest -n 0 tests/redteam

browser: $(DEV)
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || command -v google-chrome >/dev/null \
	|| { $(ROOT_ON_DEBIAN) && echo "Installing Chromium for the browser tests …" && { $(APT) chromium; }; } \
	|| { echo "Fetching Chromium for the browser tests …" && $(BIN)/playwright install chromium; }
