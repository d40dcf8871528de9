# MD with a potential against the classical MD of the same box: included where a study that trains
# its potential runs such boxes.
TABLE_RULES += ["tabulate_potential_liquids"]
FIGURE_NAMES += ["potential_liquids"]


use rule measure_pairs as measure_classical_pairs with:
    input:
        trajectories=lambda wildcards: training_md("trajectory", wildcards.system),
        topologies=lambda wildcards: training_md("topology", wildcards.system),
        summaries=lambda wildcards: training_md("summary", wildcards.system),
    output:
        rdf=f"{POTENTIAL_FOLDER}/classical/pair_rdf_{{system}}.csv",
    log:
        f"{LOGS}/measure_classical_pairs/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_classical_pairs/{{system}}.tsv"
    message:
        "Pair distributions of the classical {wildcards.system}"


use rule predict_shifts as predict_classical with:
    input:
        trajectories=lambda wildcards: training_md("trajectory", wildcards.system),
        topologies=lambda wildcards: training_md("topology", wildcards.system),
        summaries=lambda wildcards: training_md("summary", wildcards.system),
        shell=rules.set_cutoff.output.shell,
        model=rules.train_model.output.model,
        axes=rules.find_axes.output.axes,
    output:
        predictions=f"{POTENTIAL_FOLDER}/classical/{{system}}.parquet",
        members=f"{POTENTIAL_FOLDER}/classical/{{system}}_members.csv",
    log:
        f"{LOGS}/predict_classical/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/predict_classical/{{system}}.tsv"
    message:
        "Predicting every nucleus of the classical {wildcards.system}"


rule tabulate_potential_liquids:
    input:
        classical_rdf=expand(rules.measure_classical_pairs.output.rdf, system=COMPARED),
        classical_predictions=expand(rules.predict_classical.output.predictions, system=COMPARED),
        classical_members=expand(rules.predict_classical.output.members, system=COMPARED),
        classical_summaries=training_md("summary", COMPARED),
        potential_rdf=expand(rules.measure_pairs.output.rdf, system=COMPARED),
        potential_predictions=expand(rules.predict_shifts.output.predictions, system=COMPARED),
        potential_members=expand(rules.predict_shifts.output.members, system=COMPARED),
        potential_summaries=expand(rules.run_md.output.summary, system=COMPARED, replica=REPLICAS),
        shell=rules.set_cutoff.output.shell,
    output:
        table=report(
            f"{TABLES}/potential_liquids.csv",
            caption="../report/tabulate_potential_liquids.rst",
            category="Potential",
            labels={"figure": "liquids (table)"},
        ),
        rdf=f"{TABLES}/potential_liquids_rdf.csv",
        shieldings=f"{TABLES}/potential_liquids_shieldings.csv",
    log:
        f"{LOGS}/tabulate_potential_liquids.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        systems=COMPARED,
        shell=block("shell", "ligand_elements"),
        n_blocks=STUDY.spectrum.n_blocks,
        code=code("liquids/tabulate_potential_liquids"),
    message:
        "Comparing the liquids of potential and force field"
    script:
        "../../scripts/liquids/tabulate_potential_liquids.py"
