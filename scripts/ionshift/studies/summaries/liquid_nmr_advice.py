"""The command that improves a study of kind `liquid_nmr` most, by a plain rule.

What rests on less comes first: a potential that failed its checks, then labels that were lost.
Otherwise three errors of the mean shift in ppm are compared, and the largest one decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ionshift.runs.summary_costs import hours
from ionshift.runs.summary_page import Advice, Section, Table
from ionshift.statistics.rounding import percent, rounded_error, significant
from ionshift.studies.summaries.liquid_nmr_trust import (
    FAILED_SHARE,
    at_largest,
    failed_checks,
    held_out,
    labels_lost,
    unseen,
)

Tables = Mapping[str, pd.DataFrame]
TITLE = "What improves it most"
MORE_RUNS = 4
"""Times as many independent environments halve a sampling error."""
N_NEXT = 40
"""Labels of a further round."""
MOST_EXTRAPOLATED = 20
"""Times as many labels as there are: beyond it the learning curve says nothing."""
RULE = (
    "The rule: a potential that failed its checks comes first, then labels that were lost (more "
    f"than {100 * FAILED_SHARE:g} %). Otherwise the largest of these errors decides."
)


@dataclass(frozen=True)
class Term:
    """One part of the error of the mean shift: ppm, the numbers behind it, what it comes to."""

    name: str
    value_ppm: float
    source: str
    reason: str


def section(tables: Tables, settings: Mapping[str, Any], config: str) -> Section:
    """The advice with the numbers that led to it."""
    terms = {"sampling": _sampling(tables), "outside": _outside(tables), "model": _model(tables)}
    table = Table(
        "Errors of the mean shift, the largest over all systems",
        ["Error", "ppm", "From"],
        [[term.name, rounded_error(term.value_ppm), term.source] for term in terms.values()],
        RULE,
    )
    return Section(TITLE, table=table, advice=_advice(terms, tables, settings, config))


def _prefix(shifts: pd.DataFrame) -> str:
    """Columns of one system's mean, or of changes between systems."""
    return "" if len(shifts) == 1 else "change_"


def _sampling(tables: Tables) -> Term:
    value, system = at_largest(tables["shifts"], f"{_prefix(tables['shifts'])}sampling_err_ppm")
    return Term(
        "Sampling: too few independent environments",
        value,
        f"shifts.csv, at {system}" if system else "too few frames",
        "Sampling is the largest error" + ("." if system else ": it is not even known."),
    )


def _model(tables: Tables) -> Term:
    value, system = at_largest(tables["shifts"], f"{_prefix(tables['shifts'])}model_err_ppm")
    return Term(
        "Model: the committee disagrees",
        value,
        f"shifts.csv, at {system}" if system else "no members of a committee",
        "The disagreement of the committee is the largest error, not sampling.",
    )


def _outside(tables: Tables) -> Term:
    """Share of environments outside the training range times the error where nothing like it was
    seen: that with a system left out, the mean baseline where none could be."""
    share, system = at_largest(tables["shifts"], "extrapolated_share")
    value, source = float("nan"), "the error of the model is not known"
    if "metrics" in tables and system:
        error, left_out = unseen(tables["metrics"])
        of = f"{significant(error, 2)} ppm, the error with {left_out} left out of the training"
        if not left_out:
            error = float(held_out(tables["metrics"])["baseline_rmse_ppm"])
            of = f"{significant(error, 2)} ppm, the error of the mean baseline"
        value, source = share * error, f"{percent(share)} at {system}, times {of}"
    return Term(
        "Model: environments outside the training range",
        value,
        source,
        f"{percent(share)} of the environments at {system} lie outside the training range, and "
        "that is the largest error.",
    )


def _advice(
    terms: Mapping[str, Term], tables: Tables, settings: Mapping[str, Any], config: str
) -> Advice:
    if settings["archive"]:
        return _run_it(terms, settings, config)
    failed = (
        failed_checks(tables["potential_validation"]) if "potential_validation" in tables else []
    )
    if failed:
        return _better_potential(failed, settings, config)
    if labels_lost(tables["labels"]) > FAILED_SHARE:
        return _retry(tables["labels"], config)
    if _largest(terms) == "sampling":
        return _more_sampling(terms["sampling"], tables, settings, config)
    return _more_labels(terms[_largest(terms)], tables, config)


def _largest(terms: Mapping[str, Term]) -> str:
    """The term that decides; a sampling error that is not known is the first thing to mend."""
    if np.isnan(terms["sampling"].value_ppm):
        return "sampling"
    return max(terms, key=lambda name: np.nan_to_num(terms[name].value_ppm, nan=-1.0))


