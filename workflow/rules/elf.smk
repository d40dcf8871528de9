ELF_SURFACE_KEYS = [
    "isovalue",
    "radius_bohr",
    "other_isovalues",
    "other_radii_bohr",
    "degree",
]

if STUDY.elf.n_clusters:
    TABLE_RULES += ["tabulate_elf", "tabulate_published_elf"]
    FIGURE_NAMES += ["elf", "elf_shielding", "elf_surfaces"]


rule measure_elf:
    input:
        clusters=rules.collect_labels.output.clusters,
        shipped=STUDY.elf.shipped,
    output:
        table=f"{RESULTS}/elf/{{system}}.parquet",
    log:
        f"{LOGS}/measure_elf/{{system}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_elf/{{system}}.tsv"
    conda:
        "../../envs/dft.yaml"
    threads: STUDY.labelling.workers
    resources:
        mem_mb=memory_MB(STUDY.labelling.workers * STUDY.labelling.max_memory_MB),
        runtime=minutes(240),
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
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        elf=block("elf", *ELF_SURFACE_KEYS),
        ligand_elements=STUDY.shell.ligand_elements,
        code=code("elf/tabulate_elf"),
    message:
        "Deformation factors of the ELF"
    script:
        "../../scripts/elf/tabulate_elf.py"


rule tabulate_published_elf:
    input:
        published=STUDY.elf.published or [],
    output:
        published=f"{TABLES}/elf_published.csv",
    log:
        f"{LOGS}/tabulate_published_elf.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("elf/tabulate_published_elf"),
    message:
        "Published deformation factors, if they are named"
    script:
        "../../scripts/elf/tabulate_published_elf.py"
