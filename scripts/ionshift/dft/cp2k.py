"""Energy, forces and stress by CP2K: input, run, output.

Read from the output of CP2K 2023.1; that of 2022 and older prints the stress otherwise.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.units import Bohr, GPa, Hartree
from numpy.typing import NDArray

from ionshift.config.reference import Reference
from ionshift.core.errors import InputError, Unconverged
from ionshift.core.files import atomic_path

if TYPE_CHECKING:
    from ase import Atoms

INNER_CYCLES = 25
ATOM_BOX_A = 12.0
OUTPUT = "label.out"
FUNCTIONALS = ("PBE", "BLYP", "BP", "HCTH120", "LDA", "OLYP", "PADE", "TPSS")
"""Short names of the section XC_FUNCTIONAL. Hybrids (PBE0, B3LYP) and BEEFVDW need sections besides
it, which are not written here."""
_TABLE_ROW = re.compile(r"^\s+\d+\s+\d+\s+[A-Z][a-z]?\s+(\S+)\s+(\S+)\s+(\S+)\s*$", re.M)
_STRESS_ROW = re.compile(r"STRESS\|\s+([xyz])\s+(\S+)\s+(\S+)\s+(\S+)\s*$", re.M)
_ENERGY = re.compile(r"ENERGY\| Total FORCE_EVAL .*:\s+(\S+)")


def compute(
    atoms: Atoms, settings: Reference, folder: Path, command: str
) -> tuple[float, NDArray[np.float64], NDArray[np.float64] | None]:
    """Run CP2K in `folder`; a wave function left there by a killed run is the first guess.

    Parameters
    ----------
    atoms : ase.Atoms, periodic, or one atom in vacuum; `charge` and `multiplicity` in info
    settings : config.Reference
    command : how CP2K is started, such as `mpirun -np 8 cp2k.psmp`

    Returns
    -------
    energy in eV, forces (n, 3) in eV/A, stress (3, 3) in eV/A^3 or None without periodicity

    Raises
    ------
    Unconverged
        if the SCF needs more than `settings.max_cycles`.
    RuntimeError
        if CP2K ends without a result.
    InputError
        if it cannot be started.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "label.inp").write_text(make_input(atoms, settings))
    with atomic_path(folder / OUTPUT) as output:
        done = _run(command, folder, output)
        text = output.read_text(errors="replace")
    if "SCF run NOT converged" in text:
        raise Unconverged(f"SCF not converged in {settings.max_cycles} cycles")
    if done.returncode:
        raise RuntimeError(f"CP2K ended with {done.returncode}: {_complaint(text)}")
    return parse(text, len(atoms), periodic=bool(atoms.pbc.all()))


