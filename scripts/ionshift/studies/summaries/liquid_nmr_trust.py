"""How far a study of kind `liquid_nmr` can be trusted: one row a question."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ionshift.runs.summary_page import GOOD, MIND, UNKNOWN, Cell, Section, Table
from ionshift.statistics.rounding import UNKNOWN as NOT_KNOWN
from ionshift.statistics.rounding import percent, significant, with_error
from ionshift.statistics.uncertainty import LEAST_REPLICAS

OPEN = Cell(NOT_KNOWN, UNKNOWN)
Tables = Mapping[str, pd.DataFrame]
DRIFT = 2.0
"""Halves of a run that differ by more than so many errors of the mean drift."""
STATIC_SHARE = 0.10
"""A larger share of the shift's variance that never decays: the run remembers its start."""
OUTSIDE_SHARE = 0.05
"""A larger share of environments outside the training range is to be kept in mind."""
FAILED_SHARE = 0.05
"""A larger share of labels lost may leave one kind of cluster out."""
BETTER_THAN_MEAN = 2.0
WORSE_WHEN_UNSEEN = 1.5
LEFT_OUT = "without "
"""Begins the name of the part of the metrics for which a whole system was left out."""
NOT_IN_THE_ERRORS = (
    "What no error here holds: a bias that all members of the committee share, the error of the "
    "DFT protocol, and that of the force field or potential behind the molecular dynamics."
)

ARCHIVED = (
    "The predictions come from an archive ({}), which brings no molecular dynamics, labels or "
    "model: what depends on them is not known here."
)


def section(tables: Tables, settings: Mapping[str, Any]) -> Section:
    """The rows that the study's tables can answer; what they cannot is said."""
    questions = [row for row in QUESTIONS if row.always or row.table in tables]
    rows = [question.row(tables, settings) for question in questions]
    table = Table(
        "Answers from the tables of the study",
        ["Question", "Answer", "In short", "Table"],
        rows,
    )
    said = [ARCHIVED.format(settings["archive"])] if settings["archive"] else []
    return Section("How far to trust it", said, table, notes=[NOT_IN_THE_ERRORS])


def in_short(trust: Section) -> str:
    """How many of the rows ask for caution or have no answer."""
    rows = trust.table.rows if trust.table else []
    marks = [cell.mark for row in rows for cell in row if isinstance(cell, Cell)]
    return (
        f"Of {len(marks)} questions on how far to trust this, {marks.count(MIND)} ask for caution "
        f"and {marks.count(UNKNOWN)} cannot be answered."
    )


def at_largest(table: pd.DataFrame, column: str) -> tuple[float, str]:
    """The largest value of a column, and its system; (NaN, "") where none is known."""
    if table[column].isna().all():
        return float("nan"), ""
    row = table.loc[table[column].idxmax()]
    return float(row[column]), str(row["system"])


def held_out(metrics: pd.DataFrame) -> pd.Series:
    """Scores on held-out labels."""
    return metrics.set_index("part").loc["test"]


def unseen(metrics: pd.DataFrame) -> tuple[float, str]:
    """The largest error with a system left out of the training (ppm), and that system.

    NaN where there is one system, so that none could be left out.
    """
    parts = metrics[metrics["part"].str.startswith(LEFT_OUT)]
    named = parts.assign(system=parts["part"].str.removeprefix(LEFT_OUT))
    return at_largest(named, "rmse_ppm")


def labels_lost(labels: pd.DataFrame) -> float:
    """Share of the labels that are not ok."""
    return float((labels["status"] != "ok").mean())


class Question:
    """A row of the table: its answer comes from `table` by `answer`.

    `answer(table, settings)` gives the text and its verdict, a `Cell`. With `always` the row is
    there without the table too, and says that the answer is not known.
    """

    def __init__(
        self,
        text: str,
        table: str,
        file: str,
        answer: Callable[[pd.DataFrame, Mapping[str, Any]], tuple[str, Cell]],
        always: bool = True,
    ):
        self.text, self.table, self.file = text, table, file
        self.answer, self.always = answer, always

    def row(self, tables: Tables, settings: Mapping[str, Any]) -> list[str | Cell]:
        """Question, answer, verdict and file."""
        if self.table not in tables:
            return [self.text, "Not known", OPEN, "none"]
        text, verdict = self.answer(tables[self.table], settings)
        return [self.text, text[0].upper() + text[1:], verdict, self.file]


def _verdict(good: bool, if_good: str, if_not: str) -> Cell:
    return Cell(if_good, GOOD) if good else Cell(if_not, MIND)


def _drift(coordination: pd.DataFrame, settings: Mapping[str, Any]) -> tuple[str, Cell]:
    difference = coordination["n_anion_second_half"] - coordination["n_anion_first_half"]
    times = (difference.abs() / coordination["n_anion_err"]).replace(np.inf, np.nan)
    if times.isna().all():
        return "the two halves of the run cannot be compared", OPEN
    row = coordination.loc[times.idxmax()]
    change = significant(difference[times.idxmax()], 2)
    return (
        f"anions per {settings['nucleus']}, second half of the run less the first: {change} at "
        f"{row['system']}, {significant(times.max(), 2)} times the error of the mean (the most of "
        "all systems)",
        _verdict(times.max() <= DRIFT, "no drift seen", "still drifts"),
    )


