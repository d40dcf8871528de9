"""What a study cost, as a section of its summary."""

from collections.abc import Mapping

import pandas as pd

from ionshift.runs.summary_page import Section, Table
from ionshift.statistics.rounding import UNKNOWN, significant

TITLE = "What it cost"
COLUMNS = ("rule", "n_jobs", "core_h", "longest_wall_h", "max_rss_MB")
N_SHOWN = 6
NOT_RECORDED = "Not known: no time was recorded for this study."
NOTE = (
    "A core-hour is one hour of one CPU core. What was there before the run, such as labels of the "
    "store or of shipped sets, cost nothing here."
)


def section(costs: pd.DataFrame | None, words: Mapping[str, str]) -> Section:
    """Core-hours, longest job and memory: the most expensive rules, the others in one row.

    Parameters
    ----------
    costs : `costs.cost_table`; None where the study has none
    words : name of a rule to what people call it
    """
    if costs is None or costs.empty:
        return Section(TITLE, [NOT_RECORDED])
    ordered = costs.sort_values("core_h", ascending=False, na_position="last")
    first, others = ordered.iloc[:N_SHOWN], ordered.iloc[N_SHOWN:]
    rows = [
        _row(words.get(part.rule, part.rule), ordered.loc[[part.Index]])
        for part in first.itertuples()
    ]
    if len(others):
        rows.append(_row(f"{len(others)} other rules", others))
    table = Table(
        "Recorded time and memory, the most expensive first (tables/costs.csv)",
        ["Work", "Jobs", "Core-hours", "Longest job", "Largest memory"],
        [*rows, _row("All", costs)],
        NOTE,
    )
    total = f"{hours(costs['core_h'].sum(min_count=1))} core-hours in all."
    return Section(TITLE, [total], table)


def _row(name: str, part: pd.DataFrame) -> list:
    return [
        name,
        f"{part['n_jobs'].sum():,.0f}",
        hours(part["core_h"].sum(min_count=1)),
        _duration(part["longest_wall_h"].max()),
        _memory(part["max_rss_MB"].max()),
    ]


def hours(core_h: float) -> str:
    """Core-hours with two digits; whole ones from a hundred on."""
    return f"{core_h:,.0f}" if core_h >= 100 else significant(core_h, 2)


def _duration(wall_h: float) -> str:
    if not wall_h >= 0:
        return UNKNOWN
    if wall_h >= 1:
        return f"{significant(wall_h, 2)} h"
    return f"{60 * wall_h:.0f} min" if wall_h * 60 >= 1 else f"{3600 * wall_h:.0f} s"


def _memory(size_MB: float) -> str:
    return f"{size_MB / 1000:.1f} GB" if size_MB >= 0 else UNKNOWN
