FIGURE_NAMES += ["parity", "learning_curve"]


rule train_model:
    input:
        labels=TRAINING_LABELS,
        shell=rules.set_cutoff.output.shell,
    output:
        model=f"{RESULTS}/model/committee.pt",
    log:
        f"{LOGS}/train_model.log",
    benchmark:
        f"{BENCHMARKS}/train_model.tsv"
    # All predictions wait for it: it goes before its evaluation and the ELF.
    priority: 1
    conda:
        "../../envs/ml.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(limits.training_MB(STUDY)),
        runtime=minutes(limits.training_minutes(STUDY)),
    params:
        descriptor=block("descriptor"),
        model=block("model"),
        protocol=PROTOCOL,
        code=code("training/train_model", RECIPE, DESCRIPTOR),
    message:
        "Training the committee"
    script:
        "../../scripts/training/train_model.py"


rule evaluate_model:
    input:
        labels=TRAINING_LABELS,
        shell=rules.set_cutoff.output.shell,
    output:
        metrics=f"{RESULTS}/model/metrics.csv",
        parity=f"{RESULTS}/model/parity.csv",
        learning_curve=f"{RESULTS}/model/learning_curve.csv",
    log:
        f"{LOGS}/evaluate_model.log",
    benchmark:
        f"{BENCHMARKS}/evaluate_model.tsv"
    conda:
        "../../envs/ml.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(limits.training_MB(STUDY)),
        runtime=minutes(limits.training_minutes(STUDY)),
    params:
        descriptor=block("descriptor"),
        model=block("model"),
        code=code("training/evaluate_model", RECIPE, DESCRIPTOR),
    message:
        "Measuring the model on labels left out"
    script:
        "../../scripts/training/evaluate_model.py"


RESULT_FILES += rules.train_model.output
