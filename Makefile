# Everything runs in .venv, made from envs/requirements.txt with pip alone.
# With conda:  make demo SDM="--sdm conda"   (Snakemake makes one environment a stage)

PYTHON ?= python3
CORES ?= 2
CONFIG ?= config/config.yaml
SDM ?=
SET ?= resources/labels/lifsi_dme_fast.extxyz
CLUSTERS ?= 8
BIN := .venv/bin
RUN = PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python scripts/run_workflow.py --workflow-profile workflow/profiles/default --cores $(CORES) --configfile $(CONFIG) $(SDM)
STUDY = $$($(BIN)/python -c "import yaml; print(yaml.safe_load(open('$(CONFIG)'))['study'])")

.PHONY: demo run plan report test test-fast lint docs retry-labels labels-status bench-labels label-set setup clean help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: run report  ## set up, run the default study and write its report

run: setup  ## run the study of CONFIG
	$(RUN)

plan: setup  ## show what a run would do
	$(RUN) --dry-run --quiet rules

report: setup  ## write results/{study}/report.html
	@set -e; out=results/$(STUDY)/report.html; \
	if [ -e $$out ] && [ -z "$$(find results/$(STUDY)/figures results/$(STUDY)/tables workflow/report -newer $$out)" ]; \
	then echo "report: nothing to do ($$out)"; else $(RUN) --report $$out; fi

setup: .venv/installed

.venv/installed: envs/requirements.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Ionshift needs Python 3.11 or newer; set PYTHON=')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' envs/requirements.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

test: setup lint  ## all tests
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-fast: setup  ## the tests without the slow ones
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow"

lint: setup  ## formatters and linters
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint

docs: setup  ## regenerate config/schema.json and config/README.md
	PYTHONPATH=scripts $(BIN)/python -m ionshift.config_docs

retry-labels: setup  ## compute the failed labels of CONFIG again
	PYTHONPATH=scripts $(BIN)/python scripts/retry_labels.py $(CONFIG)
	$(RUN)

labels-status: setup  ## labels done, failed and to do of CONFIG, core-hours left
	PYTHONPATH=scripts $(BIN)/python scripts/labels_status.py $(CONFIG)

bench-labels: setup  ## cost against error of protocols (CLUSTERS=n SET=extxyz)
	PYTHONPATH=scripts OMP_NUM_THREADS=1 $(BIN)/python scripts/bench_labels.py $(SET) $(CLUSTERS) $(CORES)

label-set:  ## remake the label set that ships (core-hours)
	$(MAKE) run CONFIG=config/shipped_labels.yaml
	PYTHONPATH=scripts $(BIN)/python scripts/export_labels.py config/shipped_labels.yaml lifsi_dme_fast

clean:  ## remove results and environment
	rm -rf results .snakemake .venv
