rule write_manifest:
    input:
        tables=rules.tables.input,
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
        shipped=STUDY.labelling.shipped,
        potential=STUDY.potential.files() if WITH_POTENTIAL else [],
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
        code=code("write_manifest"),
    message:
        "Writing the manifest"
    script:
        "../../scripts/write_manifest.py"
