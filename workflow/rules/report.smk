rule write_manifest:
    input:
        tables=rules.tables.input,
        files=archive.input_files(STUDY),
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
        seeds={
            f"{system}/{replica}": provenance.derive_seed(STUDY.seed, system, replica)
            for system in SYSTEMS
            for replica in REPLICAS
        },
        code=code("report/write_manifest"),
    message:
        "Writing the manifest"
    script:
        "../../scripts/report/write_manifest.py"
