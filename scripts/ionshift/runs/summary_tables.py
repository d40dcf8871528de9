"""The tables that a summary is made from."""

from collections.abc import Collection, Mapping

import pandas as pd

from ionshift.core.user_tables import read_user_table

REMEDY = "the summary shows it: delete the file and run the study again (ionshift run)"


def read_tables(
    paths: Mapping[str, str], columns: Mapping[str, Collection[str]]
) -> dict[str, pd.DataFrame]:
    """Tables by name.

    Parameters
    ----------
    paths : name to CSV or Parquet file; a table that the study does not have is left out
    columns : name to the columns that are shown of it

    Raises
    ------
    InputError
        if a file cannot be read or lacks a column; the message names it.
    """
    return {
        name: read_user_table(path, needed=columns[name], remedy=REMEDY)
        for name, path in paths.items()
    }
