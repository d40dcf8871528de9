"""Synthetic runs of known rates: jumps between sites and rotational diffusion."""

import numpy as np
from scipy.linalg import expm
from scipy.spatial.transform import Rotation


def axial(axis, v_zz_au=0.01, eta=0.0):
    """EFG tensor with its largest component along x (0), y (1) or z (2)."""
    values = v_zz_au * np.array([-(1 - eta) / 2, -(1 + eta) / 2, 1.0])
    return np.diag(np.roll(values, axis - 2))


def any_tensor(rng, size=()):
    """Random traceless symmetric tensors."""
    tensors = rng.normal(scale=0.01, size=(*size, 3, 3))
    tensors = tensors + np.swapaxes(tensors, -1, -2)
    return tensors - np.trace(tensors, axis1=-2, axis2=-1)[..., None, None] * np.eye(3) / 3


def jumps(n_sites, rate_per_ps, step_ps, n_frames, n_nuclei, rng):
    """Sites (n_frames, n_nuclei) of a Markov process: `rate_per_ps` to each other site."""
    generator = rate_per_ps * (np.ones((n_sites, n_sites)) - n_sites * np.eye(n_sites))
    steps = np.cumsum(expm(generator * step_ps), axis=1)
    sites = np.empty((n_frames, n_nuclei), int)
    sites[0] = rng.integers(n_sites, size=n_nuclei)
    for frame in range(1, n_frames):
        draws = rng.random(n_nuclei)[:, None]
        sites[frame] = (draws > steps[sites[frame - 1]]).sum(axis=1).clip(max=n_sites - 1)
    return sites


def rotational_diffusion(d_per_ps, step_ps, n_frames, n_nuclei, tensor, rng):
    """A tensor (n_frames, n_nuclei, 3, 3) that turns by small random steps, isotropically."""
    scale = np.sqrt(2 * d_per_ps * step_ps)
    orientations = Rotation.random(n_nuclei, random_state=rng)
    found = []
    for _ in range(n_frames):
        turned = orientations.as_matrix()
        found.append(turned @ tensor @ np.swapaxes(turned, 1, 2))
        orientations = orientations * Rotation.from_rotvec(
            rng.normal(scale=scale, size=(n_nuclei, 3))
        )
    return np.array(found)
