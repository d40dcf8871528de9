rule tables:
    input:
        [getattr(rules, name).output for name in TABLE_RULES],
    message:
        "All tables are written"


rule figures:
    input:
        [getattr(rules, name).output for name in FIGURE_RULES],
        expand(rules.figure.output, figure=FIGURE_NAMES),
    message:
        "All figures are drawn"


rule results:
    input:
        RESULT_FILES,
    message:
        "Labels, model and predictions are there"
