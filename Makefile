# The commands of the project. What they need is made ready in .cache at the first call.

PYTHON ?= python3
SETUP := $(PYTHON) -m tools.runtime
VENV := .cache/venv/bin
MAKEFLAGS += --no-print-directory

# Variables of the command line reach the programs in their environment: make sees to that. In
# these a `$` stays as it was typed; they are empty when not given.
override FILE := $(value FILE)
override SET := $(value SET)
override STATE := $(value STATE)
override KEY := $(value KEY)
override PASSWORD := $(value PASSWORD)
override PORT := $(value PORT)
override FIRMWARE := $(value FIRMWARE)
export FILE SET STATE KEY PASSWORD PORT FIRMWARE

# FILE, KEY and FIRMWARE may be relative to the folder that `make -C` was called from.
export CALLER := $(PWD)
FIND_KEY = case "$$KEY" in ""|/*) ;; *) [ -e "$$KEY" ] || KEY="$$CALLER/$$KEY" ;; esac
FIND_FIRMWARE = case "$$FIRMWARE" in ""|/*) ;; \
	*) [ -e "$$FIRMWARE" ] || FIRMWARE="$$CALLER/$$FIRMWARE" ;; esac
FIND_FILE = case "$$FILE" in ""|/*) ;; *) [ -e "$$FILE" ] || FILE="$$CALLER/$$FILE" ;; esac

export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis

# Most tests wait more than they work. A test file stays in one process, which its fixtures want.
PARALLEL = -n 3 --dist loadfile --no-loadscope-reorder

# The decoder stands on the firmware alone: no simulated board, no library.
DECODE = MICROPYPATH="$(CURDIR):.frozen" exec .cache/bin/micropython tools/decode.py

# All that MicroPython runs: CPython's parser accepts what MicroPython's compiler does not.
MICROPYTHON_FILES = boot.py main.py firmware tests/unit tests/support/mpy_runner.py \
	tools/decode.py tools/decode_model.py tools/bench/target tools/soak/target \
	tools/simulator/board tools/simulator/usb/repl.py tools/probe.py

.PHONY: help run decode test test-ha lint bench soak energy fuzz board flash deploy dist romfs
.PHONY: update clean

help: ## this list
	@awk -F ': *## ' '/^[a-z-]+: *## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: ## the gateway here, with a simulated meter and a broker; variables: see README
	@$(SETUP) run
	@$(FIND_FILE); exec $(VENV)/python tools/simulator/run.py

.PHONY: run-full
run-full: ## the same with mosquitto, InfluxDB and VictoriaMetrics
	@$(SETUP) run-full
	@$(FIND_FILE); exec $(VENV)/python tools/simulator/full.py

decode: ## FILE=x.tic: its frames as JSON, one a line; RAW=1: framing only; MODEL=1: the model
	@[ -n "$$FILE" ] || { echo "make decode FILE=recording.tic [RAW=1] [MODEL=1]" >&2; exit 2; }
	@$(SETUP) unix64
	@$(FIND_FILE); $(DECODE) $(if $(filter-out 0,$(RAW)),--raw) $(if $(filter-out 0,$(MODEL)),--model) "$$FILE"

test: ## all tests; ARGS="-k parity" goes to pytest, RUNTIMES="unix64" to fewer runtimes
	@$(SETUP) test
	@exec $(VENV)/python -m pytest $(if $(ARGS),$(ARGS),$(PARALLEL))

test-ha: ## our announcements in Home Assistant itself, which takes 400 MB
	@$(SETUP) test homeassistant
	@HOMEASSISTANT=1 exec $(VENV)/python -m pytest tests/homeassistant $(ARGS)

lint: ## ruff; mpy-cross for the board; pyright with the board's type stubs
	@$(SETUP) lint
	@$(VENV)/ruff check --no-cache .
	@$(VENV)/python -m tools.runtime.mpy $(MICROPYTHON_FILES)
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV)/pyright

bench: ## instructions, heap and milliseconds, as a table
	@$(SETUP) bench
	@exec $(VENV)/python tools/bench/run.py

soak: ## three days with everything on, and faults, in minutes; HOURS=, SPEED=, WORK=, SEED=
	@$(SETUP) test
	@exec $(VENV)/python tools/soak/run.py

energy: ## a month on the meter's power, modelled: periods, joules, voltages; DAYS=30
	@$(SETUP) unix64
	@exec $(PYTHON) tools/energy/run.py

fuzz: ## the long fuzz: ten times the bytes and the noise of make test
	@$(SETUP) test
	@FUZZ=long exec $(VENV)/python -m pytest -o faulthandler_timeout=0 tests/fuzz $(ARGS)

board: ## all that goes onto a board, in .cache/board; FAMILY=
	@$(SETUP) lint
	@$(VENV)/python -m tools.board

flash: ## MicroPython and the gateway onto a board on USB; PORT= FIRMWARE=image.bin ERASE=1
	@$(SETUP) flash
	@$(FIND_FIRMWARE); exec $(VENV)/python -m tools.flash flash

deploy: ## what has changed onto a board that has been flashed; PORT=
	@$(SETUP) flash
	@exec $(VENV)/python -m tools.flash deploy

dist: ## one file to update boards with; KEY=release.pem signs it, FAMILY=, VERSION=
	@$(SETUP) lint
	@$(FIND_KEY); exec $(VENV)/python -m tools.dist

romfs: ## the application as a ROMFS image, for an image of MicroPython of your own
	@$(SETUP) lint
	@$(VENV)/python -m tools.romfs

update: ## HOST=winky-... PASSWORD=...: a new version for a gateway in the network; see README
	@$(SETUP) lint
	@$(FIND_KEY); $(FIND_FILE); exec $(VENV)/python -m tools.update

clean: ## remove what make has made: .cache and lib
	rm -rf .cache lib
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
