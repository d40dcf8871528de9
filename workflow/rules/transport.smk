TABLE_RULES += ["tabulate_exchange", "tabulate_dynamics"]
FIGURE_RULES += [
    "plot_shift_autocorrelation",
    "plot_exchange",
    "plot_displacements",
    "plot_diffusion",
    "plot_residence",
]
DYNAMICS = f"{RESULTS}/dynamics"


rule measure_diffusion:
    input:
        trajectories=trajectories,
        topologies=topologies,
    output:
        msd=f"{DYNAMICS}/msd_{{system}}.csv",
        diffusion=f"{DYNAMICS}/diffusion_{{system}}.csv",
    log:
        f"{LOGS}/measure_diffusion/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_diffusion/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=120,
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        dynamics=block(
            "dynamics",
            "frame_stride",
            "max_lag_share",
            "fit_share",
            "slope_tolerance",
            "n_blocks",
        ),
        temperature_K=STUDY.md.temperature_K,
        viscosity_mPa_s=lambda wildcards: STUDY.dynamics.viscosity_mPa_s.get(wildcards.system),
        code=code("transport/measure_diffusion"),
    message:
        "Displacements and diffusion in {wildcards.system}"
    script:
        "../../scripts/transport/measure_diffusion.py"


rule measure_residence:
    input:
        trajectories=trajectories,
        topologies=topologies,
        shell=rules.set_cutoff.output.shell,
    output:
        residence=f"{DYNAMICS}/residence_{{system}}.csv",
        times=f"{DYNAMICS}/residence_times_{{system}}.csv",
    log:
        f"{LOGS}/measure_residence/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_residence/{{system}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=120,
    params:
        electrolyte=block("electrolyte", "species", "nucleus", "forcefield"),
        shell=block("shell", *SHELL_KEYS),
        dynamics=block("dynamics", "frame_stride", "max_lag_share", "excursion_ps"),
        code=code("transport/measure_residence"),
    message:
        "Residence in the first shells of {wildcards.system}"
    script:
        "../../scripts/transport/measure_residence.py"


rule tabulate_dynamics:
    input:
        msd=expand(rules.measure_diffusion.output.msd, system=SYSTEMS),
        diffusion=expand(rules.measure_diffusion.output.diffusion, system=SYSTEMS),
        residence=expand(rules.measure_residence.output.residence, system=SYSTEMS),
        residence_times=expand(rules.measure_residence.output.times, system=SYSTEMS),
    output:
        msd=f"{TABLES}/msd.csv",
        diffusion=report(
            f"{TABLES}/diffusion.csv",
            caption="../report/diffusion_table.rst",
            category="Dynamics",
            labels={"figure": "diffusion coefficients (table)"},
        ),
        residence=f"{TABLES}/residence.csv",
        residence_times=report(
            f"{TABLES}/residence_times.csv",
            caption="../report/residence_table.rst",
            category="Dynamics",
            labels={"figure": "residence times (table)"},
        ),
    log:
        f"{LOGS}/tabulate_dynamics.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("transport/tabulate_dynamics"),
    message:
        "Tabulating displacements, diffusion and residence"
    script:
        "../../scripts/transport/tabulate_dynamics.py"


rule tabulate_exchange:
    input:
        predictions=expand(rules.predict_shifts.output.predictions, system=SYSTEMS),
    output:
        autocorrelation=f"{TABLES}/shift_autocorrelation.csv",
        exchange=report(
            f"{TABLES}/exchange.csv",
            caption="../report/exchange_table.rst",
            category="Dynamics",
            labels={"figure": "regime of exchange (table)"},
        ),
        lines=f"{TABLES}/exchange_lines.csv",
        mean_error=report(
            f"{TABLES}/mean_error.csv",
            caption="../report/mean_error_table.rst",
            category="Dynamics",
            labels={"figure": "errors of the mean shift compared (table)"},
        ),
    log:
        f"{LOGS}/tabulate_exchange.log",
    benchmark:
        f"{BENCHMARKS}/tabulate_exchange.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(4000),
        runtime=60,
    params:
        systems=SYSTEMS,
        spectrum=block(
            "spectrum",
            "larmor_MHz",
            "t2_s",
            "n_points",
            "distribution_sigma_ppm",
            "n_blocks",
        ),
        max_lag_share=STUDY.dynamics.max_lag_share,
        code=code("transport/tabulate_exchange"),
    message:
        "Shift autocorrelation and regime of exchange"
    script:
        "../../scripts/transport/tabulate_exchange.py"


rule plot_shift_autocorrelation:
    input:
        autocorrelation=rules.tabulate_exchange.output.autocorrelation,
        exchange=rules.tabulate_exchange.output.exchange,
    output:
        pdf=f"{FIGURES}/shift_autocorrelation.pdf",
        png=report(
            f"{FIGURES}/shift_autocorrelation.png",
            caption="../report/plot_shift_autocorrelation.rst",
            category="Dynamics",
            labels={"figure": "shift autocorrelation"},
        ),
    log:
        f"{LOGS}/plot_shift_autocorrelation.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_shift_autocorrelation"),
    message:
        "Drawing: Shift autocorrelation along every path"
    script:
        "../../scripts/figures/plot_shift_autocorrelation.py"


rule plot_exchange:
    input:
        lines=rules.tabulate_exchange.output.lines,
        exchange=rules.tabulate_exchange.output.exchange,
    output:
        pdf=f"{FIGURES}/exchange.pdf",
        png=report(
            f"{FIGURES}/exchange.png",
            caption="../report/plot_exchange.rst",
            category="Dynamics",
            labels={"figure": "exchange narrowing"},
        ),
    log:
        f"{LOGS}/plot_exchange.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_exchange"),
    message:
        "Drawing: Static distribution and exchange-narrowed line of every system"
    script:
        "../../scripts/figures/plot_exchange.py"


rule plot_displacements:
    input:
        msd=rules.tabulate_dynamics.output.msd,
        diffusion=rules.tabulate_dynamics.output.diffusion,
    output:
        pdf=f"{FIGURES}/displacements.pdf",
        png=report(
            f"{FIGURES}/displacements.png",
            caption="../report/plot_displacements.rst",
            category="Dynamics",
            labels={"figure": "mean-square displacement"},
        ),
    log:
        f"{LOGS}/plot_displacements.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_displacements"),
    message:
        "Drawing: Mean-square displacement of every species"
    script:
        "../../scripts/figures/plot_displacements.py"


rule plot_diffusion:
    input:
        diffusion=rules.tabulate_dynamics.output.diffusion,
    output:
        pdf=f"{FIGURES}/diffusion.pdf",
        png=report(
            f"{FIGURES}/diffusion.png",
            caption="../report/plot_diffusion.rst",
            category="Dynamics",
            labels={"figure": "diffusion coefficients"},
        ),
    log:
        f"{LOGS}/plot_diffusion.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_diffusion"),
    message:
        "Drawing: Diffusion coefficients of every species"
    script:
        "../../scripts/figures/plot_diffusion.py"


rule plot_residence:
    input:
        residence=rules.tabulate_dynamics.output.residence,
        residence_times=rules.tabulate_dynamics.output.residence_times,
    output:
        pdf=f"{FIGURES}/residence.pdf",
        png=report(
            f"{FIGURES}/residence.png",
            caption="../report/plot_residence.rst",
            category="Dynamics",
            labels={"figure": "residence"},
        ),
    log:
        f"{LOGS}/plot_residence.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_residence"),
    message:
        "Drawing: Residence of anions and solvents in the first shell"
    script:
        "../../scripts/figures/plot_residence.py"
