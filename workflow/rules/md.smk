MD_FOLDER = f"{RESULTS}/md/{{system}}/{{replica}}"
FORCE_FIELD_KEYS = ["species", "forcefield", "mixing", "ion_charge_scale"]


rule pack_box:
    input:
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
        start=lambda wildcards: start_of(STUDY.systems[wildcards.system], wildcards.replica),
    output:
        packed=f"{MD_FOLDER}/packed.pdb",
    log:
        f"{LOGS}/pack_box/{{system}}_{{replica}}.log",
    benchmark:
        f"{BENCHMARKS}/pack_box/{{system}}_{{replica}}.tsv"
    conda:
        "../../envs/md.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(1000),
        runtime=minutes(60),
    params:
        electrolyte=block("electrolyte", *FORCE_FIELD_KEYS),
        system=lambda wildcards: contents_of(STUDY.systems[wildcards.system]),
        seed=seed_of,
        code=code("md/pack_box"),
    message:
        "Packing the box of {wildcards.system}, replica {wildcards.replica}"
    script:
        "../../scripts/md/pack_box.py"


rule run_md:
    input:
        packed=rules.pack_box.output.packed,
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
        potential=STUDY.potential.files() if WITH_POTENTIAL else [],
    output:
        trajectory=f"{MD_FOLDER}/trajectory.xtc",
        topology=f"{MD_FOLDER}/topology.pdb",
        thermo=f"{MD_FOLDER}/thermo.csv",
        summary=f"{MD_FOLDER}/md_summary.json",
    log:
        f"{LOGS}/run_md/{{system}}_{{replica}}.log",
    benchmark:
        f"{BENCHMARKS}/run_md/{{system}}_{{replica}}.tsv"
    conda:
        engine_environment(ENGINE, STUDY.potential)
    threads: STUDY.md.threads
    resources:
        **how_md_runs(STUDY.md),
        mem_mb=memory_MB(limits.md_MB(STUDY)),
        runtime=minutes(limits.md_minutes),
        device=STUDY.potential.device,
    params:
        electrolyte=block("electrolyte", *FORCE_FIELD_KEYS),
        system=lambda wildcards: contents_of(STUDY.systems[wildcards.system]),
        md=md_parameters(STUDY.md),
        potential=(
            block("potential", *[key for key in block("potential") if key != "device"])
            if WITH_POTENTIAL
            else None
        ),
        potential_md=block("potential_md") if WITH_POTENTIAL else None,
        seed=seed_of,
        code=code("md/run_md", *MD_ENTRIES),
    message:
        "Molecular dynamics of {wildcards.system}, replica {wildcards.replica}"
    script:
        "../../scripts/md/run_md.py"
