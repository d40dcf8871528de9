"""The summary of a study of kind `liquid_nmr`: what its page says, from its tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ionshift.runs import summary_costs
from ionshift.runs.summary_page import Page, Section, Table
from ionshift.statistics.rounding import percent, rounded_error, significant, with_error
from ionshift.studies.summaries import liquid_nmr_advice, liquid_nmr_trust

COLUMNS = {
    "shifts": (
        *("system", "molarity_M", "shift_ppm", "sampling_err_ppm", "model_err_ppm"),
        *("change_ppm", "change_sampling_err_ppm", "change_model_err_ppm"),
        *("n_environments", "extrapolated_share"),
    ),
    "coordination": (
        *("system", "n_anion", "n_anion_err", "n_solvent", "n_solvent_err"),
        *("coordination", "coordination_err", "n_anion_first_half", "n_anion_second_half"),
    ),
    "speciation": ("system", "solvation_class", "share", "share_err"),
    "settling": ("system", "replica"),
    "experiment": ("molarity_M", "change_ppm", "change_err_ppm", "source"),
    "exchange": ("system", "static_share", "static_share_err"),
    "mean_error": ("system", "block_err_ppm", "path_err_ppm"),
    "labels": ("status",),
    "metrics": ("part", "n", "rmse_ppm", "baseline_rmse_ppm", "coverage_68", "coverage_90"),
    "learning_curve": ("n_train", "target_rmse_ppm", "n_for_target"),
    "label_correction": ("n_pairs", "uncorrected_ppm", "corrected_ppm"),
    "potential_validation": ("check", "passed"),
    "costs": summary_costs.COLUMNS,
}
"""Name of a table to the columns that are shown of it."""
WORK = {
    "pack_box": "packing of the boxes",
    "run_md": "molecular dynamics",
    "label_shard": "DFT shieldings",
    "measure_elf": "electron localization",
    "optimize_clusters": "geometry optimization of clusters",
    "train_model": "training of the model",
    "evaluate_model": "evaluation of the model",
    "predict_shifts": "prediction of the shifts",
    "sample_clusters": "choice of clusters",
    "accumulate_descriptors": "descriptors of all environments",
    "train_potential": "training of the potential",
    "label_frames": "reference labels of the potential",
    "run_training_md": "molecular dynamics for the potential",
    "measure_residence": "residence times",
    "measure_diffusion": "diffusion",
}
"""What people call the work of a rule."""
SIGNIFICANT = 2
"""A change of so many times its error is called a change."""


def page(tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any], config: str) -> Page:
    """The page of a study.

    Parameters
    ----------
    tables : those that the study has, of `COLUMNS`
    settings : study, nucleus, archive (empty without one), min_ok_share, replicas, production_ps,
        exploration_rounds (None without a trained potential)
    config : configuration file that commands name
    """
    shifts, nucleus = tables["shifts"], settings["nucleus"]
    names = ", ".join(sorted(f"{name}.csv" for name in tables if name != "labels"))
    trust = liquid_nmr_trust.section(tables, settings)
    answer = [_change(shifts, nucleus), *_shell(shifts, tables["coordination"], nucleus)]
    return Page(
        title=f"{settings['study']}: {nucleus} shift and solvation",
        answer=[*answer, liquid_nmr_trust.in_short(trust)],
        sections=[
            _found(tables, nucleus),
            trust,
            summary_costs.section(tables.get("costs"), WORK),
            liquid_nmr_advice.section(tables, settings, config),
        ],
        footer=f"Every number comes from the tables of results/{settings['study']}: {names}"
        f"{' and labels.parquet' if 'labels' in tables else ''}. Where an error is not known, "
        "it is not zero.",
    )


def _change(shifts: pd.DataFrame, nucleus: str) -> str:
    """The largest change of the mean shift, in a sentence."""
    first = shifts.iloc[0]
    if len(shifts) == 1:
        return (
            f"The mean {nucleus} shift of {first['system']} is known to "
            f"± {rounded_error(total_error(first, 'shift'))} ppm, over "
            f"{first['n_environments']:,.0f} environments; with one system there is no change to "
            "compare it with."
        )
    row = shifts.loc[shifts["change_ppm"].abs().idxmax()]
    error = total_error(row, "change")
    change = with_error(abs(row["change_ppm"]), error)
    where = "upfield" if row["change_ppm"] < 0 else "downfield"
    moved = f"From {first['system']} to {row['system']} the mean {nucleus} shift moves {where} by"
    if not error > 0:
        return f"{moved} {change} ppm; whether that is more than chance is therefore open."
    times = abs(row["change_ppm"]) / error
    if times < SIGNIFICANT:
        return (
            f"The mean {nucleus} shift does not change beyond its error: the largest change from "
            f"{first['system']} is {with_error(row['change_ppm'], error)} ppm, at {row['system']}."
        )
    return f"{moved} {change} ppm, {significant(times, 2)} times its error."


def _shell(shifts: pd.DataFrame, coordination: pd.DataFrame, nucleus: str) -> list[str]:
    """What the shell does over the range of concentrations."""
    if len(shifts) == 1:
        return []
    ends = shifts.sort_values("molarity_M")["system"].iloc[[0, -1]]
    low, high = (coordination.set_index("system").loc[system] for system in ends)
    return [
        f"Anions in the first shell of {nucleus}: "
        f"{with_error(low['n_anion'], low['n_anion_err'])} at {ends.iloc[0]}, "
        f"{with_error(high['n_anion'], high['n_anion_err'])} at {ends.iloc[-1]}."
    ]


def total_error(row: pd.Series, of: str) -> float:
    """Sampling and committee in squares, ppm, of the `shift` or the `change` of a system.

    Sampling alone where the committee's spread is not known; NaN where sampling is not.
    """
    prefix = "" if of == "shift" else "change_"
    model = row[f"{prefix}model_err_ppm"]
    return float(np.hypot(row[f"{prefix}sampling_err_ppm"], 0.0 if pd.isna(model) else model))


def _found(tables: Mapping[str, pd.DataFrame], nucleus: str) -> Section:
    shifts = tables["shifts"]
    first = shifts["system"].iloc[0]
    of = "shift" if len(shifts) == 1 else "change"
    shift = "Mean shift / ppm" if of == "shift" else f"Change of the mean shift from {first} / ppm"
    coordination = tables["coordination"].set_index("system")
    rows = []
    for number, row in enumerate(shifts.to_dict("records")):
        shell = coordination.loc[row["system"]]
        start = of == "change" and number == 0
        error = total_error(pd.Series(row), of)
        rows.append(
            [
                row["system"],
                f"{row['molarity_M']:.2f}",
                "0 (start)" if start else with_error(row[f"{of}_ppm"], error),
                with_error(shell["n_anion"], shell["n_anion_err"]),
                with_error(shell["n_solvent"], shell["n_solvent_err"]),
                with_error(shell["coordination"], shell["coordination_err"]),
                _commonest(tables["speciation"], row["system"]),
            ]
        )
    columns = [
        *("System", "Concentration / mol L⁻¹", shift),
        *(f"Anions per {nucleus}", f"Solvents per {nucleus}", f"Ligand atoms per {nucleus}"),
        "Commonest class",
    ]
    note = (
        "Shifts: standard errors of sampling and of the committee of models, added in squares. "
        "The rest: standard errors of sampling. Only differences between systems are claimed, as "
        "the reference shielding is one constant. Classes by anions in the first shell: SSIP 0, "
        "CIP 1, AGG 2 or 3, AGG+ more."
    )
    if shifts["model_err_ppm"].isna().all():
        note += " The spread of the committee is not known here: shifts have errors of sampling."
    table = Table("Means over all environments, with standard errors", columns, rows, note)
    return Section("What was found", _measured(tables["experiment"]), table, with_figures=True)


def _commonest(speciation: pd.DataFrame, system: str) -> str:
    part = speciation[speciation["system"] == system]
    row = part.loc[part["share"].idxmax()]
    return f"{row['solvation_class']}, {percent(row['share'], row['share_err'])}"


def _measured(series: pd.DataFrame) -> list[str]:
    """A measured series over its own range."""
    if series.empty:
        return []
    first, last = series.iloc[0], series.iloc[-1]
    return [
        f"Measured from {first['molarity_M']:g} to {last['molarity_M']:g} M: "
        f"{with_error(last['change_ppm'], last['change_err_ppm'])} ppm ({last['source']})."
    ]
