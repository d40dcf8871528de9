"""The gate: the least share of labels that must be ok before a study goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionshift.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def check_gate(
    table: pd.DataFrame,
    min_ok_share: float,
    key: str = "labelling.min_ok_share",
    retry: str = "'ionshift labels retry'",
) -> None:
    """Raise `InputError` if too few labels are ok; the message counts the reasons."""
    ok_share = float((table["status"] == "ok").mean())
    if ok_share < min_ok_share:
        reasons = table.loc[table["status"] != "ok", "reason"].value_counts().head(3)
        listed = "; ".join(f"{n} x {reason}" for reason, n in reasons.items())
        raise InputError(
            f"only {ok_share:.0%} of {len(table)} labels are ok, {key} = "
            f"{min_ok_share:g} ({listed}); retry the failures with {retry}, or lower the gate"
        )
