rule predict_shifts:
    input:
        trajectories=trajectories,
        topologies=topologies,
        shell=rules.set_cutoff.output.shell,
        model=rules.train_model.output.model,
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
        runtime=minutes(costs.prediction_minutes),
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        descriptor=block("descriptor"),
        frame_stride=STUDY.sampling.frame_stride,
        chunk_size=STUDY.inference.chunk_size,
        reference_shielding_ppm=STUDY.spectrum.reference_shielding_ppm,
        code=code("predict_shifts"),
    message:
        "Predicting every nucleus of {wildcards.system}"
    script:
        "../../scripts/predict_shifts.py"
