# Everything runs in .venv, made from envs/requirements.txt with pip alone.
# With conda:  make demo SDM="--sdm conda"   (Snakemake makes one environment a stage)
# On SLURM:    make run PROFILE=slurm CONFIG=config/lifsi_dme.yaml

PYTHON ?= python3
CORES ?= 2
CONFIG ?= config/config.yaml
PROFILE ?= default
SDM ?=
ARCHIVE ?=
SET ?= resources/labels/lifsi_dme_fast.extxyz
CLUSTERS ?= 8
N ?= 40
METHOD ?= combined
RECIPE ?= krr
HELD_OUT ?= blocks
POOL ?= all
ENVIRONMENTS ?= 10000
BIN := .venv/bin
PLOTS = $(patsubst scripts/%.py,%,$(wildcard scripts/plot_*.py))
RUN = PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python scripts/ionshift/runs/launch.py --workflow-profile workflow/profiles/$(PROFILE) $(if $(filter default,$(PROFILE)),--cores $(CORES)) --configfile $(CONFIG) $(SDM)
STUDY = $$($(BIN)/python -c "import yaml; print(yaml.safe_load(open('$(CONFIG)'))['study'])")

.PHONY: demo demo-potential run plan status report crate archive redraw test test-fast test-slurm test-conda lint docs rerun-table \
	bench bench-active bench-inference bench-labels bench-learning bench-relaxation bench-workers next-labels labels-status retry-labels retry-frames label-set \
	setup clean help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: run report  ## set up, run the default study and write its report

demo-potential:  ## train a potential on a small box and run the chain on its MD (hours)
	$(MAKE) run report CONFIG=config/lifsi_dme_potential.yaml

run: setup  ## run the study of CONFIG
	$(RUN)

plan: setup  ## say what a run would do and cost
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/plan.py $(CONFIG)

status: setup  ## say what is done, running, failed and left
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/status.py $(CONFIG)

report: setup  ## write results/{study}/report.html
	@set -e; out=results/$(STUDY)/report.html; \
	if [ -e $$out ] && [ -z "$$(find results/$(STUDY)/figures results/$(STUDY)/tables workflow/report -newer $$out)" ]; \
	then echo "report: nothing to do ($$out)"; else $(RUN) --report $$out; fi

archive: setup  ## pack a finished study into one file (ARCHIVE=--trajectories: with them)
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/make_archive.py $(CONFIG) $(ARCHIVE)

crate: setup  ## write a finished run as a Workflow Run RO-Crate
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/make_crate.py $(CONFIG)

redraw: setup  ## draw all figures again from the tables that are there, and nothing else
	$(RUN) figures --forceall --allowed-rules figures $(PLOTS)

setup: .venv/installed

.venv/installed: envs/requirements.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Ionshift needs Python 3.11 or newer; set PYTHON=')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' envs/requirements.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

test: setup lint  ## all tests
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-conda: setup  ## the rules in real conda environments made from envs/ (slow)
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 IONSHIFT_TEST_CONDA=1 $(BIN)/python -m pytest tests/integration/test_conda.py

test-fast: setup  ## the tests without the slow ones
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow"

test-slurm: setup  ## install SLURM where that is possible, and run the tests that need one
	$(BIN)/python tests/integration/slurm_cluster.py
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/integration/test_slurm.py

lint: setup  ## formatters and linters
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint --configfile config/lifsi_dme_potential.yaml

docs: setup  ## regenerate config/schema.json and config/README.md, build the site into site/
	PYTHONPATH=scripts $(BIN)/python -m ionshift.studies.documentation
	$(BIN)/pip install --quiet --disable-pip-version-check $$(sed -n 's/^docs = \["\(.*\)"\]$$/\1/p' pyproject.toml)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: setup  ## compare descriptor kernels and recipes on the shipped labels
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_model.py

bench-active: setup  ## replay which labels to compute next (SET=extxyz POOL=all or md)
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_active.py $(SET) $(POOL)

bench-inference: setup  ## time and memory of training, and of predictions along the trajectories of CONFIG (ENVIRONMENTS=n)
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_inference.py $(CONFIG) $(ENVIRONMENTS)

bench-relaxation: setup  ## relax clusters of a label set and label them again (SET=extxyz CLUSTERS=n a class)
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_relaxation.py $(SET) $(CLUSTERS) $(CORES)

rerun-table: setup  ## regenerate docs/reruns.csv and docs/reruns.md
	PYTHONPATH=scripts $(BIN)/python tests/workflow/rerun_table.py

retry-labels: setup  ## compute the failed labels of CONFIG again
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/retry_labels.py $(CONFIG)
	$(RUN)

retry-frames: setup  ## compute the failed reference labels of a potential's training again
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/retry_frames.py $(CONFIG)
	$(RUN)

labels-status: setup  ## labels done, failed and to do of CONFIG, core-hours left
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/labels_status.py $(CONFIG)

next-labels: setup  ## choose what CONFIG labels next (N=40 METHOD=combined)
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/next_labels.py $(CONFIG) $(N) $(METHOD)

bench-learning: setup  ## test error against the number of shipped labels (RECIPE=krr or mlp, HELD_OUT=blocks or replicas)
	OMP_NUM_THREADS=1 PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_learning.py $(RECIPE) $(HELD_OUT)

bench-labels: setup  ## cost against error of protocols (CLUSTERS=n SET=extxyz)
	PYTHONPATH=scripts OMP_NUM_THREADS=1 $(BIN)/python scripts/ionshift/cli/bench_labels.py $(SET) $(CLUSTERS) $(CORES)

bench-workers: setup  ## label with CORES processes, then with CORES threads (CLUSTERS=n SET=extxyz)
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/bench_workers.py $(SET) $(CLUSTERS) $(CORES)

label-set:  ## remake the label sets (core-hours)
	$(MAKE) run CONFIG=config/shipped_labels.yaml
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/export_labels.py config/shipped_labels.yaml lifsi_dme_fast
	$(MAKE) run CONFIG=config/shipped_labels_2.yaml
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/export_labels.py config/shipped_labels_2.yaml lifsi_dme_fast_2
	$(MAKE) run CONFIG=config/shipped_labels_3.yaml
	PYTHONPATH=scripts $(BIN)/python scripts/ionshift/cli/export_labels.py config/shipped_labels_3.yaml lifsi_dme_fast_3

clean:  ## remove results and environment
	rm -rf results .snakemake .venv
