"""Packed starting boxes: molecules at random in a periodic cube, by packmol."""

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ionshift.core.errors import InputError
from ionshift.core.processes import run_in_group, unwinding_at_sigterm
from ionshift.systems import electrolyte

PROGRAM = "packmol"
REMEDY = "install it (conda-forge or PyPI name: packmol)"
MARGIN = 1.03
"""The packed box is longer than the wanted one by this factor: NPT closes the gap."""
TOLERANCE_A = 2.0
"""Least distance between atoms of different molecules."""
TIME_LIMIT_S = 1800
FOLDER = ".packing"
"""Beside the packed box while it is made; a start removes what a killed one has left."""
MOST_FILLED = 0.45
"""Largest share of the packed box that its molecules may exclude.

Liquids are at 0.28 (all shipped compositions). 65 molecules of LiFSI/DME were packed at 0.42 in
13 s, and at 0.465 not in 40 s; 3 g/cm3 would be 0.87.
"""
GRID_A = 0.1


def excluded_volume_A3(molecule: electrolyte.Molecule) -> float:
    """Volume in A3 that a molecule keeps from the others in a packing.

    Atoms of different molecules are `TOLERANCE_A` apart, so each has a sphere of half of that for
    itself; this is the union of the spheres, counted on a grid. (Van der Waals radii would call
    molten salts overfull, whose ions are closer than that.)
    """
    radius_A = TOLERANCE_A / 2
    lowest_A = molecule.positions_A.min(axis=0) - radius_A
    highest_A = molecule.positions_A.max(axis=0) + radius_A
    axes = [np.arange(a, b, GRID_A) for a, b in zip(lowest_A, highest_A, strict=True)]
    inside = np.zeros([len(axis) for axis in axes], dtype=bool)
    for position_A in molecule.positions_A:
        x2, y2, z2 = ((axis - x) ** 2 for axis, x in zip(axes, position_A, strict=True))
        near = x2[:, None, None] + y2[None, :, None] + z2[None, None, :] < radius_A**2
        inside |= near
    return float(inside.sum()) * GRID_A**3


def filled_share(el: Any, counts: Mapping[str, int], density_g_cm3: float) -> float:
    """Share of the packed box that its molecules exclude."""
    molecules = electrolyte.load_templates(el)
    filled_A3 = sum(n * excluded_volume_A3(molecules[name]) for name, n in counts.items())
    return filled_A3 / (electrolyte.volume_A3(el, counts, density_g_cm3) * MARGIN**3)


def check(el: Any, systems: Mapping[str, Any]) -> None:
    """Raise `InputError` if a box is too dense to be packed.

    Parameters
    ----------
    el : config.Electrolyte
    systems : config.System by its key in the configuration, for the message
    """
    for key, system in systems.items():
        share = filled_share(el, system.counts, system.density_g_cm3)
        if share > MOST_FILLED:
            largest = system.density_g_cm3 * MOST_FILLED / share
            raise InputError(
                f"{key}.density_g_cm3 = {system.density_g_cm3:g}: atoms of different molecules "
                f"cannot stay {TOLERANCE_A:g} A apart, they would fill {share:.0%} of the box and "
                f"packmol finds no packing above {MOST_FILLED:.0%}; give at most {largest:.2g} "
                "(the density only seeds the packing)"
            )


def pack_box(el: Any, sy: Any, seed: int, out_pdb: str | Path) -> str | Path:
    """Pack the molecules at random into a periodic cube with packmol and write a PDB file.

    The cube is a little larger than `sy.density_g_cm3` asks for (`MARGIN`), since a random
    packing without overlaps is hard at the density of the liquid. The same seed gives the same
    box. Raises InputError when packmol is missing or finds no packing.
    """
    electrolyte.check(el, sy)
    check(el, {"system": sy})
    executable = shutil.which(PROGRAM)
    if executable is None:
        raise InputError(f"{PROGRAM} is not on the PATH; {REMEDY}")
    edge_A = MARGIN * electrolyte.box_edge_A(el, sy)
    with _working_folder(Path(out_pdb)) as folder:
        positions_A = _run_packmol(executable, el, sy, seed, edge_A, folder)
    topology = electrolyte.build_topology(el, sy.counts)
    if len(positions_A) != topology.getNumAtoms():
        raise InputError(
            f"packmol wrote {len(positions_A)} atoms instead of {topology.getNumAtoms()}; "
            "each template must hold one molecule"
        )
    electrolyte.write_pdb(topology, positions_A, edge_A, out_pdb)
    return out_pdb


@contextmanager
def _working_folder(out_pdb):
    """A folder beside the output, gone afterwards, also after SIGTERM."""
    folder = out_pdb.parent / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with unwinding_at_sigterm():
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _run_packmol(executable, el, sy, seed, edge_A, folder):
    lines = [
        f"tolerance {TOLERANCE_A}",
        "filetype pdb",
        "output packed.pdb",
        f"seed {1 + seed % 1_000_000_000}",
        f"pbc {edge_A:.4f} {edge_A:.4f} {edge_A:.4f}",
    ]
    for name, number in sy.counts.items():
        # packmol cannot read names with spaces, so it gets its own copy of the template.
        shutil.copy(el.species[name].template, folder / f"{name}.pdb")
        lines += [f"structure {name}.pdb", f"  number {number}", "end structure"]
    script = folder / "packmol.inp"
    script.write_text("\n".join(lines) + "\n")
    try:
        # packmol rewinds its input, so that must be a file and not a pipe.
        with open(script) as file:
            report = run_in_group([executable], TIME_LIMIT_S, stdin=file, cwd=folder)
    except subprocess.TimeoutExpired:
        report = f"no packing within {TIME_LIMIT_S} s"
    packed = folder / "packed.pdb"
    if "Success!" not in report or not packed.is_file():
        raise InputError(
            f"packmol found no packing of {dict(sy.counts)} at density_g_cm3 {sy.density_g_cm3}; "
            f"lower the density or change the seed ({seed}). Its last words: {report[-600:]}"
        )
    return electrolyte.read_pdb_positions(packed)
