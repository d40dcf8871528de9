# The training of a potential: included where the configuration has `potential_training`.
# Its classical MD is the stage `md` once more, of the training boxes.
use rule pack_box as pack_training_box with:
    input:
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
        start=lambda wildcards: start_of(TRAINING_SYSTEMS[wildcards.box], wildcards.replica),
    output:
        packed=f"{TRAINING_MD_FOLDER}/packed.pdb",
    log:
        f"{LOGS}/pack_training_box/{{box}}_{{replica}}.log",
    benchmark:
        f"{BENCHMARKS}/pack_training_box/{{box}}_{{replica}}.tsv"
    params:
        system=lambda wildcards: contents_of(TRAINING_SYSTEMS[wildcards.box]),
        seed=training_seed,
    message:
        "Packing the training box {wildcards.box}, replica {wildcards.replica}"


use rule run_md as run_training_md with:
    input:
        packed=rules.pack_training_box.output.packed,
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
    output:
        trajectory=f"{TRAINING_MD_FOLDER}/trajectory.xtc",
        topology=f"{TRAINING_MD_FOLDER}/topology.pdb",
        thermo=f"{TRAINING_MD_FOLDER}/thermo.csv",
        summary=f"{TRAINING_MD_FOLDER}/md_summary.json",
    log:
        f"{LOGS}/run_training_md/{{box}}_{{replica}}.log",
    benchmark:
        f"{BENCHMARKS}/run_training_md/{{box}}_{{replica}}.tsv"
    conda:
        engine_environment(TRAINING_ENGINE, STUDY.potential)
    threads: TRAINING.md.threads
    resources:
        **how_md_runs(TRAINING.md),
        mem_mb=memory_MB(2000),
        runtime=minutes(240),
    params:
        system=lambda wildcards: contents_of(TRAINING_SYSTEMS[wildcards.box]),
        md=md_parameters(TRAINING.md),
        potential=None,
        potential_md=None,
        seed=training_seed,
        code=code("md/run_md", TRAINING_ENGINE),
    message:
        "Classical MD of the training box {wildcards.box}, replica {wildcards.replica}"


rule choose_frames:
    input:
        trajectories=lambda wildcards: training_md("trajectory", wildcards.box),
        topologies=lambda wildcards: training_md("topology", wildcards.box),
        summaries=lambda wildcards: training_md("summary", wildcards.box),
    output:
        frames=f"{ROUNDS_FOLDER}/0/frames/{{box}}.extxyz",
    log:
        f"{LOGS}/choose_frames/{{box}}.log",
    benchmark:
        f"{BENCHMARKS}/choose_frames/{{box}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        frames=TRAINING.frames.model_dump(mode="json"),
        group_ps=TRAINING.model.group_ps,
        code=code("potential_training/choose_frames"),
    message:
        "Choosing frames of {wildcards.box} for the potential"
    script:
        "../../scripts/potential_training/choose_frames.py"


rule explore_box:
    input:
        trajectories=lambda wildcards: training_md("trajectory", wildcards.box),
        topologies=lambda wildcards: training_md("topology", wildcards.box),
        summaries=lambda wildcards: training_md("summary", wildcards.box),
        models=members_before,
    output:
        frames=f"{ROUND_FOLDER}/explored/{{box}}.extxyz",
        met=f"{ROUND_FOLDER}/explored/{{box}}.csv",
    log:
        f"{LOGS}/explore_box/{{round}}_{{box}}.log",
    benchmark:
        f"{BENCHMARKS}/explore_box/{{round}}_{{box}}.tsv"
    wildcard_constraints:
        round=r"[1-9]\d*",
    conda:
        "../../envs/potential_mace.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(limits.exploration_minutes(STUDY)),
    params:
        exploration=EXPLORATION,
        model=training_model("learning_shares", "committee_size"),
        prior=PRIOR,
        elements=electrolyte.elements(STUDY.electrolyte),
        work=lambda wildcards: f"{ROUNDS_FOLDER}/{wildcards.round}/explored/{wildcards.box}.traj",
        code=code("potential_training/explore_box", TRAINED_FAMILY),
    message:
        "MD of {wildcards.box} with the potential, round {wildcards.round}"
    script:
        "../../scripts/potential_training/explore_box.py"


rule choose_candidates:
    input:
        frames=rules.explore_box.output.frames,
        met=rules.explore_box.output.met,
    output:
        frames=f"{ROUND_FOLDER}/frames/{{box}}.extxyz",
    log:
        f"{LOGS}/choose_candidates/{{round}}_{{box}}.log",
    wildcard_constraints:
        round=r"[1-9]\d*",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        exploration=EXPLORATION | WINDOW,
        code=code("potential_training/choose_candidates"),
    message:
        "Choosing frames of {wildcards.box} for round {wildcards.round}"
    script:
        "../../scripts/potential_training/choose_candidates.py"