def _run_it(terms: Mapping[str, Term], settings: Mapping[str, Any], config: str) -> Advice:
    known = [term for term in terms.values() if np.isfinite(term.value_ppm)]
    largest = ""
    if known:
        most = max(known, key=lambda term: term.value_ppm)
        largest = (
            f" The largest of those known is {rounded_error(most.value_ppm)} ppm: {most.name}."
        )
    return Advice(
        f"These predictions come from an archive ({settings['archive']}): without its molecular "
        f"dynamics, labels and model none of these errors can be made smaller from here.{largest} "
        "What helps is to run the study itself.",
        f"ionshift run {config}",
        "inference:\n  archive: null",
        f"ionshift plan {config} says beforehand what that takes.",
    )


def _better_potential(failed: list[str], settings: Mapping[str, Any], config: str) -> Advice:
    rounds = settings["exploration_rounds"]
    named = ", ".join(name.replace("_", " ") for name in failed)
    return Advice(
        f"The potential failed {named}, and all that follows rests on it. A further round of "
        "exploration labels the frames on which its members disagree.",
        f"ionshift run {config}",
        f"potential_training:\n  exploration:\n    rounds: {rounds + 1}  # now {rounds}",
    )


def _retry(labels: pd.DataFrame, config: str) -> Advice:
    return Advice(
        f"{percent(labels_lost(labels))} of the labels are lost, more than "
        f"{100 * FAILED_SHARE:g} %: those that are hard to compute are of one kind more often than "
        "not, which the model then never sees. Compute them again with a stronger recipe.",
        f"ionshift labels retry {config}",
        afterwards=f"Then: ionshift run {config}",
    )


def _more_sampling(term: Term, tables: Tables, settings: Mapping[str, Any], config: str) -> Advice:
    shells_last, reason = _why_sampling(tables)
    if shells_last:
        now = settings["replicas"]
        change = f"md:\n  replicas: {MORE_RUNS * now}  # now {now}"
    else:
        now = settings["production_ps"]
        change = f"md:\n  production_ps: {MORE_RUNS * now:g}  # now {now:g}"
    known = np.isfinite(term.value_ppm)
    half = f" ({rounded_error(term.value_ppm / 2)} ppm)" if known else ""
    return Advice(
        f"{term.reason} {reason} To halve it{half} takes {MORE_RUNS} times as much."
        f"{_md_cost(tables, 1 if shells_last else 0)}",
        f"ionshift run {config}",
        change,
    )


def _why_sampling(tables: Tables) -> tuple[bool, str]:
    """Whether shells outlive the run, so that only further runs help, and why."""
    errors = tables["mean_error"]
    longest, system = at_largest(
        errors.assign(ratio=errors["path_err_ppm"] / errors["block_err_ppm"]), "ratio"
    )
    if not system:
        return False, "The runs are too short for blocks of time, so longer ones help."
    if longest <= 1:
        return False, "Blocks of time set it, so longer runs help."
    row = errors.set_index("system").loc[system]
    return True, (
        f"Nuclei keep their shells for longer than the run: at {system} the comparison of nuclei "
        f"gives {rounded_error(row['path_err_ppm'])} ppm, blocks of time "
        f"{rounded_error(row['block_err_ppm'])} ppm. So further independent runs help."
    )


def _md_cost(tables: Tables, n_kept: int) -> str:
    """What the further MD will take; `n_kept` of the runs are there already."""
    if "costs" not in tables:
        return ""
    costs = tables["costs"]
    core_h = costs.loc[costs["rule"] == "run_md", "core_h"].sum(min_count=1)
    if np.isnan(core_h):
        return ""
    return (
        f" The molecular dynamics took {hours(core_h)} core-hours; this adds about "
        f"{hours((MORE_RUNS - n_kept) * core_h)}."
    )


def _more_labels(term: Term, tables: Tables, config: str) -> Advice:
    return Advice(
        f"{term.reason} More labels help most where the committee disagrees and far from what it "
        f"has seen; this command chooses {N_NEXT} such environments.{_labels_needed(tables)}",
        f"ionshift labels next {config} --n {N_NEXT}",
        afterwards=f"It says which file to name in sampling.chosen; then: ionshift run {config}",
    )


def _labels_needed(tables: Tables) -> str:
    """What the learning curve promises, if it does."""
    point = tables["learning_curve"].iloc[-1]
    needed = point["n_for_target"]
    if not (np.isfinite(needed) and needed > point["n_train"]):
        return ""
    if needed > MOST_EXTRAPOLATED * point["n_train"]:
        return (
            " The learning curve is too flat to say how many training labels would reach a "
            f"held-out error of {point['target_rmse_ppm']:g} ppm."
        )
    return (
        f" By the learning curve {significant(needed, 2)} training labels ({point['n_train']:.0f} "
        f"now) would reach a held-out error of {point['target_rmse_ppm']:g} ppm."
    )
