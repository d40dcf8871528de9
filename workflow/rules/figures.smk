rule figure:
    input:
        unpack(tables_of_figure),
    output:
        pdf=f"{FIGURES}/{{figure}}.pdf",
        png=report(
            f"{FIGURES}/{{figure}}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: CATALOGUE[wildcards.figure].category,
            labels=lambda wildcards: {"figure": CATALOGUE[wildcards.figure].label},
        ),
    log:
        f"{LOGS}/figure/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(CATALOGUE),
    localrule: True
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        entry=lambda wildcards: CATALOGUE[wildcards.figure].model_dump(),
        options=options_of_figure,
        caption=lambda wildcards: CATALOGUE[wildcards.figure].caption,
        code=lambda wildcards: code("figures/draw", CATALOGUE[wildcards.figure]),
    message:
        "Drawing: {wildcards.figure}"
    script:
        "../../scripts/figures/draw.py"
