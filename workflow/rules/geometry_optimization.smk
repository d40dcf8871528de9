# Relaxation of the chosen clusters: included where the configuration has `geometry_optimization`.
RELAXATION = STUDY.geometry_optimization
RELAXED_LABELS = RELAXATION.shieldings != "none"
TABLE_RULES += ["tabulate_relaxation"]
FIGURE_NAMES += ["relaxation"]


rule relax_clusters:
    input:
        clusters=rules.sample_clusters.output.clusters,
        templates=templates(),
        model=RELAXATION.potential.files(),
    output:
        clusters=f"{RESULTS}/clusters_relaxed/{{system}}.extxyz",
        table=f"{RESULTS}/clusters_relaxed/{{system}}.parquet",
    log:
        f"{LOGS}/relax_clusters/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/relax_clusters/{{system}}.tsv"
    conda:
        f"../../envs/{FAMILIES.get(RELAXATION.potential.kind).environment}"
    threads: RELAXATION.workers
    resources:
        mem_mb=memory_MB(RELAXATION.workers * RELAXATION.max_memory_MB),
        runtime=minutes(limits.geometry_optimization_minutes),
        device=RELAXATION.potential.device,
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        ligand_elements=STUDY.shell.ligand_elements,
        relaxation=RELAXATION.effective(),
        store=RELAXATION.store,
        code=code("geometry_optimization/relax_clusters"),
    message:
        "Relaxing the clusters of {wildcards.system}"
    script:
        "../../scripts/geometry_optimization/relax_clusters.py"


use rule label_shard as label_relaxed with:
    input:
        clusters=rules.relax_clusters.output.clusters,
    output:
        table=f"{RESULTS}/labels/relaxed_shards/{{system}}_{{shard}}.parquet",
    log:
        f"{LOGS}/label_relaxed/{{system}}_{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/label_relaxed/{{system}}_{{shard}}.tsv"
    message:
        "DFT shieldings of relaxed clusters of {wildcards.system}, shard {wildcards.shard}"


use rule collect_labels as collect_relaxed with:
    input:
        clusters=expand(rules.relax_clusters.output.clusters, system=LABELLED_SYSTEMS),
        tables=[
            table
            for system in LABELLED_SYSTEMS
            for table in expand(
                rules.label_relaxed.output.table, system=system, shard=shards(system)
            )
        ],
        shipped_clusters=[],
        shipped_tables=[],
    output:
        table=f"{RESULTS}/labels/relaxed.parquet",
        clusters=f"{RESULTS}/labels/relaxed.extxyz",
    log:
        f"{LOGS}/collect_relaxed.log",
    message:
        "Collecting labels of relaxed clusters and checking the gate"


rule pair_labels:
    input:
        clusters=expand(rules.sample_clusters.output.clusters, system=LABELLED_SYSTEMS),
        relaxed=expand(rules.relax_clusters.output.table, system=LABELLED_SYSTEMS),
        labels=rules.collect_relaxed.output.table,
    output:
        clusters=f"{RESULTS}/labels/training.extxyz",
    log:
        f"{LOGS}/pair_labels.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("geometry_optimization/pair_labels"),
    message:
        "Labels of relaxed clusters at their geometries in the MD"
    script:
        "../../scripts/geometry_optimization/pair_labels.py"


rule tabulate_relaxation:
    input:
        relaxed=expand(rules.relax_clusters.output.table, system=LABELLED_SYSTEMS),
        labels=(
            [rules.collect_labels.output.table, rules.collect_relaxed.output.table]
            if RELAXED_LABELS
            else []
        ),
        speciation=f"{TABLES}/speciation.csv",
    output:
        clusters=f"{TABLES}/relaxation_clusters.csv",
        groups=report(
            f"{TABLES}/relaxation.csv",
            caption="../report/tabulate_relaxation.rst",
            category="Labels",
            labels={"figure": "relaxed clusters (table)"},
        ),
    log:
        f"{LOGS}/tabulate_relaxation.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        code=code("geometry_optimization/tabulate_relaxation"),
    message:
        "What relaxation does to distances and mean shieldings"
    script:
        "../../scripts/geometry_optimization/tabulate_relaxation.py"
