SHELL_KEYS = ["ligand_elements", "lsi_cutoff_A"]


rule measure_rdf:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
    output:
        rdf=f"{RESULTS}/shell/rdf_{{system}}.csv",
    log:
        f"{LOGS}/measure_rdf/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_rdf/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(limits.reading_minutes),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", "ligand_elements", "rdf_max_A", "rdf_bin_A"),
        frame_stride=STUDY.sampling.frame_stride,
        code=code("sampling/measure_rdf"),
    message:
        "Radial distribution around the nucleus in {wildcards.system}"
    script:
        "../../scripts/sampling/measure_rdf.py"


rule set_cutoff:
    input:
        rdf=f"{RESULTS}/shell/rdf_{SYSTEMS[0]}.csv",
    output:
        shell=f"{RESULTS}/shell/shell.json",
    log:
        f"{LOGS}/set_cutoff.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        cutoff_A=STUDY.shell.cutoff_A,
        system=SYSTEMS[0],
        code=code("sampling/set_cutoff"),
    message:
        "First-shell cut-off"
    script:
        "../../scripts/sampling/set_cutoff.py"


rule sample_clusters:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
        shell=rules.set_cutoff.output.shell,
        chosen=STUDY.sampling.chosen,
    output:
        clusters=f"{RESULTS}/clusters/{{system}}.extxyz",
    log:
        f"{LOGS}/sample_clusters/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/sample_clusters/{{system}}.tsv"
    conda:
        "../../envs/ml.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(3000),
        runtime=minutes(limits.sampling_minutes),
    params:
        study=STUDY.study,
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        sampling=block("sampling"),
        descriptor=lambda wildcards: (
            block("descriptor") if STUDY.sampling.method == "farthest_point" else None
        ),
        code=code("sampling/sample_clusters", SAMPLER, DESCRIPTOR),
    message:
        "Choosing clusters of {wildcards.system} to label"
    script:
        "../../scripts/sampling/sample_clusters.py"
