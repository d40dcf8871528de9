"""Small MACE models, made on the spot."""

import numpy as np
import torch
from ase.data import atomic_numbers
from mace.calculators import MACECalculator  # noqa: F401  it lets e3nn be imported
from mace.modules import ScaleShiftMACE, interaction_classes


def save_untrained(path, symbols, scale=1.0, seed=1):
    """Write a MACE with random weights: a smooth energy with short-range (ZBL) repulsion."""
    from e3nn import o3

    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    numbers = sorted(atomic_numbers[symbol] for symbol in symbols)
    block = interaction_classes["RealAgnosticResidualInteractionBlock"]
    model = ScaleShiftMACE(
        r_max=4.0,
        num_bessel=4,
        num_polynomial_cutoff=5,
        max_ell=1,
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=1,
        num_elements=len(numbers),
        hidden_irreps=o3.Irreps("4x0e"),
        MLP_irreps=o3.Irreps("4x0e"),
        atomic_energies=np.full((1, len(numbers)), -100.0),
        avg_num_neighbors=10.0,
        atomic_numbers=numbers,
        correlation=1,
        gate=torch.nn.functional.silu,
        pair_repulsion=True,
        distance_transform="None",
        atomic_inter_scale=[scale],
        atomic_inter_shift=[0.0],
        heads=["Default"],
    )
    torch.save(model, path)
