TABLE_RULES += ["tabulate_map", "tabulate_pca_meaning"]
FIGURE_NAMES += ["pca", "pca_meaning"]
FIGURE_RULES += ["write_map_page"]
# One system has no change of its mean shift to explain.
if len(SYSTEMS) > 1:
    TABLE_RULES += ["tabulate_decomposition"]
    FIGURE_NAMES += ["decomposition"]


rule measure_symmetry:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
        shell=rules.set_cutoff.output.shell,
    output:
        symmetry=f"{RESULTS}/shell/symmetry_{{system}}.parquet",
    log:
        f"{LOGS}/measure_symmetry/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_symmetry/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        frame_stride=STUDY.sampling.frame_stride,
        code=code("maps/measure_symmetry"),
    message:
        "Symmetry of the first shells in {wildcards.system}"
    script:
        "../../scripts/maps/measure_symmetry.py"


if ARCHIVE:
    SYMMETRY = archived.symmetry_files(ARCHIVE, SYSTEMS)
else:
    SYMMETRY = expand(rules.measure_symmetry.output.symmetry, system=SYSTEMS)


rule tabulate_map:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
    output:
        map=f"{TABLES}/pca.csv",
    log:
        f"{LOGS}/tabulate_map.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        systems=SYSTEMS,
        map=block("map", "n_points", "seed"),
        code=code("maps/tabulate_map"),
    message:
        "Sampling environments for the map"
    script:
        "../../scripts/maps/tabulate_map.py"


rule tabulate_pca_meaning:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        symmetry=SYMMETRY,
    output:
        meaning=report(
            f"{TABLES}/pca_meaning.csv",
            caption="../report/tabulate_pca_meaning.rst",
            category="Map",
            labels={"figure": "what the components mean (table)"},
        ),
    log:
        f"{LOGS}/tabulate_pca_meaning.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        systems=SYSTEMS,
        map=block("map", "n_resamples", "seed"),
        n_blocks=STUDY.spectrum.n_blocks,
        code=code("maps/tabulate_pca_meaning"),
    message:
        "Correlating components with shift and shell"
    script:
        "../../scripts/maps/tabulate_pca_meaning.py"


rule tabulate_decomposition:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        members=expand(rules.predict_shifts.output.members, system=SYSTEMS),
    output:
        decomposition=report(
            f"{TABLES}/decomposition.csv",
            caption="../report/tabulate_decomposition.rst",
            category="Spectra",
            labels={"figure": "why the mean shift changes (table)"},
        ),
    log:
        f"{LOGS}/tabulate_decomposition.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        systems=SYSTEMS,
        map=block("map", "n_resamples", "seed"),
        n_blocks=STUDY.spectrum.n_blocks,
        code=code("maps/tabulate_decomposition"),
    message:
        "Decomposing the change of the mean shift"
    script:
        "../../scripts/maps/tabulate_decomposition.py"


rule cut_map_clusters:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
        shell=rules.set_cutoff.output.shell,
        predictions=rules.predict_shifts.output.predictions,
    output:
        clusters=f"{RESULTS}/pca/{{system}}.extxyz",
    log:
        f"{LOGS}/cut_map_clusters/{{system}}.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        map=block("map", "n_structures", "seed"),
        code=code("maps/cut_map_clusters"),
    message:
        "Cutting clusters of {wildcards.system} for the interactive map"
    script:
        "../../scripts/maps/cut_map_clusters.py"


rule write_map_page:
    input:
        clusters=expand(rules.cut_map_clusters.output.clusters, system=SYSTEMS),
    output:
        page=report(
            f"{FIGURES}/map.html",
            caption="../report/write_map_page.rst",
            category="Map",
            labels={"figure": "interactive map with clusters in 3D"},
        ),
    log:
        f"{LOGS}/write_map_page.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        study=STUDY.study,
        code=code("maps/write_map_page"),
    message:
        "Writing the interactive map"
    script:
        "../../scripts/maps/write_map_page.py"
