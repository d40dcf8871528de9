TRAINS_ON_OPTIMIZED = (
    STUDY.geometry_optimization is not None and STUDY.geometry_optimization.shieldings == "train"
)
PROTOCOL = STUDY.labelling.chosen_protocol().model_dump(mode="json")


rule import_labels:
    input:
        labels=lambda wildcards: STUDY.labelling.shipped[int(wildcards.set)],
    output:
        clusters=f"{RESULTS}/labels/shipped/{{set}}.extxyz",
        table=f"{RESULTS}/labels/shipped/{{set}}.parquet",
    log:
        f"{LOGS}/import_labels/{{set}}.log",
    localrule: True
    conda:
        "../../envs/dft.yaml"
    threads: 1
    params:
        protocol=PROTOCOL,
        nuclei=STUDY.labelling.nuclei,
        chemistry=lambda wildcards: chemistry(STUDY.electrolyte),
        store=STUDY.labelling.store,
        code=code("labelling/import_labels"),
    message:
        "Taking shipped label set {wildcards.set} into the store"
    script:
        "../../scripts/labelling/import_labels.py"


rule label_shard:
    input:
        clusters=rules.sample_clusters.output.clusters,
    output:
        table=f"{RESULTS}/labels/shards/{{system}}_{{shard}}.parquet",
    log:
        f"{LOGS}/label_shard/{{system}}_{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/label_shard/{{system}}_{{shard}}.tsv"
    conda:
        "../../envs/dft.yaml"
    threads: STUDY.labelling.workers
    resources:
        mem_mb=memory_MB(STUDY.labelling.workers * STUDY.labelling.max_memory_MB),
        runtime=minutes(limits.shard_minutes(STUDY)),
        device=STUDY.labelling.device,
    params:
        protocol=PROTOCOL,
        protocol_name=STUDY.labelling.protocol,
        nuclei=STUDY.labelling.nuclei,
        store=STUDY.labelling.store,
        shard_size=STUDY.labelling.shard_size,
        code=code("labelling/label_shard"),
    message:
        "DFT shieldings of {wildcards.system}, shard {wildcards.shard}"
    script:
        "../../scripts/labelling/label_shard.py"


rule collect_labels:
    input:
        clusters=expand(rules.sample_clusters.output.clusters, system=LABELLED_SYSTEMS),
        tables=[
            table
            for system in LABELLED_SYSTEMS
            for table in expand(
                rules.label_shard.output.table, system=system, shard=shards(system)
            )
        ],
        shipped_clusters=expand(rules.import_labels.output.clusters, set=SHIPPED),
        shipped_tables=expand(rules.import_labels.output.table, set=SHIPPED),
    output:
        table=f"{RESULTS}/labels/labels.parquet",
        clusters=f"{RESULTS}/labels/labels.extxyz",
    log:
        f"{LOGS}/collect_labels.log",
    conda:
        "../../envs/dft.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        min_ok_share=STUDY.labelling.min_ok_share,
        code=code("labelling/collect_labels"),
    message:
        "Collecting labels and checking the gate"
    script:
        "../../scripts/labelling/collect_labels.py"


# What the model is trained on, decided here alone: labels as computed or, after a geometry
# optimization, at their geometries in the MD; and these corrected to a higher level, if asked for.
COMPUTED_LABELS = f"{RESULTS}/labels/{'training' if TRAINS_ON_OPTIMIZED else 'labels'}.extxyz"
TRAINING_LABELS = (
    f"{RESULTS}/labels/corrected.extxyz" if STUDY.labelling.reference_labels else COMPUTED_LABELS
)


RESULT_FILES += rules.collect_labels.output