def _static(exchange: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    share, system = at_largest(exchange, "static_share")
    if not system:
        return NOT_KNOWN, OPEN
    error = exchange.set_index("system").loc[system, "static_share_err"]
    return (
        f"{percent(share, error)} of the variance of the shift at {system} lies between nuclei and "
        "does not decay within the run",
        _verdict(share <= STATIC_SHARE, "they do", "the run remembers its start"),
    )


def _runs(settling: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    if settling.empty:
        return "fewer than two frames a block of time", OPEN
    number = int(settling.groupby("system")["replica"].nunique().min())
    runs = f"{number} runs per system" if number > 1 else "1 run per system"
    enough = number >= LEAST_REPLICAS
    if not enough:
        runs += "; how much boxes differ from each other is not in the sampling errors"
    return runs, _verdict(enough, "enough", "too few")


def _outside(shifts: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    share, system = at_largest(shifts, "extrapolated_share")
    if not system:
        return NOT_KNOWN, OPEN
    mean = np.average(shifts["extrapolated_share"].fillna(0), weights=shifts["n_environments"])
    most = f", most at {system}: {percent(share)}" if len(shifts) > 1 else ""
    return (
        f"{percent(mean)} of all environments{most}",
        _verdict(share <= OUTSIDE_SHARE, "few", "many"),
    )


def _labels(labels: pd.DataFrame, settings: Mapping[str, Any]) -> tuple[str, Cell]:
    counts = labels["status"].value_counts()
    ok, n = int(counts.get("ok", 0)), len(labels)
    lost = [f"{counts[name]} {name}" for name in counts.index if name != "ok"]
    return (
        f"{ok} of {n} are ok ({', '.join(lost) or 'none failed'}); the minimum success rate is "
        f"{percent(settings['min_ok_share'])}",
        _verdict(labels_lost(labels) <= FAILED_SHARE, "passed", "passed, but many are lost"),
    )


def _model(metrics: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    scores = held_out(metrics)
    rmse, baseline = scores["rmse_ppm"], scores["baseline_rmse_ppm"]
    times = baseline / rmse if rmse > 0 else float("inf")
    return (
        f"held-out error {with_error(rmse, rmse / np.sqrt(2 * scores['n']))} ppm (RMSE over "
        f"{scores['n']:.0f} labels); the mean baseline has {significant(baseline, 2)} ppm",
        _verdict(
            times >= BETTER_THAN_MEAN,
            f"{significant(times, 2)} times better than the mean",
            f"only {significant(times, 2)} times better than the mean",
        ),
    )


def _unseen(metrics: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    rmse, system = unseen(metrics)
    if not system:
        return "no system could be left out", OPEN
    return (
        f"at worst {significant(rmse, 2)} ppm (RMSE), with {system} left out of the training",
        _verdict(
            rmse <= WORSE_WHEN_UNSEEN * held_out(metrics)["rmse_ppm"], "carries over", "much worse"
        ),
    )


def _coverage(metrics: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    scores = held_out(metrics)
    off = {
        level: (scores[f"coverage_{level}"] - level / 100)
        / np.sqrt(level / 100 * (1 - level / 100) / scores["n"])
        for level in (68, 90)
    }
    if any(np.isnan(value) for value in off.values()):
        return "too few labels to know", OPEN
    text = (
        f"of the held-out labels, {percent(scores['coverage_68'])} lie in the 68 % intervals and "
        f"{percent(scores['coverage_90'])} in the 90 % intervals"
    )
    narrow = min(off.values()) < -2
    honest = max(map(abs, off.values())) <= 2
    return text, _verdict(honest, "honest", "too narrow" if narrow else "too wide")


def _correction(summary: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    row = summary.iloc[0]
    before, after = row["uncorrected_ppm"], row["corrected_ppm"]
    return (
        f"errors of {significant(before, 2)} ppm before and {significant(after, 2)} ppm after, "
        f"over {row['n_pairs']:.0f} clusters held out of the line in turn",
        _verdict(after < before, "it helps", "it does not help"),
    )


def failed_checks(validation: pd.DataFrame) -> list[str]:
    """Names of the checks that a potential has not passed."""
    return [str(name) for name in validation.loc[~validation["passed"].astype(bool), "check"]]


def _potential(validation: pd.DataFrame, _: Mapping[str, Any]) -> tuple[str, Cell]:
    failed = failed_checks(validation)
    names = f"; failed: {', '.join(name.replace('_', ' ') for name in failed)}" if failed else ""
    return (
        f"{len(validation) - len(failed)} of {len(validation)} checks passed{names}",
        _verdict(not failed, "passed", "failed"),
    )


SHIFTS, METRICS = "shifts.csv", "metrics.csv"
QUESTIONS = [
    Question("Do the shells still drift?", "coordination", "coordination.csv", _drift),
    Question("Do nuclei change their shells?", "exchange", "exchange.csv", _static),
    Question("Are there independent runs to compare?", "settling", "settling.csv", _runs),
    Question(
        "Did the potential pass?",
        "potential_validation",
        "potential_validation.csv",
        _potential,
        always=False,
    ),
    Question("Are environments outside the training range?", "shifts", SHIFTS, _outside),
    Question("Were the DFT labels computed?", "labels", "labels.parquet", _labels),
    Question(
        "Does the correction of labels help?",
        "label_correction",
        "label_correction.csv",
        _correction,
        always=False,
    ),
    Question("How good is the model?", "metrics", METRICS, _model),
    Question("And for a system it has not seen?", "metrics", METRICS, _unseen),
    Question("Are its error bars honest?", "metrics", METRICS, _coverage),
]
