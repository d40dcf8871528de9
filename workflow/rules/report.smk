# Tables of the first page by name; which ones there are depends on the kind and on the study.
SUMMARY_TABLES = {name: f"{RESULTS}/{path}" for name, path in KIND.summary.tables(STUDY).items()}


rule write_summary:
    input:
        **SUMMARY_TABLES,
        figures=expand(f"{FIGURES}/{{figure}}.png", figure=KIND.summary.figures),
    output:
        page=report(
            f"{RESULTS}/summary.html",
            caption="../report/write_summary.rst",
            # Snakemake's report sorts its categories by name.
            category="At a glance",
            labels={"figure": "summary"},
        ),
    log:
        f"{LOGS}/write_summary.log",
    localrule: True
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        # Only named on the page: another path of the same configuration changes no result.
        configfile=configuration_file(),
    params:
        module=KIND.summary.module,
        tables=list(SUMMARY_TABLES),
        settings=KIND.summary.settings(STUDY),
        captions=[CATALOGUE[name].caption for name in KIND.summary.figures],
        code=code("report/write_summary", KIND.summary),
    message:
        "Writing the first page"
    script:
        "../../scripts/report/write_summary.py"


rule write_manifest:
    input:
        tables=rules.tables.input,
        results=rules.results.input,
        files=KIND.input_files(STUDY),
    output:
        manifest=f"{RESULTS}/manifest.json",
    log:
        f"{LOGS}/write_manifest.log",
    localrule: True
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    params:
        study=STUDY.model_dump(mode="json"),
        seeds=KIND.seeds(STUDY),
        code=code("report/write_manifest"),
    message:
        "Writing the manifest"
    script:
        "../../scripts/report/write_manifest.py"
