# Labels brought to the level of a higher-level protocol: included where the configuration names
# labels of it.
TABLE_RULES += ["correct_labels"]
FIGURE_NAMES += ["label_correction"]


rule correct_labels:
    input:
        clusters=COMPUTED_LABELS,
        table=rules.collect_labels.output.table,
        references=STUDY.labelling.reference_labels,
    output:
        clusters=f"{RESULTS}/labels/corrected.extxyz",
        pairs=f"{TABLES}/label_correction_pairs.csv",
        summary=report(
            f"{TABLES}/label_correction.csv",
            caption="../report/correct_labels.rst",
            category="Labels",
            labels={"figure": "correction (table)"},
        ),
    log:
        f"{LOGS}/correct_labels.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        protocol=PROTOCOL,
        chemistry=lambda wildcards: chemistry(STUDY.electrolyte),
        code=code("correction/correct_labels"),
    message:
        "Correcting labels by those of a higher-level protocol"
    script:
        "../../scripts/correction/correct_labels.py"
