# Archived predictions in place of MD, sampling, labels and model. Included after every file that
# names tables or figures: those that need more than predictions are left out.
# What predictions alone give, and the optional columns that it takes.
FROM_PREDICTIONS = {
    "tabulate_shifts": [],
    "tabulate_experiment": [],
    "spectra": [],
    "lines": [],
    "shifts": [],
    "speciation": [],
    "settling": [],
    "tabulate_exchange": [],
    "shift_autocorrelation": [],
    "exchange": [],
    "tabulate_decomposition": [],
    "decomposition": [],
    "tabulate_lsi": ["lsi_A2"],
    "lsi_scatter": ["lsi_A2"],
    "lsi_ranges": ["lsi_A2"],
    "tabulate_map": [*SCORES, "lsi_A2"],
    "pca": [*SCORES, "lsi_A2"],
    "tabulate_pca_meaning": SCORES,
    "pca_meaning": SCORES,
}


if ARCHIVE:
    ARCHIVED_COLUMNS = archived.columns(ARCHIVE, SYSTEMS)
    LEFT_OUT = [
        name
        for name in TABLE_RULES + FIGURE_RULES + FIGURE_NAMES
        if not set(FROM_PREDICTIONS.get(name, [None])) <= ARCHIVED_COLUMNS
    ]
    TABLE_RULES = [name for name in TABLE_RULES if name not in LEFT_OUT]
    FIGURE_RULES = [name for name in FIGURE_RULES if name not in LEFT_OUT]
    FIGURE_NAMES = [name for name in FIGURE_NAMES if name not in LEFT_OUT]
    RESULT_FILES = []

    ruleorder: import_predictions > predict_shifts
    ruleorder: import_tables > tabulate_md
    ruleorder: import_tables > find_axes

    rule import_predictions:
        input:
            predictions=lambda wildcards: archived.prediction_file(ARCHIVE, wildcards.system),
            members=lambda wildcards: archived.member_files(ARCHIVE, SYSTEMS).get(
                wildcards.system, []
            ),
            manifest=archived.manifest_file(ARCHIVE),
        output:
            predictions=f"{RESULTS}/predictions/{{system}}.parquet",
            members=f"{RESULTS}/predictions/{{system}}_members.csv",
        log:
            f"{LOGS}/import_predictions/{{system}}.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        params:
            reference_shielding_ppm=STUDY.spectrum.reference_shielding_ppm,
            code=code("archived/import_predictions"),
        message:
            "Taking archived predictions of {wildcards.system}"
        script:
            "../../scripts/archived/import_predictions.py"

    rule import_tables:
        input:
            md=archived.molarity_file(ARCHIVE),
            variance=archived.variance_file(ARCHIVE),
        output:
            md=MD_TABLE,
            variance=f"{TABLES}/pca_variance.csv",
        log:
            f"{LOGS}/import_tables.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        params:
            systems=SYSTEMS,
            code=code("archived/import_tables"),
        message:
            "Taking archived molarities and the variance of the principal axes"
        script:
            "../../scripts/archived/import_tables.py"
