# Everything from nothing but Python 3.11+ and make (and, for the browser tests, Debian's chromium).
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup spark cluster demo test check fuzz bench pin clean

setup: $(READY)

PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

$(READY): constraints.txt constraints-node.txt constraints-flights.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headrace needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r constraints.txt
	$(PIP) --require-hashes --no-build-isolation -r constraints-flights.txt
	@major=$$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'); if [ "$${major:-0}" -lt 20 ]; then \
		$(PIP) --require-hashes -r constraints-node.txt; fi
	$(PIP) --no-build-isolation -e .
	@touch $@

# What the tests of the Spark engine need besides a JDK 17 or newer: without it they are skipped.
spark: setup
	$(PIP) --require-hashes --no-build-isolation -r constraints-spark.txt
	scripts/spark-jars

# The services of `target: cluster`, on this machine and loopback only: without them their tests are skipped. `scripts/cluster down` ends them.
cluster: spark
	scripts/cluster up

# The flights project, live, until Ctrl-C. What it has taken is kept in examples/flights/.headrace.
demo: setup
	$(BIN)/headrace run examples/flights

test: setup
	$(BIN)/pytest -n 2 --dist loadgroup

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/web-check

# Random queries over random changes, each held against a recompute after every epoch; what fails is shrunk into .fuzz/.
# N: queries; SEED: of the first project of twelve; JOBS: processes.
N ?= 1000
SEED ?= 0
JOBS ?= 2
fuzz: setup
	$(BIN)/python -m tests.fuzz --queries $(N) --seed $(SEED) --jobs $(JOBS) --keep .fuzz

bench: setup
	$(BIN)/python -m bench

# Pin every dependency anew, with hashes and without addresses.
pin:
	scripts/pin

clean:
	rm -rf .venv .fuzz examples/flights/.headrace
