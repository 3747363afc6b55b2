# `make help` lists what there is. The environment makes itself, whichever target comes first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
DATA ?= $(or $(CRYPTO_DATA_DIR),data)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-postgres setup-spark refresh live rebuild dashboard check docs site test \
    lint format bench lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.installed ## Install the pinned requirements into .venv

setup-postgres: $(VENV)/.installed-postgres ## The same and what --target postgres needs

setup-spark: $(VENV)/.installed-spark ## The same and what --target spark needs

refresh: $(VENV)/.installed ## Take up what is new, build, check and publish (simulated market)
	@$(BIN)/python scripts/refresh.py $(ARGS)

live: $(VENV)/.installed ## The same with CoinGecko; key and plan from .env, kept in data/live
	@$(BIN)/python scripts/refresh.py --source live --data-dir $(DATA)/live $(ARGS)

rebuild: $(VENV)/.installed ## Remake the warehouse from landing
	@$(BIN)/python scripts/rebuild.py $(ARGS)

dashboard: $(VENV)/.installed ## Look at the published snapshot in a browser, on localhost:8501
	@$(BIN)/python -m streamlit_app $(ARGS)

check: $(VENV)/.installed ## Run both quality gates over the warehouse as it is
	@$(BIN)/python scripts/check.py $(ARGS)

docs: $(VENV)/.installed ## One static page of the models with their lineage
	@$(BIN)/python scripts/docs.py $(ARGS)

site: $(VENV)/.installed ## What the scheduled refresh serves: docs, quality docs, published data
	@$(BIN)/python scripts/docs.py --site site $(ARGS)

test: $(VENV)/.installed-dev ## Run the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.installed-dev ## Check Python and SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

format: $(VENV)/.installed-dev ## Put Python and SQL into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --processes 2 dbt_project/models dbt_project/tests

bench: $(VENV)/.installed ## Time and memory of a first refresh, one with news, one without
	@$(BIN)/python scripts/bench.py $(ARGS)

lock: $(VENV)/.installed-dev ## Pin every package beneath the requirements anew (needs uv)
	@grep -hv '^-' requirements*.txt > $(VENV)/direct.txt
	@echo '# Every package at the version the project was tested with. Made by `make lock`.' \
	    > constraints.txt
	@$(UV) pip compile -q --no-annotate --no-header --no-emit-index-url $(VENV)/direct.txt \
	    >> constraints.txt

clean: ## Remove everything that was installed or made, data included
	rm -rf $(VENV) data target site logs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo 'Python 3.11 or newer is needed; name one with PYTHON=...'; exit 2; }
ifeq ($(UV),)
	@$(PYTHON) -m venv $(VENV)
else
	@$(UV) venv --quiet --python $(PYTHON) $(VENV)
endif

# Without compiled byte code the first imports would take twice as long.
define install
	@echo 'Installing $(1) ...'
	@$(if $(UV),$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) -r $(1)
endef

$(VENV)/.installed: requirements.txt constraints.txt | $(VENV)/bin/python
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.installed-%: requirements-%.txt $(VENV)/.installed
	$(call install,requirements-$*.txt)
	@touch $@
