# `make help` lists the targets. The environment is created by whichever target runs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
DATA ?= $(or $(CRYPTO_DATA_DIR),data)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-postgres setup-spark refresh live rebuild dashboard check doctor docs \
    site restore-state save-state test \
    campaign lint format bench sources lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.installed ## Install the pinned requirements into .venv

setup-postgres: $(VENV)/.installed-postgres ## The same, plus what --target postgres needs

setup-spark: $(VENV)/.installed-spark ## The same, plus what --target spark needs

refresh: $(VENV)/.installed ## Load what is new, build, check and publish (simulated market)
	@$(BIN)/python scripts/refresh.py $(ARGS)

live: $(VENV)/.installed ## The same on CoinGecko; key and plan from .env, data in data/live
	@$(BIN)/python scripts/refresh.py --source live --data-dir $(DATA)/live $(ARGS)

rebuild: $(VENV)/.installed ## Rebuild the warehouse from landing
	@$(BIN)/python scripts/rebuild.py $(ARGS)

dashboard: $(VENV)/.installed ## Serve the published snapshot to a browser, on localhost:8501
	@$(BIN)/python -m streamlit_app $(ARGS)

check: $(VENV)/.installed ## Run both quality gates, and verify the published snapshots
	@$(BIN)/python scripts/check.py $(ARGS)

doctor: $(VENV)/.installed ## Report the state of the data folder and what to do; changes nothing
	@$(BIN)/python scripts/doctor.py $(ARGS)

docs: $(VENV)/.installed ## Write one static page of the models with their lineage
	@$(BIN)/python scripts/docs.py $(ARGS)

site: $(VENV)/.installed ## Build what the scheduled refresh serves: docs, quality docs, published data
	@$(BIN)/python scripts/docs.py --site site $(ARGS)

restore-state: $(VENV)/.installed ## Restore data/live from a release of the repository (needs gh)
	@$(BIN)/python scripts/state.py restore --data-dir $(DATA)/live $(ARGS)

save-state: $(VENV)/.installed ## Save data/live, with checksums, as assets of that release
	@$(BIN)/python scripts/state.py save --data-dir $(DATA)/live $(ARGS)

test: $(VENV)/.installed-dev ## Run the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

campaign: $(VENV)/.installed-dev ## Run the fault tests at full scale (hours), write docs/reliability.md; ARGS="--only kills"
	@$(BIN)/python scripts/campaign.py $(ARGS)

lint: $(VENV)/.installed-dev ## Check Python, its types, and SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

format: $(VENV)/.installed-dev ## Format Python and SQL
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --processes 2 dbt_project/models dbt_project/tests

bench: $(VENV)/.installed ## Measure a first refresh, one half an hour later, one with nothing new
	@$(BIN)/python scripts/bench.py $(ARGS)

sources: $(VENV)/.installed ## Write what dbt knows of raw from what the sources declare
	@$(BIN)/python scripts/dbt_sources.py

lock: $(VENV)/.installed ## Pin what the requirements list, with hashes; ARGS=--upgrade (needs uv)
	@$(BIN)/python scripts/lock.py $(ARGS)

clean: ## Remove everything that was installed or generated, data included
	rm -rf $(VENV) data target site logs campaign

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo 'Python 3.11 or newer is needed; name one with PYTHON=...'; exit 2; }
ifeq ($(UV),)
	@$(PYTHON) -m venv $(VENV)
else
	@$(UV) venv --quiet --python $(PYTHON) $(VENV)
endif

# Without compiled byte code, the first imports would take twice as long.
define install
	@echo 'Installing $(1) ...'
	@$(if $(UV),$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) --require-hashes -r $(1)
endef

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.installed-%: requirements-%.lock $(VENV)/.installed
	$(call install,requirements-$*.lock)
	@touch $@
