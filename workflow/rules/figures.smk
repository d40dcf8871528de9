FIGURE_RULES += [
    "plot_spectra",
    "plot_lines",
    "plot_shifts",
    "plot_speciation",
    "plot_settling",
    "plot_rdf",
    "plot_parity",
    "plot_learning_curve",
    "plot_thermodynamics",
]


rule plot_spectra:
    input:
        spectra=rules.tabulate_shifts.output.spectra,
        shifts=rules.tabulate_shifts.output.shifts,
    output:
        pdf=f"{FIGURES}/spectra.pdf",
        png=report(
            f"{FIGURES}/spectra.png",
            caption="../report/plot_spectra.rst",
            category="Spectra",
            labels={"figure": "spectra"},
        ),
    log:
        f"{LOGS}/plot_spectra.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_spectra"),
    message:
        "Drawing: Distribution of shifts by solvation class and mean shift of every system"
    script:
        "../../scripts/figures/plot_spectra.py"


rule plot_lines:
    input:
        spectra=rules.tabulate_shifts.output.spectra,
        shifts=rules.tabulate_shifts.output.shifts,
    output:
        pdf=f"{FIGURES}/lines.pdf",
        png=report(
            f"{FIGURES}/lines.png",
            caption="../report/plot_lines.rst",
            category="Spectra",
            labels={"figure": "lines"},
        ),
    log:
        f"{LOGS}/plot_lines.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_lines"),
    message:
        "Drawing: Exchange-averaged lines of every system"
    script:
        "../../scripts/figures/plot_lines.py"


rule plot_shifts:
    input:
        shifts=rules.tabulate_shifts.output.shifts,
        experiment=STUDY.spectrum.experiment or [],
    output:
        pdf=f"{FIGURES}/shifts.pdf",
        png=report(
            f"{FIGURES}/shifts.png",
            caption="../report/plot_shifts.rst",
            category="Spectra",
            labels={"figure": "shifts"},
        ),
    log:
        f"{LOGS}/plot_shifts.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_shifts"),
    message:
        "Drawing: Mean shift against concentration"
    script:
        "../../scripts/figures/plot_shifts.py"


rule plot_speciation:
    input:
        speciation=rules.tabulate_shifts.output.speciation,
    output:
        pdf=f"{FIGURES}/speciation.pdf",
        png=report(
            f"{FIGURES}/speciation.png",
            caption="../report/plot_speciation.rst",
            category="Solvation",
            labels={"figure": "speciation"},
        ),
    log:
        f"{LOGS}/plot_speciation.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_speciation"),
    message:
        "Drawing: Share of the solvation classes against concentration"
    script:
        "../../scripts/figures/plot_speciation.py"


rule plot_settling:
    input:
        settling=rules.tabulate_shifts.output.settling,
    output:
        pdf=f"{FIGURES}/settling.pdf",
        png=report(
            f"{FIGURES}/settling.png",
            caption="../report/plot_settling.rst",
            category="Solvation",
            labels={"figure": "settling of the shells"},
        ),
    log:
        f"{LOGS}/plot_settling.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_settling"),
    message:
        "Drawing: Anions in the shell over the run, replica by replica"
    script:
        "../../scripts/figures/plot_settling.py"


rule plot_rdf:
    input:
        rdf=rules.tabulate_rdf.output.rdf,
    output:
        pdf=f"{FIGURES}/rdf.pdf",
        png=report(
            f"{FIGURES}/rdf.png",
            caption="../report/plot_rdf.rst",
            category="Solvation",
            labels={"figure": "rdf"},
        ),
    log:
        f"{LOGS}/plot_rdf.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_rdf"),
    message:
        "Drawing: Radial distribution of ligand atoms around the nucleus"
    script:
        "../../scripts/figures/plot_rdf.py"


rule plot_parity:
    input:
        parity=rules.train_model.output.parity,
        metrics=rules.train_model.output.metrics,
    output:
        pdf=f"{FIGURES}/parity.pdf",
        png=report(
            f"{FIGURES}/parity.png",
            caption="../report/plot_parity.rst",
            category="Model",
            labels={"figure": "parity"},
        ),
    log:
        f"{LOGS}/plot_parity.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_parity"),
    message:
        "Drawing: Predicted against computed shieldings"
    script:
        "../../scripts/figures/plot_parity.py"


rule plot_learning_curve:
    input:
        learning_curve=rules.train_model.output.learning_curve,
    output:
        pdf=f"{FIGURES}/learning_curve.pdf",
        png=report(
            f"{FIGURES}/learning_curve.png",
            caption="../report/plot_learning_curve.rst",
            category="Model",
            labels={"figure": "learning curve"},
        ),
    log:
        f"{LOGS}/plot_learning_curve.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_learning_curve"),
    message:
        "Drawing: Test error against the number of labels"
    script:
        "../../scripts/figures/plot_learning_curve.py"


rule plot_thermodynamics:
    input:
        thermo=rules.tabulate_md.output.thermo,
    output:
        pdf=f"{FIGURES}/thermodynamics.pdf",
        png=report(
            f"{FIGURES}/thermodynamics.png",
            caption="../report/plot_thermodynamics.rst",
            category="Molecular dynamics",
            labels={"figure": "thermodynamics"},
        ),
    log:
        f"{LOGS}/plot_thermodynamics.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_thermodynamics"),
    message:
        "Drawing: Density over the MD stages"
    script:
        "../../scripts/figures/plot_thermodynamics.py"
