"""Errors from independent repetitions of a measurement."""

import numpy as np


def standard_error(values: np.ndarray) -> np.ndarray:
    """Standard error of the mean over the first axis; NaN for one repetition."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))
