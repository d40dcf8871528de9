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
