# `make` sets up the environment and runs the embedded study; `make test` and `make lint` check the project.
PYTHON ?= python3.11
CORES ?= $(shell nproc)
BIN := .venv/bin
READY := .venv/ready
PEERS := .venv-peers
DOCS := .venv-docs
PAGE := from generality.config import study_file; from generality.plan import page, study; \
	print(page.page_file(study.Study(study_file.load("config.yaml")), "report.html"))
# Jobs use the environment's python.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all study env chromium slurm test soak bench architectures intervals docs lint format lock clean

all: study

study: $(READY)
	$(BIN)/snakemake --cores $(CORES)
	@echo "The report: $(CURDIR)/$$($(BIN)/python -c '$(PAGE)')"

env: $(READY)

# uv installs the same packages as pip, from the same lock, several times faster. Bytecode is compiled once, here. Where
# Python cannot write it later, each job would compile its imports anew: 23 s of CPU instead of 10.
$(READY): envs/requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet "$$(grep '^uv==' envs/requirements.lock)"
	$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --requirements envs/requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --editable .
	touch $(READY)

# The tests of the report's page open it in Chromium; those of the cluster profile start a SLURM of their own, beside one
# that may run. If either cannot be installed, its tests are skipped, with the reason.
chromium: PROGRAM := chromium
chromium: PACKAGES := chromium
slurm: PROGRAM := slurmctld
slurm: PACKAGES := --no-install-recommends slurm-wlm munge
chromium slurm:
	@PATH="$$PATH:/usr/sbin"; command -v $(PROGRAM) >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes $(PACKAGES) >/dev/null; } \
		|| echo "$@ is missing and could not be installed: the tests that need it are skipped"

# Each process has one thread: on two cores, two test processes beat two threads in one. One more process works while
# others wait for SLURM. A file stays in one process, since its tests share fixtures (a whole tiny study).
test: $(READY) chromium slurm
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder

# Run a whole study that is killed at random twenty times; 7 to 14 minutes.
soak: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m soak

# Compare speed with other programs on the same work, and with limits; an hour and a half on two idle cores.
# BENCH="--only sweep --tiny" narrows it; BENCH=--help lists the benchmarks.
bench: $(READY) $(PEERS)/ready
	OMP_NUM_THREADS=1 PYTHONPATH=workflow:tests/helpers:. $(BIN)/python -m benchmarks --output reports/speed.json reports/speed.md $(BENCH)

# Write the table of architectures and the methods that work with them; a minute.
architectures: $(READY)
	OMP_NUM_THREADS=1 PYTHONPATH=workflow:tests/helpers $(BIN)/python -m matrix

# Write how often each kind of interval holds the truth into docs/statistics.md; an hour on one idle core.
intervals: $(READY)
	OMP_NUM_THREADS=1 PYTHONPATH=workflow:tests/helpers $(BIN)/python -m intervals

# The programs that the project is compared with, and those that make its site, stay out of its own environment.
.venv-%/ready: envs/%.lock $(READY)
	$(PYTHON) -m venv $(@D)
	$(BIN)/uv pip install --compile-bytecode --python $(@D)/bin/python --requirements $<
	touch $@

# The documentation as a site, and the reference of all keys, which it begins with.
docs: $(READY) $(DOCS)/ready
	$(BIN)/python docs/reference.py
	$(DOCS)/bin/sphinx-build --quiet --fail-on-warning docs reports/docs
	@echo "The documentation: $(CURDIR)/reports/docs/index.html"

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
	for name in requirements peers docs; do \
		$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --upgrade \
			envs/$$name.in --output-file envs/$$name.lock || exit; \
	done

clean:
	rm -rf .venv $(PEERS) $(DOCS) .snakemake results logs