rule label_frames:
    input:
        frames=f"{ROUND_FOLDER}/frames/{{box}}.extxyz",
    output:
        frames=f"{ROUND_FOLDER}/shards/{{box}}_{{shard}}.extxyz",
        table=f"{ROUND_FOLDER}/shards/{{box}}_{{shard}}.parquet",
    log:
        f"{LOGS}/label_frames/{{round}}_{{box}}_{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/label_frames/{{round}}_{{box}}_{{shard}}.tsv"
    conda:
        f"../../envs/{REFERENCE.environment}"
    threads: TRAINING.workers
    resources:
        mem_mb=memory_MB(TRAINING.workers * TRAINING.max_memory_MB),
        runtime=minutes(limits.reference_minutes(TRAINING)),
    params:
        reference=effective_reference(TRAINING.reference),
        charges=REFERENCE_CHARGES,
        cp2k_command=TRAINING.cp2k_command,
        store=TRAINING.store,
        shard_size=TRAINING.shard_size,
        code=code("potential_training/label_frames", REFERENCE),
    message:
        "Reference labels of {wildcards.box}, round {wildcards.round}, shard {wildcards.shard}"
    script:
        "../../scripts/potential_training/label_frames.py"


rule collect_frames:
    input:
        frames=lambda wildcards: shards_up_to(wildcards, "extxyz"),
        tables=lambda wildcards: shards_up_to(wildcards, "parquet"),
    output:
        frames=f"{ROUND_FOLDER}/frames.extxyz",
        table=f"{ROUND_FOLDER}/frames.parquet",
        atoms=f"{ROUND_FOLDER}/isolated_atoms.json",
    log:
        f"{LOGS}/collect_frames/{{round}}.log",
    conda:
        f"../../envs/{REFERENCE.environment}"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        reference=effective_reference(TRAINING.reference),
        cp2k_command=TRAINING.cp2k_command,
        store=TRAINING.store,
        isolated_atoms=TRAINING.model.isolated_atoms,
        min_ok_share=TRAINING.min_ok_share,
        code=code("potential_training/collect_frames", REFERENCE),
    message:
        "Collecting labelled frames up to round {wildcards.round}, and checking the gate"
    script:
        "../../scripts/potential_training/collect_frames.py"


rule train_potential:
    input:
        frames=rules.collect_frames.output.frames,
        atoms=rules.collect_frames.output.atoms,
    output:
        model=f"{ROUND_FOLDER}/models/{{run}}.model",
        epochs=f"{ROUND_FOLDER}/models/{{run}}.csv",
    log:
        f"{LOGS}/train_potential/{{round}}_{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/train_potential/{{round}}_{{run}}.tsv"
    conda:
        "../../envs/potential_mace.yaml"
    threads: TRAINING.model.threads
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(1440),
    params:
        model=training_model("committee_size", "learning_shares"),
        prior=PRIOR,
        member=lambda wildcards: TRAINING_RUNS[wildcards.run][0],
        share=lambda wildcards: TRAINING_RUNS[wildcards.run][1],
        work=lambda wildcards: f"{ROUNDS_FOLDER}/{wildcards.round}/training/{wildcards.run}",
        code=code("potential_training/train_potential"),
    message:
        "Training the potential, round {wildcards.round}, {wildcards.run}"
    script:
        "../../scripts/potential_training/train_potential.py"


rule evaluate_potential:
    input:
        frames=f"{LAST_FOLDER}/frames.extxyz",
        models=expand(rules.train_potential.output.model, round=LAST_ROUND, run=TRAINING_RUNS),
        epochs=expand(rules.train_potential.output.epochs, round=LAST_ROUND, run=TRAINING_RUNS),
    output:
        metrics=report(
            f"{TABLES}/potential_metrics.csv",
            caption="../report/evaluate_potential.rst",
            category="Potential",
            labels={"figure": "errors (table)"},
        ),
        parity=f"{TABLES}/potential_parity.csv",
        learning_curve=f"{TABLES}/potential_learning_curve.csv",
        epochs=f"{TABLES}/potential_epochs.csv",
    log:
        f"{LOGS}/evaluate_potential.log",
    benchmark:
        f"{BENCHMARKS}/evaluate_potential.tsv"
    conda:
        "../../envs/potential_mace.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(120),
    params:
        model=training_model("learning_shares", "committee_size"),
        prior=PRIOR,
        runs=TRAINING_RUNS,
        elements=electrolyte.elements(STUDY.electrolyte),
        code=code("potential_training/evaluate_potential", TRAINED_FAMILY),
    message:
        "Errors of the potential on held-out frames"
    script:
        "../../scripts/potential_training/evaluate_potential.py"


