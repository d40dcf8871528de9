# Everything runs in .venv, made from envs/requirements.txt with pip alone. The command is `ionshift`.

PYTHON ?= python3
CORES ?= 2
BIN := .venv/bin
IN_VENV = PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1
PYTEST = $(IN_VENV) $(BIN)/python -m pytest

.PHONY: setup lock demo test test-fast test-slurm test-conda test-kills audit lint docs rerun-table label-set clean help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/installed  ## make the environment

.venv/installed: envs/requirements.txt envs/lock.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Ionshift needs Python 3.11 or newer; set PYTHON=')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' envs/requirements.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -c envs/lock.txt -r envs/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

lock: setup  ## pin again all that envs/requirements.txt brings (envs/lock.txt)
	$(BIN)/pip install --quiet --disable-pip-version-check $$(sed -n 's/^lock = \["\(.*\)"\]$$/\1/p' pyproject.toml)
	{ sed -n '/^#/p' envs/lock.txt; $(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate --no-emit-index-url envs/requirements.txt; } > envs/lock.new
	mv envs/lock.new envs/lock.txt

demo: setup  ## set up, run the default study and write its report
	$(BIN)/ionshift run --cores $(CORES)
	$(BIN)/ionshift report

test: setup lint  ## all tests
	$(PYTEST) -n 2 --dist loadfile

test-fast: setup  ## the tests without the slow ones
	$(PYTEST) -n 2 --dist loadfile -m "not slow"

test-slurm: setup  ## install SLURM where that is possible, and run the tests that need one
	$(BIN)/python tests/integration/slurm_cluster.py
	$(PYTEST) tests/integration/test_slurm.py

test-conda: setup  ## the rules in real conda environments made from envs/ (slow)
	IONSHIFT_TEST_CONDA=1 $(PYTEST) tests/integration/test_conda.py

test-kills: setup  ## kill a tiny study 20 times by each signal and hold what it leaves (about an hour)
	$(IN_VENV) $(BIN)/python tests/faults/kill_campaign.py --kills 20

audit: setup  ## look for known weaknesses: in the code (bandit), in pinned packages (pip-audit; needs a network)
	$(BIN)/pip install --quiet --disable-pip-version-check $$(sed -n 's/^audit = \[\(.*\)\]$$/\1/p' pyproject.toml | tr -d '",')
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml scripts
	$(BIN)/pip-audit --requirement envs/lock.txt --no-deps --disable-pip

lint: setup  ## formatters, linters, layers and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PYTHONPATH=scripts $(BIN)/lint-imports
	$(BIN)/mypy
	$(IN_VENV) $(BIN)/snakemake --lint
	$(IN_VENV) $(BIN)/snakemake --lint --configfile config/lifsi_dme_potential.yaml

docs: setup  ## regenerate the configuration's reference, build the site into site/
	$(BIN)/ionshift docs reference
	$(BIN)/pip install --quiet --disable-pip-version-check $$(sed -n 's/^docs = \["\(.*\)"\]$$/\1/p' pyproject.toml)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

rerun-table: setup  ## regenerate the table of what reruns (docs/reruns.csv and its page)
	$(BIN)/python tests/workflow/rerun_table.py

label-set: setup  ## remake the label sets (core-hours)
	for set in "" _2 _3; do \
	  $(BIN)/ionshift run config/shipped_labels$$set.yaml --cores $(CORES) && \
	  $(BIN)/ionshift labels export config/shipped_labels$$set.yaml lifsi_dme_fast$$set || exit 1; \
	done

clean:  ## remove results and environment
	rm -rf results .snakemake .venv
