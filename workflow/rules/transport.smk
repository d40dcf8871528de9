TABLE_RULES += ["tabulate_exchange", "tabulate_dynamics"]
FIGURE_NAMES += ["shift_autocorrelation", "exchange", "displacements", "diffusion", "residence"]
DYNAMICS = f"{RESULTS}/dynamics"


rule measure_diffusion:
    input:
        trajectories=trajectories,
        topologies=topologies,
        summaries=summaries,
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
        runtime=minutes(120),
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
        summaries=summaries,
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
        runtime=minutes(120),
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
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
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
        runtime=minutes(60),
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