rule tabulate_rounds:
    input:
        frames=f"{LAST_FOLDER}/frames.extxyz",
        models=[model for number in range(LAST_ROUND + 1) for model in members_of(number)],
        met=expand(
            rules.explore_box.output.met,
            round=range(1, LAST_ROUND + 2),
            box=TRAINING_SYSTEMS,
        ),
    output:
        errors=report(
            f"{TABLES}/potential_rounds.csv",
            caption="../report/tabulate_rounds.rst",
            category="Potential",
            labels={"figure": "rounds (table)"},
        ),
        reached=report(
            f"{TABLES}/potential_exploration.csv",
            caption="../report/potential_exploration.rst",
            category="Potential",
            labels={"figure": "exploration (table)"},
        ),
        met=f"{TABLES}/potential_deviations.csv",
    log:
        f"{LOGS}/tabulate_rounds.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_rounds.tsv"
    conda:
        "../../envs/potential_mace.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(120),
    params:
        exploration=EXPLORATION | WINDOW,
        model=training_model("learning_shares", "committee_size"),
        prior=PRIOR,
        models_of_rounds=[members_of(number) for number in range(LAST_ROUND + 1)],
        elements=electrolyte.elements(STUDY.electrolyte),
        code=code("potential_training/tabulate_rounds", TRAINED_FAMILY),
    message:
        "Errors of the potential by round"
    script:
        "../../scripts/potential_training/tabulate_rounds.py"


rule run_validation_md:
    input:
        model=f"{LAST_FOLDER}/models/{FIRST_MEMBER}.model",
        packed=expand(rules.pack_training_box.output.packed, box=VALIDATION_BOX, replica=0),
        templates=templates(),
        forcefield=STUDY.electrolyte.forcefield,
        trajectory=expand(rules.run_training_md.output.trajectory, box=VALIDATION_BOX, replica=0),
        topology=expand(rules.run_training_md.output.topology, box=VALIDATION_BOX, replica=0),
        summary=expand(rules.run_training_md.output.summary, box=VALIDATION_BOX, replica=0),
    output:
        checks=f"{POTENTIAL_FOLDER}/validation_md/checks.csv",
        rdf=f"{POTENTIAL_FOLDER}/validation_md/rdf.csv",
    log:
        f"{LOGS}/run_validation_md.log",
    benchmark:
        f"{BENCHMARKS}/run_validation_md.tsv"
    conda:
        "../../envs/potential_mace.yaml"
    threads: TRAINING.md.threads
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(1440),
        platform=TRAINING.md.platform,
    params:
        electrolyte=block("electrolyte", *FORCE_FIELD_KEYS, "nucleus"),
        system=contents_of(TRAINING_SYSTEMS[VALIDATION_BOX]),
        md=TRAINING.md.model_dump(mode="json", exclude={*HOW_MD_RUNS, "engine"}),
        shell=block("shell", "ligand_elements", "rdf_max_A", "rdf_bin_A"),
        model=TRAINING.model.model_dump(mode="json", include={"backend", "device", "dtype"}),
        prior=PRIOR,
        validation=TRAINING.validation.liquid(),
        potential_md=STUDY.potential_md.model_dump(mode="json", exclude={"npt_ps"}),
        seed=provenance.derive_seed(STUDY.seed, "validation", VALIDATION_BOX),
        folder=f"{POTENTIAL_FOLDER}/validation_md/run",
        code=code("potential_training/run_validation_md", ENGINES.get("potential"), TRAINED_FAMILY),
    message:
        "MD with the potential, compared with the classical one"
    script:
        "../../scripts/potential_training/run_validation_md.py"


rule validate_potential:
    input:
        frames=f"{LAST_FOLDER}/frames.extxyz",
        model=f"{LAST_FOLDER}/models/{FIRST_MEMBER}.model",
        metrics=rules.evaluate_potential.output.metrics,
        liquid=[rules.run_validation_md.output.checks] if TRAINING.validation.md_ps else [],
    output:
        checks=report(
            f"{TABLES}/potential_validation.csv",
            caption="../report/validate_potential.rst",
            category="Potential",
            labels={"figure": "validation (table)"},
        ),
        nve=f"{TABLES}/potential_nve.csv",
        scan=f"{TABLES}/potential_scan.csv",
    log:
        f"{LOGS}/validate_potential.log",
    benchmark:
        f"{BENCHMARKS}/validate_potential.tsv"
    conda:
        "../../envs/potential_mace.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(120),
    params:
        validation=TRAINING.validation.model_dump(mode="json", exclude={"override", *LIQUID_KEYS}),
        model=training_model("learning_shares", "committee_size"),
        prior=PRIOR,
        run=FIRST_MEMBER,
        elements=electrolyte.elements(STUDY.electrolyte),
        code=code("potential_training/validate_potential", TRAINED_FAMILY),
    message:
        "Validating the potential"
    script:
        "../../scripts/potential_training/validate_potential.py"


rule accept_potential:
    input:
        model=rules.validate_potential.input.model,
        checks=rules.validate_potential.output.checks,
    output:
        model=f"{POTENTIAL_FOLDER}/potential.model",
    log:
        f"{LOGS}/accept_potential.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        override=TRAINING.validation.override,
        code=code("potential_training/accept_potential"),
    message:
        "Accepting the potential, if it passed its validation"
    script:
        "../../scripts/potential_training/accept_potential.py"


RESULT_FILES += rules.accept_potential.output