def _run(command, folder, output):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        return subprocess.run(
            [*shlex.split(command), "-i", "label.inp", "-o", str(output.resolve())],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise InputError(
            f"potential_training.cp2k_command = '{command}': no such program; install CP2K "
            "(Debian, conda-forge), load its module, or take reference.calculator: tblite"
        ) from None


def _complaint(text):
    """The message in the box that CP2K ends with."""
    lines = [line.strip(" *\n") for line in text.splitlines() if re.match(r"^ \*.*\*$", line)]
    words = [line for line in lines if re.search("[a-z]", line)]
    return " ".join(words[-4:]) or "no message"


def parse(
    text: str, n_atoms: int, periodic: bool = True
) -> tuple[float, NDArray[np.float64], NDArray[np.float64] | None]:
    """Energy, forces and stress (see `compute`) from CP2K's output."""
    energy = _ENERGY.search(text)
    start = text.find("ATOMIC FORCES in [a.u.]")
    rows = _TABLE_ROW.findall(text[start:])[:n_atoms] if start >= 0 else []
    if energy is None or len(rows) != n_atoms:
        raise RuntimeError("CP2K's output lacks energy or forces")
    stress = None
    if periodic:
        # CP2K prints what the liquid exerts; ASE's stress is the derivative by the strain.
        pressure_GPa = [row[1:] for row in _STRESS_ROW.findall(text)[:3]]
        if len(pressure_GPa) != 3:
            raise RuntimeError("CP2K's output lacks the stress")
        stress = -np.array(pressure_GPa, float) * GPa
    return (
        float(energy.group(1)) * Hartree,
        np.array(rows, float) * Hartree / Bohr,
        stress,
    )


def make_input(atoms: Atoms, settings: Reference) -> str:
    """Input of one single point; a lone atom gets an open box of its own."""
    periodic = bool(atoms.pbc.all())
    cell = atoms.cell[:] if periodic else np.eye(3) * ATOM_BOX_A
    positions = atoms.positions if periodic else atoms.positions + ATOM_BOX_A / 2
    multiplicity = int(atoms.info.get("multiplicity", 1))
    dft = _section(
        "DFT",
        "BASIS_SET_FILE_NAME BASIS_MOLOPT",
        "POTENTIAL_FILE_NAME GTH_POTENTIALS",
        "WFN_RESTART_FILE_NAME label-RESTART.wfn",
        f"CHARGE {int(atoms.info.get('charge', 0))}",
        f"MULTIPLICITY {multiplicity}",
        *(["UKS"] if multiplicity > 1 else []),
        *_section(
            "MGRID",
            f"CUTOFF {settings.cutoff_Ry:g}",
            f"REL_CUTOFF {settings.relative_cutoff_Ry:g}",
        ),
        *_section("QS", "EPS_DEFAULT 1.0E-12"),
        *([] if periodic else _section("POISSON", "PERIODIC NONE", "PSOLVER WAVELET")),
        *_scf(settings),
        *_functional(settings),
    )
    subsys = _section(
        "SUBSYS",
        *_section(
            "CELL",
            *(
                f"{name} {x:.10f} {y:.10f} {z:.10f}"
                for name, (x, y, z) in zip("ABC", cell, strict=True)
            ),
            *([] if periodic else ["PERIODIC NONE"]),
        ),
        *_section(
            "COORD",
            *(
                f"{symbol} {x:.10f} {y:.10f} {z:.10f}"
                for symbol, (x, y, z) in zip(atoms.symbols, positions, strict=True)
            ),
        ),
        *(
            line
            for symbol in sorted(set(atoms.symbols))
            for line in _section(
                f"KIND {symbol}",
                f"BASIS_SET {settings.basis}",
                f"POTENTIAL {settings.pseudopotential}",
            )
        ),
    )
    printed = ["FORCES ON", "STRESS_TENSOR ON"] if periodic else ["FORCES ON"]
    lines = [
        *_section("GLOBAL", "PROJECT label", "RUN_TYPE ENERGY_FORCE", "PRINT_LEVEL LOW"),
        *_section(
            "FORCE_EVAL",
            "METHOD Quickstep",
            *(["STRESS_TENSOR ANALYTICAL"] if periodic else []),
            *dft,
            *subsys,
            *_section("PRINT", *(line for name in printed for line in _section(name))),
        ),
    ]
    return "\n".join(lines) + "\n"


def _scf(settings):
    outer = -(-settings.max_cycles // INNER_CYCLES)
    return _section(
        "SCF",
        "SCF_GUESS RESTART",
        f"EPS_SCF {settings.scf_conv:g}",
        f"MAX_SCF {min(INNER_CYCLES, settings.max_cycles)}",
        *_section("OT", "MINIMIZER DIIS", "PRECONDITIONER FULL_SINGLE_INVERSE"),
        *_section("OUTER_SCF", f"EPS_SCF {settings.scf_conv:g}", f"MAX_SCF {outer}"),
    )


def _functional(settings):
    dispersion = []
    if settings.dispersion:
        pair = _section(
            "PAIR_POTENTIAL",
            f"TYPE {settings.dispersion}",
            "PARAMETER_FILE_NAME dftd3.dat",
            f"REFERENCE_FUNCTIONAL {settings.functional}",
        )
        dispersion = _section("VDW_POTENTIAL", "POTENTIAL_TYPE PAIR_POTENTIAL", *pair)
    functional = _section(f"XC_FUNCTIONAL {settings.functional}")
    return _section("XC", *functional, *dispersion)


def _section(head, *lines):
    """Lines of a section; `head` is its name with its parameter."""
    return [f"&{head}", *(f"  {line}" for line in lines), f"&END {head.split()[0]}"]
