"""Published deformation factors of the ELF, a CSV that a user supplies."""

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.user_tables import read_user_table

COLUMNS = ["molarity_M", "factor", "factor_err"]


def read_published(path: str) -> pd.DataFrame:
    """The table of `elf.published` with `COLUMNS`; only errors may be unknown.

    Raises
    ------
    InputError
        if the file cannot be read, lacks a column or has text or nothing in place of a number.
    """
    place = f"elf.published = '{path}'"
    table = read_user_table(
        path,
        place,
        needed=COLUMNS,
        numbers=COLUMNS,
        remedy="it needs molarity_M, factor and factor_err",
        comment="#",
    )[COLUMNS]
    if not np.isfinite(table[["molarity_M", "factor"]].to_numpy(float)).all():
        raise InputError(f"{place}: molarity_M or factor is not a finite number; correct the row")
    return table
