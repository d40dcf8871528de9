from ionshift.labels.optimization_settings import effective as effective_optimization

# Geometry optimization of the chosen clusters: included where the configuration has `geometry_optimization`.
OPTIMIZATION = STUDY.geometry_optimization
OPTIMIZATION_FAMILY = FAMILIES.get(OPTIMIZATION.potential.kind)
OPTIMIZED_LABELS = OPTIMIZATION.shieldings != "none"
TABLE_RULES += ["tabulate_geometry_optimization"]
FIGURE_NAMES += ["geometry_optimization"]


rule optimize_clusters:
    input:
        clusters=rules.sample_clusters.output.clusters,
        templates=templates(),
        model=OPTIMIZATION.potential.files(),
    output:
        clusters=f"{RESULTS}/clusters_optimized/{{system}}.extxyz",
        table=f"{RESULTS}/clusters_optimized/{{system}}.parquet",
    log:
        f"{LOGS}/optimize_clusters/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/optimize_clusters/{{system}}.tsv"
    conda:
        f"../../envs/{OPTIMIZATION_FAMILY.environment}"
    threads: OPTIMIZATION.workers
    resources:
        mem_mb=memory_MB(OPTIMIZATION.workers * OPTIMIZATION.max_memory_MB),
        runtime=minutes(limits.geometry_optimization_minutes),
        device=OPTIMIZATION.potential.device,
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        ligand_elements=STUDY.shell.ligand_elements,
        optimization=effective_optimization(OPTIMIZATION),
        store=OPTIMIZATION.store,
        code=code("geometry_optimization/optimize_clusters", OPTIMIZATION_FAMILY),
    message:
        "Geometry optimization of the clusters of {wildcards.system}"
    script:
        "../../scripts/geometry_optimization/optimize_clusters.py"


use rule label_shard as label_optimized with:
    input:
        clusters=rules.optimize_clusters.output.clusters,
    output:
        table=f"{RESULTS}/labels/optimized_shards/{{system}}_{{shard}}.parquet",
    log:
        f"{LOGS}/label_optimized/{{system}}_{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/label_optimized/{{system}}_{{shard}}.tsv"
    message:
        "DFT shieldings of optimized clusters of {wildcards.system}, shard {wildcards.shard}"


use rule collect_labels as collect_optimized with:
    input:
        clusters=expand(rules.optimize_clusters.output.clusters, system=LABELLED_SYSTEMS),
        tables=[
            table
            for system in LABELLED_SYSTEMS
            for table in expand(
                rules.label_optimized.output.table, system=system, shard=shards(system)
            )
        ],
        shipped_clusters=[],
        shipped_tables=[],
    output:
        table=f"{RESULTS}/labels/optimized.parquet",
        clusters=f"{RESULTS}/labels/optimized.extxyz",
    log:
        f"{LOGS}/collect_optimized.log",
    message:
        "Collecting labels of optimized clusters and checking the gate"


rule pair_labels:
    input:
        clusters=expand(rules.sample_clusters.output.clusters, system=LABELLED_SYSTEMS),
        optimized=expand(rules.optimize_clusters.output.table, system=LABELLED_SYSTEMS),
        labels=rules.collect_optimized.output.table,
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
        "Labels of optimized clusters at their geometries in the MD"
    script:
        "../../scripts/geometry_optimization/pair_labels.py"


rule tabulate_geometry_optimization:
    input:
        optimized=expand(rules.optimize_clusters.output.table, system=LABELLED_SYSTEMS),
        labels=(
            [rules.collect_labels.output.table, rules.collect_optimized.output.table]
            if OPTIMIZED_LABELS
            else []
        ),
        speciation=f"{TABLES}/speciation.csv",
    output:
        clusters=f"{TABLES}/geometry_optimization_clusters.csv",
        groups=report(
            f"{TABLES}/geometry_optimization.csv",
            caption="../report/tabulate_geometry_optimization.rst",
            category="Labels",
            labels={"figure": "optimized clusters (table)"},
        ),
    log:
        f"{LOGS}/tabulate_geometry_optimization.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        code=code("geometry_optimization/tabulate_geometry_optimization"),
    message:
        "What geometry optimization does to distances and mean shieldings"
    script:
        "../../scripts/geometry_optimization/tabulate_geometry_optimization.py"
