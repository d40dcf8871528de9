# Figures take seconds each: they are drawn where Snakemake runs, not queued on a cluster.
workflow.localrules(*FIGURE_RULES)


rule tables:
    input:
        [getattr(rules, name).output for name in TABLE_RULES],
    message:
        "All tables are written"


rule figures:
    input:
        [getattr(rules, name).output for name in FIGURE_RULES],
    message:
        "All figures are drawn"
