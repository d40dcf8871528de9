TABLE_RULES += ["tabulate_pairs", "tabulate_lsi", "tabulate_lsi_cutoffs", "tabulate_networks"]
FIGURE_NAMES += [
    "pair_rdf",
    "lsi_scatter",
    "lsi_ranges",
    "lsi_cutoffs",
    "network_sizes",
    "network_shifts",
    "largest_aggregate",
]


rule measure_pairs:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
    output:
        rdf=f"{RESULTS}/structure/pair_rdf_{{system}}.csv",
    log:
        f"{LOGS}/measure_pairs/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_pairs/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(120),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", "ligand_elements", "rdf_max_A", "rdf_bin_A"),
        frame_stride=STUDY.sampling.frame_stride,
        code=code("structure/measure_pairs"),
    message:
        "Pair distributions of {wildcards.system}"
    script:
        "../../scripts/structure/measure_pairs.py"


rule scan_lsi:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
        shell=rules.set_cutoff.output.shell,
    output:
        scan=f"{RESULTS}/structure/lsi_scan_{{system}}.parquet",
    log:
        f"{LOGS}/scan_lsi/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/scan_lsi/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(120),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", "ligand_elements"),
        cutoffs_A=STUDY.lsi_cutoffs_A(),
        frame_stride=STUDY.sampling.frame_stride * STUDY.structure.lsi_frame_stride,
        code=code("structure/scan_lsi"),
    message:
        "Local structure index of {wildcards.system} at several cut-offs"
    script:
        "../../scripts/structure/scan_lsi.py"


rule find_aggregates:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
        shell=rules.set_cutoff.output.shell,
    output:
        members=f"{RESULTS}/structure/aggregates_{{system}}.parquet",
        atoms=f"{RESULTS}/structure/atoms_{{system}}.csv",
        bonds=f"{RESULTS}/structure/bonds_{{system}}.csv",
    log:
        f"{LOGS}/find_aggregates/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/find_aggregates/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(120),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", "ligand_elements"),
        frame_stride=STUDY.sampling.frame_stride,
        code=code("structure/find_aggregates"),
    message:
        "Ion aggregates of {wildcards.system}"
    script:
        "../../scripts/structure/find_aggregates.py"


rule tabulate_pairs:
    input:
        rdfs=expand(rules.measure_pairs.output.rdf, system=SYSTEMS),
        shell=rules.set_cutoff.output.shell,
    output:
        rdf=f"{TABLES}/pair_rdf.csv",
    log:
        f"{LOGS}/tabulate_pairs.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        code=code("analysis/tabulate_rdf"),
    message:
        "Tabulating the pair distributions"
    script:
        "../../scripts/analysis/tabulate_rdf.py"


rule tabulate_lsi:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        md=MD_TABLE,
    output:
        ranges=f"{TABLES}/lsi.csv",
        histograms=f"{TABLES}/lsi_histograms.csv",
        sample=f"{TABLES}/lsi_sample.csv",
        correlation=report(
            f"{TABLES}/lsi_correlation.csv",
            caption="../report/tabulate_lsi.rst",
            category="Structure",
            labels={"figure": "LSI and shift (table)"},
        ),
    log:
        f"{LOGS}/tabulate_lsi.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_lsi.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        structure=block("structure", "lsi_edges_A2", "sample_size", "histogram_bins", "n_bootstrap"),
        n_blocks=STUDY.spectrum.n_blocks,
        seeds={
            system: provenance.derive_seed(STUDY.seed, system, "structure") for system in SYSTEMS
        },
        code=code("structure/tabulate_lsi"),
    message:
        "Local structure index and shift"
    script:
        "../../scripts/structure/tabulate_lsi.py"


rule tabulate_lsi_cutoffs:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        scans=expand(rules.scan_lsi.output.scan, system=SYSTEMS),
        md=MD_TABLE,
    output:
        cutoffs=f"{TABLES}/lsi_cutoffs.csv",
    log:
        f"{LOGS}/tabulate_lsi_cutoffs.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_lsi_cutoffs.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        n_bootstrap=STUDY.structure.n_bootstrap,
        n_blocks=STUDY.spectrum.n_blocks,
        seeds={
            system: provenance.derive_seed(STUDY.seed, system, "structure") for system in SYSTEMS
        },
        code=code("structure/tabulate_lsi_cutoffs"),
    message:
        "Local structure index at several cut-offs"
    script:
        "../../scripts/structure/tabulate_lsi_cutoffs.py"


rule tabulate_networks:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        members=expand(rules.find_aggregates.output.members, system=SYSTEMS),
        md=MD_TABLE,
    output:
        networks=f"{TABLES}/networks.csv",
        summary=report(
            f"{TABLES}/network_summary.csv",
            caption="../report/tabulate_networks.rst",
            category="Structure",
            labels={"figure": "ion networks (table)"},
        ),
    log:
        f"{LOGS}/tabulate_networks.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_networks.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        systems=SYSTEMS,
        n_blocks=STUDY.spectrum.n_blocks,
        code=code("structure/tabulate_networks"),
    message:
        "Sizes of the ion aggregates"
    script:
        "../../scripts/structure/tabulate_networks.py"


rule tabulate_aggregate:
    input:
        atoms=f"{RESULTS}/structure/atoms_{SYSTEMS[-1]}.csv",
        bonds=f"{RESULTS}/structure/bonds_{SYSTEMS[-1]}.csv",
    output:
        atoms=f"{TABLES}/largest_aggregate_atoms.csv",
        bonds=f"{TABLES}/largest_aggregate_bonds.csv",
    log:
        f"{LOGS}/tabulate_aggregate.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("structure/tabulate_aggregate"),
    message:
        "Taking the largest aggregate of the last system"
    script:
        "../../scripts/structure/tabulate_aggregate.py"
