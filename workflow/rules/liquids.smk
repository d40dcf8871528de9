# MD with a potential against the classical MD of the same box: included where a study that trains
# its potential runs such boxes.
TABLE_RULES += ["tabulate_potential_liquids"]
FIGURE_RULES += ["plot_potential_liquids"]


use rule measure_pairs as measure_classical_pairs with:
    input:
        trajectories=lambda wildcards: training_md("trajectory", wildcards.system),
        topologies=lambda wildcards: training_md("topology", wildcards.system),
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


rule plot_potential_liquids:
    input:
        table=rules.tabulate_potential_liquids.output.table,
        classical_rdf=rules.tabulate_potential_liquids.input.classical_rdf,
        classical_predictions=rules.tabulate_potential_liquids.input.classical_predictions,
        potential_rdf=rules.tabulate_potential_liquids.input.potential_rdf,
        potential_predictions=rules.tabulate_potential_liquids.input.potential_predictions,
    output:
        pdf=f"{FIGURES}/potential_liquids.pdf",
        png=report(
            f"{FIGURES}/potential_liquids.png",
            caption="../report/plot_potential_liquids.rst",
            category="Potential",
            labels={"figure": "liquids"},
        ),
    log:
        f"{LOGS}/plot_potential_liquids.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        systems=COMPARED,
        ligand_elements=STUDY.shell.ligand_elements,
        style=block("figures"),
        code=code("figures/plot_potential_liquids"),
    message:
        "Drawing: the liquids of potential and force field"
    script:
        "../../scripts/figures/plot_potential_liquids.py"
