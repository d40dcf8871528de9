"""Dynamic NMR of electrolytes: from molecular dynamics to spectra."""

import os
import sys
from pathlib import Path

# Every job parses this file, so scripts find the library wherever they run.
LIBRARY = str(Path(workflow.basedir) / "scripts")
sys.path.insert(0, LIBRARY)
os.environ["PYTHONPATH"] = os.pathsep.join([LIBRARY, *filter(None, [os.environ.get("PYTHONPATH")])])


if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/md.smk"
include: "workflow/rules/sampling.smk"
include: "workflow/rules/labelling.smk"


if STUDY.relaxation:

    include: "workflow/rules/geometry_optimization.smk"


if STUDY.labelling.reference_labels:

    include: "workflow/rules/correction.smk"


include: "workflow/rules/training.smk"
include: "workflow/rules/inference.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/transport.smk"
include: "workflow/rules/structure.smk"
include: "workflow/rules/maps.smk"
include: "workflow/rules/elf.smk"


if STUDY.potential_training:

    include: "workflow/rules/potential_training_common.smk"
    include: "workflow/rules/potential_training.smk"

    if COMPARED:

        include: "workflow/rules/liquids.smk"


include: "workflow/rules/archived.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/report.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.write_manifest.output,
    message:
        closing_words(LEFT_OUT)
