# One command each; each says what it does and may be run twice. Everything lands in .venv and in the user's
# cache folder (`mlcluster twin build` fills the latter ahead of time).
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ENV ?= dev

.PHONY: help up down test fast examples lint verify scan bench docs lock format clean
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@echo "==> Python environment in $(VENV), from requirements.lock"
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("mlcluster needs Python 3.11 or newer; set PYTHON=python3.x")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

up: $(STAMP) ## spin the dev environment up on the twin (no cloud account needed)
	@echo "==> mlcluster up $(ENV) --twin"
	@$(BIN)/mlcluster up $(ENV) --twin --yes

down: $(STAMP) ## tear it down again and prove that nothing is left
	@echo "==> mlcluster down $(ENV) --twin"
	@$(BIN)/mlcluster down $(ENV) --twin --yes

lint: $(STAMP) ## format, style, types and the downhill rule
	@echo "==> ruff format, ruff check, mypy --strict, import-linter"
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache 2>&1 | tail -n 12; exit $${PIPESTATUS[0]}

fast: $(STAMP) ## the tests that need no engine
	@echo "==> fast tests"
	@$(BIN)/pytest -q -n 2 -m "not engine and not example"

test: fast ## the whole suite: fast tests, then those on the real engine, then the examples
	@echo "==> tests on the real engine (built once, kept in the user's cache folder)"
	@$(BIN)/mlcluster twin build
	@$(BIN)/pytest -q -n 2 --dist loadfile -m engine
	@$(MAKE) --no-print-directory examples

examples: $(STAMP) ## run the examples for real: Spark and a Kafka broker, fetched once
	@echo "==> examples/events-to-lake: Spark and Kafka, kept in the user's cache folder"
	@$(BIN)/python examples/events-to-lake/local.py || echo "==> not set up: its tests are skipped, and say so"
	@$(BIN)/pytest -q -m example

scan: $(STAMP) ## what security scanners say of what the environments declare
	@echo "==> checkov and kube-score, kept in the user's cache folder"
	@$(BIN)/python -m operations.scan

verify: lint fast ## what every commit passes

bench: $(STAMP) ## measure speed and size; writes docs/benchmarks.md
	@echo "==> measuring; docs/benchmarks.md is written anew"
	@$(BIN)/python -m operations.bench

docs: $(STAMP) ## write the generated reference pages
	@echo "==> docs/reference and the JSON schemas are written anew"
	@$(BIN)/python -m operations.reference

format: $(STAMP) ## put the code in shape
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

lock: $(STAMP) ## resolve the dependencies anew
	@echo "==> requirements.lock is resolved anew"
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --extra dev --constraint tools/pulumi/constraints.txt -o requirements.lock pyproject.toml

clean: ## forget the Python environment (caches and twins stay)
	@echo "==> removing $(VENV)"
	@rm -rf $(VENV)
