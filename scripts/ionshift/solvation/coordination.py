"""Mean numbers of molecules and ligand atoms in the first shell, and whether they have settled."""

from collections.abc import Mapping

import pandas as pd

from ionshift.statistics.uncertainty import Samples, block_of, ratio_error

COUNTS = ("n_anion", "n_solvent")
SETTLING_COLUMNS = (
    *("system", "replica", "start_ps", "end_ps"),
    *("n_anion", "n_anion_err", "n_solvent", "n_solvent_err"),
)


def coordination_table(
    predictions: Mapping[str, pd.DataFrame], molarity_M: Mapping[str, float], n_blocks: int
) -> pd.DataFrame:
    """Mean numbers of anions, solvents and ligand atoms in the shell, with errors.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with n_anion, n_solvent, coordination, replica,
        nucleus,
        time_ps
    molarity_M : dict of float
    n_blocks : int, blocks of time a replica

    Returns
    -------
    DataFrame, a row a system: each mean with its error (see `uncertainty`), the mean number of
    anions in either half of the runs, and the standard deviation of the replicas' means (NaN for
    one replica)
    """
    rows = []
    for system, table in predictions.items():
        row = {"system": system, "molarity_M": molarity_M[system]}
        samples = Samples.of(table, n_blocks)
        for name in (*COUNTS, "coordination"):
            row[name], row[f"{name}_err"] = samples.mean(table[name])
        first, second = _halves(table["n_anion"].to_numpy(), table["time_ps"].to_numpy())
        row |= {"n_anion_first_half": first, "n_anion_second_half": second}
        row["n_anion_replica_sd"] = table.groupby("replica")["n_anion"].mean().std(ddof=1)
        rows.append(row)
    return pd.DataFrame(rows)


def settling_table(predictions: Mapping[str, pd.DataFrame], n_blocks: int) -> pd.DataFrame:
    """Numbers of anions and solvents in the shell by replica and block of time.

    A system has settled where no replica drifts and all agree within their errors. Replicas that
    keep apart say that shells live longer than the runs, whatever the halves of each of them say.

    Returns
    -------
    DataFrame with system, replica, start_ps, end_ps, and the mean of each count with its standard
    error, every nucleus one sample. No rows of a system with fewer than two frames a block.
    """
    rows = []
    for system, table in predictions.items():
        blocks = block_of(table["replica"], table["time_ps"], n_blocks)
        if blocks is not None:
            rows += [{"system": system, **_block_row(part)} for _, part in table.groupby(blocks)]
    return pd.DataFrame(rows, columns=SETTLING_COLUMNS)


def _block_row(part):
    """One replica's block of time."""
    row = {
        "replica": part["replica"].iloc[0],
        "start_ps": part["time_ps"].min(),
        "end_ps": part["time_ps"].max(),
    }
    nucleus = part.groupby("nucleus").ngroup().to_numpy()
    for name in COUNTS:
        row |= {name: part[name].mean(), f"{name}_err": ratio_error(part[name], nucleus)}
    return row


def _halves(values, time_ps):
    middle = (time_ps.min() + time_ps.max()) / 2
    late = time_ps > middle
    if late.all() or not late.any():
        return float(values.mean()), float("nan")
    return float(values[~late].mean()), float(values[late].mean())
