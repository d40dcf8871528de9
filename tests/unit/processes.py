"""Random processes whose correlation functions are known."""

import numpy as np
from scipy.signal import lfilter


def ornstein_uhlenbeck(n_frames, tau, n_paths, rng):
    """Paths (n_frames, n_paths) of unit variance with autocorrelation exp(-t / tau), step 1."""
    memory = np.exp(-1 / tau)
    noise = rng.normal(size=(n_frames, n_paths)) * np.sqrt(1 - memory**2)
    noise[0] = rng.normal(size=n_paths)
    return lfilter([1.0], [1.0, -memory], noise, axis=0)


def error_of_the_mean(n_frames, tau):
    """Standard deviation of the time average of such a path, exact for frames at step 1."""
    lags = np.arange(1, n_frames)
    correlation = np.exp(-lags / tau)
    return np.sqrt((1 + 2 * np.sum((1 - lags / n_frames) * correlation)) / n_frames)


def two_states(n_frames, leave, enter, n_contacts, rng):
    """Presence (n_contacts, n_frames) of a stationary chain with the two probabilities a step."""
    present = np.empty((n_contacts, n_frames), bool)
    present[:, 0] = rng.random(n_contacts) < enter / (leave + enter)
    for step in range(1, n_frames):
        draw, before = rng.random(n_contacts), present[:, step - 1]
        present[:, step] = np.where(before, draw >= leave, draw < enter)
    return present
