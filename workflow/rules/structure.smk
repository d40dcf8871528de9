TABLE_RULES += ["tabulate_pairs", "tabulate_lsi", "tabulate_lsi_cutoffs", "tabulate_networks"]
FIGURE_RULES += [
    "plot_pairs",
    "plot_lsi_scatter",
    "plot_lsi_ranges",
    "plot_lsi_cutoffs",
    "plot_network_sizes",
    "plot_network_shifts",
    "plot_largest_aggregate",
]


rule measure_pairs:
    input:
        trajectories=trajectories,
        topologies=topologies,
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
        runtime=lambda wildcards, attempt: 120 * attempt,
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
        runtime=lambda wildcards, attempt: 120 * attempt,
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
        runtime=lambda wildcards, attempt: 120 * attempt,
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
        runtime=60,
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
        runtime=60,
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
        runtime=60,
    params:
        systems=SYSTEMS,
        n_blocks=STUDY.spectrum.n_blocks,
        code=code("structure/tabulate_networks"),
    message:
        "Sizes of the ion aggregates"
    script:
        "../../scripts/structure/tabulate_networks.py"


rule plot_pairs:
    input:
        rdf=rules.tabulate_pairs.output.rdf,
    output:
        pdf=f"{FIGURES}/pair_rdf.pdf",
        png=report(
            f"{FIGURES}/pair_rdf.png",
            caption="../report/plot_pairs.rst",
            category="Structure",
            labels={"figure": "pair distributions"},
        ),
    log:
        f"{LOGS}/plot_pairs.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_pairs"),
    message:
        "Drawing: Pair distributions and running coordination numbers"
    script:
        "../../scripts/figures/plot_pairs.py"


rule plot_lsi_scatter:
    input:
        sample=rules.tabulate_lsi.output.sample,
        correlation=rules.tabulate_lsi.output.correlation,
    output:
        pdf=f"{FIGURES}/lsi_scatter.pdf",
        png=report(
            f"{FIGURES}/lsi_scatter.png",
            caption="../report/plot_lsi_scatter.rst",
            category="Structure",
            labels={"figure": "LSI against shift"},
        ),
    log:
        f"{LOGS}/plot_lsi_scatter.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_lsi_scatter"),
    message:
        "Drawing: Local structure index against shift"
    script:
        "../../scripts/figures/plot_lsi_scatter.py"


rule plot_lsi_ranges:
    input:
        histograms=rules.tabulate_lsi.output.histograms,
        ranges=rules.tabulate_lsi.output.ranges,
    output:
        pdf=f"{FIGURES}/lsi_ranges.pdf",
        png=report(
            f"{FIGURES}/lsi_ranges.png",
            caption="../report/plot_lsi_ranges.rst",
            category="Structure",
            labels={"figure": "shifts by LSI range"},
        ),
    log:
        f"{LOGS}/plot_lsi_ranges.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_lsi_ranges"),
    message:
        "Drawing: Shifts by range of the local structure index"
    script:
        "../../scripts/figures/plot_lsi_ranges.py"


rule plot_lsi_cutoffs:
    input:
        cutoffs=rules.tabulate_lsi_cutoffs.output.cutoffs,
    output:
        pdf=f"{FIGURES}/lsi_cutoffs.pdf",
        png=report(
            f"{FIGURES}/lsi_cutoffs.png",
            caption="../report/plot_lsi_cutoffs.rst",
            category="Structure",
            labels={"figure": "LSI against its cut-off"},
        ),
    log:
        f"{LOGS}/plot_lsi_cutoffs.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_lsi_cutoffs"),
    message:
        "Drawing: Local structure index against its cut-off"
    script:
        "../../scripts/figures/plot_lsi_cutoffs.py"


rule plot_network_sizes:
    input:
        networks=rules.tabulate_networks.output.networks,
    output:
        pdf=f"{FIGURES}/network_sizes.pdf",
        png=report(
            f"{FIGURES}/network_sizes.png",
            caption="../report/plot_network_sizes.rst",
            category="Structure",
            labels={"figure": "aggregate sizes"},
        ),
    log:
        f"{LOGS}/plot_network_sizes.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_network_sizes"),
    message:
        "Drawing: Distribution of aggregate sizes"
    script:
        "../../scripts/figures/plot_network_sizes.py"


rule plot_network_shifts:
    input:
        networks=rules.tabulate_networks.output.networks,
    output:
        pdf=f"{FIGURES}/network_shifts.pdf",
        png=report(
            f"{FIGURES}/network_shifts.png",
            caption="../report/plot_network_shifts.rst",
            category="Structure",
            labels={"figure": "shift by aggregate size"},
        ),
    log:
        f"{LOGS}/plot_network_shifts.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_network_shifts"),
    message:
        "Drawing: Mean shift by aggregate size"
    script:
        "../../scripts/figures/plot_network_shifts.py"


rule plot_largest_aggregate:
    input:
        atoms=f"{RESULTS}/structure/atoms_{SYSTEMS[-1]}.csv",
        bonds=f"{RESULTS}/structure/bonds_{SYSTEMS[-1]}.csv",
    output:
        pdf=f"{FIGURES}/largest_aggregate.pdf",
        png=report(
            f"{FIGURES}/largest_aggregate.png",
            caption="../report/plot_largest_aggregate.rst",
            category="Structure",
            labels={"figure": "largest aggregate"},
        ),
    log:
        f"{LOGS}/plot_largest_aggregate.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_largest_aggregate"),
    message:
        "Drawing: Largest aggregate of the last system"
    script:
        "../../scripts/figures/plot_largest_aggregate.py"
