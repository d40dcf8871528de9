TABLE_RULES += ["find_axes"]


rule accumulate_descriptors:
    input:
        trajectories=trajectories,
        topologies=topologies,
        shell=rules.set_cutoff.output.shell,
    output:
        moments=f"{RESULTS}/pca/{{system}}.npz",
    log:
        f"{LOGS}/accumulate_descriptors/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/accumulate_descriptors/{{system}}.tsv"
    conda:
        "../../envs/ml.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(240),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        elements=lambda wildcards: electrolyte.elements(STUDY.electrolyte),
        shell=block("shell", *SHELL_KEYS),
        descriptor=block("descriptor"),
        frame_stride=STUDY.sampling.frame_stride,
        chunk_size=STUDY.inference.chunk_size,
        code=code("inference/accumulate_descriptors", DESCRIPTOR),
    message:
        "Mean and covariance of the descriptors of {wildcards.system}"
    script:
        "../../scripts/inference/accumulate_descriptors.py"


rule find_axes:
    input:
        moments=expand(rules.accumulate_descriptors.output.moments, system=SYSTEMS),
    output:
        axes=f"{RESULTS}/pca/axes.npz",
        variance=f"{TABLES}/pca_variance.csv",
    log:
        f"{LOGS}/find_axes.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        n_axes=STUDY.map.n_axes,
        code=code("inference/find_axes"),
    message:
        "Principal axes of all environments"
    script:
        "../../scripts/inference/find_axes.py"


rule predict_shifts:
    input:
        trajectories=trajectories,
        topologies=topologies,
        shell=rules.set_cutoff.output.shell,
        model=rules.train_model.output.model,
        axes=rules.find_axes.output.axes,
    output:
        predictions=f"{RESULTS}/predictions/{{system}}.parquet",
        members=f"{RESULTS}/predictions/{{system}}_members.csv",
    log:
        f"{LOGS}/predict_shifts/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/predict_shifts/{{system}}.tsv"
    conda:
        "../../envs/ml.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(limits.prediction_minutes),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        descriptor=block("descriptor"),
        frame_stride=STUDY.sampling.frame_stride,
        chunk_size=STUDY.inference.chunk_size,
        reference_shielding_ppm=STUDY.spectrum.reference_shielding_ppm,
        code=code("inference/predict_shifts", RECIPE, DESCRIPTOR),
    message:
        "Predicting every nucleus of {wildcards.system}"
    script:
        "../../scripts/inference/predict_shifts.py"


RESULT_FILES += expand(rules.predict_shifts.output, system=SYSTEMS)
