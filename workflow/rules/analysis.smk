TABLE_RULES += ["tabulate_md", "tabulate_rdf", "tabulate_shifts", "tabulate_experiment"]
FIGURE_NAMES += ["spectra", "lines", "shifts", "speciation", "settling", "rdf", "thermodynamics"]


rule tabulate_md:
    input:
        summaries=expand(rules.run_md.output.summary, system=SYSTEMS, replica=REPLICAS),
        thermo=expand(rules.run_md.output.thermo, system=SYSTEMS, replica=REPLICAS),
    output:
        md=report(
            MD_TABLE,
            caption="../report/tabulate_md.rst",
            category="Molecular dynamics",
            labels={"figure": "density and molarity reached (table)"},
        ),
        thermo=f"{TABLES}/thermo.csv",
    log:
        f"{LOGS}/tabulate_md.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        replicas=[(system, replica) for system in SYSTEMS for replica in REPLICAS],
        max_rows=500,
        code=code("analysis/tabulate_md"),
    message:
        "Tabulating the MD runs"
    script:
        "../../scripts/analysis/tabulate_md.py"


rule tabulate_rdf:
    input:
        rdfs=expand(rules.measure_rdf.output.rdf, system=SYSTEMS),
        shell=rules.set_cutoff.output.shell,
    output:
        rdf=f"{TABLES}/rdf.csv",
    log:
        f"{LOGS}/tabulate_rdf.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("analysis/tabulate_rdf"),
    message:
        "Tabulating the radial distributions"
    script:
        "../../scripts/analysis/tabulate_rdf.py"


rule tabulate_shifts:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
        members=expand(rules.predict_shifts.output.members, system=SYSTEMS),
        md=MD_TABLE,
    output:
        shifts=report(
            f"{TABLES}/shifts.csv",
            caption="../report/tabulate_shifts.rst",
            category="Spectra",
            labels={"figure": "mean shifts (table)"},
        ),
        spectra=f"{TABLES}/spectra.csv",
        speciation=f"{TABLES}/speciation.csv",
        coordination=f"{TABLES}/coordination.csv",
        settling=f"{TABLES}/settling.csv",
    log:
        f"{LOGS}/tabulate_shifts.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_shifts.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=minutes(60),
    params:
        systems=SYSTEMS,
        spectrum=block(
            "spectrum",
            *[
                key
                for key in block("spectrum")
                if key not in ("reference_shielding_ppm", "experiment")
            ],
        ),
        code=code("analysis/tabulate_shifts"),
    message:
        "Mean shifts, spectra and speciation"
    script:
        "../../scripts/analysis/tabulate_shifts.py"


rule tabulate_experiment:
    input:
        experiment=STUDY.spectrum.experiment or [],
    output:
        experiment=f"{TABLES}/experiment.csv",
    log:
        f"{LOGS}/tabulate_experiment.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("analysis/tabulate_experiment"),
    message:
        "The measured series, if one is named"
    script:
        "../../scripts/analysis/tabulate_experiment.py"
