"""Dynamic NMR of electrolytes: from molecular dynamics to spectra."""

import sys
from pathlib import Path

LIBRARY = str(Path(workflow.basedir) / "scripts")
sys.path.insert(0, LIBRARY)

from ionshift.core.job import let_scripts_import

# Every job parses this file, so scripts find the library wherever they run.
let_scripts_import(LIBRARY)


if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/figures.smk"


for stage in KIND.stages(STUDY):

    include: f"workflow/rules/{stage}.smk"


include: "workflow/rules/costs.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/report.smk"


report: "workflow/report/workflow.rst"


onstart:
    check_before_run()
    say_before_the_run(workflow)
    tell_progress(workflow)


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.results.input,
        rules.write_summary.output,
        rules.write_manifest.output,
    message:
        closing_words(LEFT_OUT, rules.write_summary.output.page)
