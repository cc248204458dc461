# `make` sets up the environment and runs the embedded study; `make test` and `make lint` check the project.
PYTHON ?= python3.11
CORES ?= $(shell nproc)
BIN := .venv/bin
READY := .venv/ready
PEERS := .venv-peers
DOCS := .venv-docs
PAGE := from generality.config import study_file; from generality.plan import page, study; \
	print(page.page_file(study.Study(study_file.load("config.yaml")), "report.html"))
# The jobs' python is the environment's.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all study env chromium slurm test soak bench architectures docs lint format lock clean

all: study

study: $(READY)
	$(BIN)/snakemake --cores $(CORES)
	@echo "The report: $(CURDIR)/$$($(BIN)/python -c '$(PAGE)')"

env: $(READY)

# uv installs the same packages as pip, from the same lock, several times faster. Bytecode is compiled once, here: where
# Python is told to write none, or may not, each job would compile its imports anew, 23 s of CPU in place of 10.
$(READY): envs/requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet "$$(grep '^uv==' envs/requirements.lock)"
	$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --requirements envs/requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --editable .
	touch $(READY)

# What the tests of the report's page open it in. Where it cannot be installed, they are skipped, with the reason.
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes chromium >/dev/null; } \
		|| echo "chromium is not there and could not be installed: the tests that need it are skipped"

# What the tests of the cluster profile start a SLURM of their own with, beside one that may run. The same holds.
slurm:
	@PATH="$$PATH:/usr/sbin"; command -v slurmctld >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
			slurm-wlm munge >/dev/null; } \
		|| echo "SLURM is not there and could not be installed: the tests that need it are skipped"

# One thread a process: two test processes on two cores beat two threads in one, and one more works while others wait for
# SLURM. A file stays in one process, as its fixtures (a whole tiny study) are shared.
test: $(READY) chromium slurm
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder

# A whole study, killed at random twenty times; 7 to 14 minutes.
soak: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m soak

# Speed beside others' on the same work, and beside limits; an hour and a half on two cores that do nothing else.
# BENCH="--only sweep --tiny" narrows it; BENCH=--help lists what there is.
bench: $(READY) $(PEERS)/ready
	OMP_NUM_THREADS=1 PYTHONPATH=workflow:tests/helpers:tests:. $(BIN)/python -m benchmarks --output reports/speed.json reports/speed.md $(BENCH)

# What works with which architecture; a minute.
architectures: $(READY)
	OMP_NUM_THREADS=1 PYTHONPATH=workflow:tests/helpers:tests $(BIN)/python -m matrix

# What is measured beside the project stays out of its own environment.
$(PEERS)/ready: envs/peers.lock $(READY)
	$(PYTHON) -m venv $(PEERS)
	$(BIN)/uv pip install --compile-bytecode --python $(PEERS)/bin/python --requirements envs/peers.lock
	touch $(PEERS)/ready

# The documentation as a site, and the reference of all keys, which it begins with.
docs: $(READY) $(DOCS)/ready
	$(BIN)/python docs/reference.py
	$(DOCS)/bin/sphinx-build --quiet --fail-on-warning docs reports/docs
	@echo "The documentation: $(CURDIR)/reports/docs/index.html"

$(DOCS)/ready: envs/docs.lock $(READY)
	$(PYTHON) -m venv $(DOCS)
	$(BIN)/uv pip install --compile-bytecode --python $(DOCS)/bin/python --requirements envs/docs.lock
	touch $(DOCS)/ready

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

lock: $(READY)
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --upgrade \
		envs/requirements.in --output-file envs/requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --upgrade \
		envs/peers.in --output-file envs/peers.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --upgrade \
		envs/docs.in --output-file envs/docs.lock

clean:
	rm -rf .venv $(PEERS) $(DOCS) .snakemake results logs
