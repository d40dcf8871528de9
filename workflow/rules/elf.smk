ELF_SURFACE_KEYS = [
    "isovalue",
    "radius_bohr",
    "other_isovalues",
    "other_radii_bohr",
    "degree",
]

if STUDY.elf.n_clusters:
    TABLE_RULES += ["tabulate_elf"]
    FIGURE_RULES += ["plot_elf", "plot_elf_shielding", "plot_elf_surfaces"]


rule measure_elf:
    input:
        clusters=rules.collect_labels.output.clusters,
    output:
        table=f"{RESULTS}/elf/{{system}}.parquet",
    log:
        f"{LOGS}/measure_elf/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_elf/{{system}}.tsv"
    conda:
        "../../envs/dft.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: (attempt * (500 + STUDY.labelling.max_memory_MB)),
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        elf=block("elf", *ELF_SURFACE_KEYS, "n_clusters", "store"),
        protocol=PROTOCOL,
        code=code("elf/measure_elf"),
    message:
        "ELF around the nucleus in clusters of {wildcards.system}"
    script:
        "../../scripts/elf/measure_elf.py"


rule tabulate_elf:
    input:
        measured=expand(rules.measure_elf.output.table, system=SYSTEMS),
        clusters=rules.collect_labels.output.clusters,
        speciation=rules.tabulate_shifts.output.speciation,
    output:
        clusters=f"{TABLES}/elf_clusters.csv",
        groups=report(
            f"{TABLES}/elf.csv",
            caption="../report/tabulate_elf.rst",
            category="Electron localization",
            labels={"figure": "deformation factors (table)"},
        ),
        correlation=f"{TABLES}/elf_correlation.csv",
        sensitivity=report(
            f"{TABLES}/elf_sensitivity.csv",
            caption="../report/elf_sensitivity.rst",
            category="Electron localization",
            labels={"figure": "sensitivity to isovalue and radius (table)"},
        ),
        surfaces=f"{TABLES}/elf_surfaces.csv",
        atoms=f"{TABLES}/elf_atoms.csv",
    log:
        f"{LOGS}/tabulate_elf.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        elf=block("elf", *ELF_SURFACE_KEYS),
        ligand_elements=STUDY.shell.ligand_elements,
        code=code("elf/tabulate_elf"),
    message:
        "Deformation factors of the ELF"
    script:
        "../../scripts/elf/tabulate_elf.py"


rule plot_elf:
    input:
        clusters=rules.tabulate_elf.output.clusters,
        groups=rules.tabulate_elf.output.groups,
        published=STUDY.elf.published or [],
    output:
        pdf=f"{FIGURES}/elf.pdf",
        png=report(
            f"{FIGURES}/elf.png",
            caption="../report/plot_elf.rst",
            category="Electron localization",
            labels={"figure": "deformation against concentration"},
        ),
    log:
        f"{LOGS}/plot_elf.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_elf"),
    message:
        "Drawing: Deformation factors against concentration"
    script:
        "../../scripts/figures/plot_elf.py"


rule plot_elf_shielding:
    input:
        clusters=rules.tabulate_elf.output.clusters,
        correlation=rules.tabulate_elf.output.correlation,
    output:
        pdf=f"{FIGURES}/elf_shielding.pdf",
        png=report(
            f"{FIGURES}/elf_shielding.png",
            caption="../report/plot_elf_shielding.rst",
            category="Electron localization",
            labels={"figure": "deformation against shielding"},
        ),
    log:
        f"{LOGS}/plot_elf_shielding.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_elf_shielding"),
    message:
        "Drawing: Deformation factors against the shielding"
    script:
        "../../scripts/figures/plot_elf_shielding.py"


rule plot_elf_surfaces:
    input:
        surfaces=rules.tabulate_elf.output.surfaces,
        atoms=rules.tabulate_elf.output.atoms,
        clusters=rules.tabulate_elf.output.clusters,
    output:
        pdf=f"{FIGURES}/elf_surfaces.pdf",
        png=report(
            f"{FIGURES}/elf_surfaces.png",
            caption="../report/plot_elf_surfaces.rst",
            category="Electron localization",
            labels={"figure": "ELF surfaces"},
        ),
    log:
        f"{LOGS}/plot_elf_surfaces.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    params:
        style=block("figures"),
        code=code("figures/plot_elf_surfaces"),
    message:
        "Drawing: Surface that ends the core in two typical clusters"
    script:
        "../../scripts/figures/plot_elf_surfaces.py"
