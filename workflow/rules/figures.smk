from ionshift.figures import catalogue

# Every figure of workflow/figures.yaml; a study has those that its stages add to FIGURE_NAMES.
CATALOGUE = catalogue.read(Path(workflow.basedir) / "workflow" / "figures.yaml")


def tables_of_figure(wildcards):
    entry = CATALOGUE[wildcards.figure]
    return {name: f"{RESULTS}/{path}" for name, path in entry.tables.items()}


def options_of_figure(wildcards):
    entry = CATALOGUE[wildcards.figure]
    return {name: catalogue.option(STUDY, key) for name, key in entry.options.items()}


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
