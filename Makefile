# Joulegate: every task of the project. `make` alone prints what there is.
# Needs python3 (3.11 or later, with venv), git and make; all else is fetched, pinned, into
# .venv/ and build/, once: a stamp file says what is done.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VENV_STAMP := $(VENV)/.stamp
LIB_STAMP := build/micropython-lib/.stamp
PEERS_STAMP := build/peers/.stamp
MEASURE32_STAMP := build/measure32/.stamp
EMULATE_STAMP := build/emulate/.stamp
BROKERS_STAMP := build/brokers/.stamp
STUBS_STAMP := build/stubs/.stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help setup run test lint typecheck coverage bench bills sweep soak linkruns busload busfuzz mutants image frozen flash install emulate clean clean-all

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(VENV_STAMP) $(LIB_STAMP) $(PEERS_STAMP) $(MEASURE32_STAMP) $(EMULATE_STAMP) $(BROKERS_STAMP) $(STUBS_STAMP) ## Fetch everything pinned into .venv and build

run: setup ## Run the meter and its world on this computer
	$(BIN)/python -m tools.bench live

test: setup ## Run all tests, under CPython and MicroPython, except the long sweeps
	$(BIN)/python -m pytest tests

lint: $(VENV_STAMP) ## Check style, imports between layers, links, secrets
	$(BIN)/python -m ruff check .
	$(BIN)/python -m tools.lint

typecheck: $(VENV_STAMP) $(STUBS_STAMP) ## Check the types of the firmware and of the tools
	$(BIN)/python -m mypy --config-file tools/lint/mypy-firmware.ini
	$(BIN)/python -m mypy --config-file tools/lint/mypy-host.ini

coverage: setup ## Measure line coverage of the firmware under MicroPython
	$(BIN)/python -m tools.coverage

bench: setup ## Measure speed, memory and flash life
	$(BIN)/python -m tools.measure

bills: setup ## Run the long sweeps that make test leaves out
	$(BIN)/python -m pytest -m sweep tests

sweep: setup ## Cut the power at every step of every kind of write
	$(BIN)/python -m tools.sweep

soak: setup ## Let meters live for years and judge every step: SEED= YEARS= LIVES=
	$(BIN)/python -m tools.soak $(if $(SEED),--seed $(SEED)) $(if $(YEARS),--years $(YEARS)) \
		$(if $(LIVES),--lives $(LIVES))

linkruns: setup ## Break the link in every way that a seed chooses: SEED= RUNS=
	$(BIN)/python -m tools.linkrun $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS))

busload: setup ## Keep the RS485 bus of a meter busy for a minute, and count ticks and requests
	BUS_SECONDS=60 $(BIN)/python -m pytest -s -o addopts=--import-mode=importlib \
		tests/system/test_bus_load.py

busfuzz: setup ## Give a meter a million bad frames on its RS485 bus: BUS_SEED= BUS_FRAMES=
	$(BIN)/python -m pytest -s -o addopts=--import-mode=importlib -k million \
		tests/system/test_bus_fuzz.py

mutants: setup ## Plant faults and show which test catches each
	$(BIN)/python -m tools.mutants

image: setup ## Make the images of BOARD=; with MICROPYTHON=file, one file to flash
	$(BIN)/python -m tools.image build $(BOARD) $(if $(MICROPYTHON),--micropython "$(MICROPYTHON)") \
		$(if $(HEAP_FREE),--heap-free $(HEAP_FREE))

frozen: setup ## Build MicroPython with the firmware frozen: BOARD=, MICROPYTHON_DIR=, PROFILE=, ROMFS=1
	$(BIN)/python -m tools.image frozen $(BOARD) "$(MICROPYTHON_DIR)" --cmake-args="$(CMAKE_ARGS)" \
		$(if $(ROMFS),--romfs) $(if $(PROFILE),--profile $(PROFILE))

flash: setup ## Flash IMAGE= onto BOARD= and read it back: PORT= or DRIVE=
	$(BIN)/python -m tools.image flash $(BOARD) $(if $(PORT),--port "$(PORT)") \
		$(if $(DRIVE),--drive "$(DRIVE)") $(if $(IMAGE),--image "$(IMAGE)")

install: setup ## Copy the development files onto a board with official MicroPython: PORT=
	$(BIN)/python -m tools.meterctl $(if $(PORT),--port "$(PORT)") install \
		$(if $(BOARD),--board $(BOARD)) $(if $(HEAP_FREE),--heap-free $(HEAP_FREE))

.PHONY: docs
docs: setup ## Make the pages and pictures that come from code, and the site of docs/ in build/site
	$(BIN)/python -m tools.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

emulate: setup ## Run a scenario on an emulated RP2040: UF2= BOOTROM= LINK=1 STORE=1
	$(BIN)/python -m tools.emulate $(if $(UF2),--uf2 "$(UF2)") \
		$(if $(BOOTROM),--bootrom "$(BOOTROM)") $(if $(LINK),--link) $(if $(STORE),--store)

clean: ## Remove what was made, keep what was fetched
	rm -rf build/coverage build/site .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-all: clean ## Remove what was fetched, too
	rm -rf $(VENV) build

$(VENV_STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Joulegate's tools need Python 3.11 or later as $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --requirement requirements.txt
	@touch $@

$(LIB_STAMP): tools/setup/packages.py $(VENV_STAMP)
	$(BIN)/python -m tools.setup.packages build/micropython-lib
	@touch $@

$(PEERS_STAMP): tools/setup/packages.py $(VENV_STAMP)
	$(BIN)/python -m tools.setup.packages build/peers peers
	@touch $@

$(MEASURE32_STAMP): tools/measure32/package-lock.json $(VENV_STAMP)
	mkdir -p build/measure32
	cp tools/measure32/package.json tools/measure32/package-lock.json build/measure32/
	$(BIN)/python -m tools.setup.npm ci --prefix build/measure32 --ignore-scripts \
		--no-audit --no-fund --loglevel=error
	@touch $@

$(EMULATE_STAMP): tools/emulate/package-lock.json $(VENV_STAMP)
	mkdir -p build/emulate
	cp tools/emulate/package.json tools/emulate/package-lock.json build/emulate/
	$(BIN)/python -m tools.setup.npm ci --prefix build/emulate --ignore-scripts \
		--no-audit --no-fund --loglevel=error
	@touch $@

$(BROKERS_STAMP): tools/brokers/package-lock.json $(VENV_STAMP)
	mkdir -p build/brokers
	cp tools/brokers/package.json tools/brokers/package-lock.json build/brokers/
	$(BIN)/python -m tools.setup.npm ci --prefix build/brokers --ignore-scripts \
		--no-audit --no-fund --loglevel=error
	@touch $@

$(STUBS_STAMP): requirements-stubs.txt $(VENV_STAMP)
	rm -rf build/stubs
	$(PIP) install --no-deps --target build/stubs --requirement requirements-stubs.txt
	@touch $@
