"""What a label must be, besides unedited: its columns, its cluster and its numbers fit together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from ase import Atoms

from ionshift.core.errors import InputError
from ionshift.core.tables import CLASSES
from ionshift.labels.bonds import molecule_numbers
from ionshift.labels.geometry_checks import check_unit
from ionshift.labels.store import AGREEMENT_PPM, STATUSES
from ionshift.solvation.classes import solvation_class

TRACE = [0, 4, 8]
EFG_TOLERANCE_AU = 1e-4
"""A field gradient is symmetric and without trace; computed and rounded ones are so to this."""
WHOLE = ("replica", "frame", "nucleus", "n_anion", "n_solvent", "coordination")
TEXTS = ("key", "cluster_id", "system", "source", "solvation_class", "status", "protocol_hash")
NEEDED = (*TEXTS, *WHOLE, "charge", "time_ps", "cutoff_A")
TENSORS = ("shielding_tensor_ppm", "efg_tensor_au")
RESTORE = "restore the file, or leave the entry out"


def check_label(place: str, atoms: Atoms) -> None:
    """Raise `InputError` unless the columns of a label are there and agree with one another.

    Parameters
    ----------
    place : file and entry, to begin the message with
    """
    info = atoms.info
    missing = [name for name in NEEDED if name not in info]
    if missing:
        raise InputError(f"{place}: no {', '.join(missing)}; {RESTORE}")
    if info["status"] not in STATUSES:
        raise InputError(
            f"{place}: unknown status '{info['status']}'; it is one of {', '.join(STATUSES)}"
        )
    for name in WHOLE:
        if whole(place, info, name) < 0:
            raise InputError(f"{place}: {name} = {info[name]} is negative; {RESTORE}")
    for name in ("time_ps", "cutoff_A"):
        number(place, info, name)
    _check_class(place, info)
    check_charge(place, atoms)
    if info["status"] == "ok":
        _check_values(place, info)


def number(place: str, info: dict, name: str) -> float:
    """The finite number `name` of a frame; anything else raises `InputError`."""
    value = info.get(name)
    if value is None:
        raise InputError(f"{place}: no {name}; {RESTORE}")
    if isinstance(value, (str, bool, np.bool_)) or np.ndim(value):
        raise InputError(f"{place}: {name} = {_shown(value)} must be a number; {RESTORE}")
    if not np.isfinite(float(value)):
        raise InputError(f"{place}: {name} = {float(value):g} must be finite; {RESTORE}")
    return float(value)


def whole(place: str, info: dict, name: str) -> int:
    """The whole number `name` of a frame; anything else raises `InputError`."""
    value = number(place, info, name)
    if value % 1:
        raise InputError(f"{place}: {name} = {value:g} must be a whole number; {RESTORE}")
    return int(value)


def _shown(value):
    return f"'{value}'" if isinstance(value, str) else value


def _check_class(place, info):
    expected = solvation_class(int(info["n_anion"]))
    if info["solvation_class"] != expected:
        raise InputError(
            f"{place}: solvation_class = '{info['solvation_class']}' beside n_anion = "
            f"{info['n_anion']}; classes are {', '.join(CLASSES)} for 0, 1, 2 to 3 and more anions"
        )


def check_charge(place: str, atoms: Atoms) -> None:
    """Raise `InputError` unless the charge leaves an even number of electrons, and is likely."""
    charge = whole(place, atoms.info, "charge")
    electrons = int(atoms.numbers.sum()) - charge
    if abs(charge) > len(atoms) or electrons <= 0:
        raise InputError(
            f"{place}: charge = {charge:+d} of a cluster of {len(atoms)} atoms; give the sum of "
            "the charges of its ions in e"
        )
    if electrons % 2 and atoms.info.get("status", "ok") == "ok":
        raise InputError(
            f"{place}: charge = {charge:+d} leaves {electrons} electrons, an odd number, but "
            "labels are of closed shells; correct the charge"
        )


def _check_values(place, info):
    shielding_ppm = number(place, info, "shielding_ppm")
    tensors = {name: _tensor(place, info, name) for name in TENSORS if name in info}
    if "energy_Ha" in info:
        number(place, info, "energy_Ha")
    if "shielding_tensor_ppm" in tensors:
        third = float(np.trace(tensors["shielding_tensor_ppm"]) / 3)
        if abs(third - shielding_ppm) > AGREEMENT_PPM:
            raise InputError(
                f"{place}: shielding_ppm = {shielding_ppm:.4f}, but a third of the trace of "
                f"shielding_tensor_ppm is {third:.4f} (they may differ by {AGREEMENT_PPM:g}); "
                f"{RESTORE}"
            )
    if "efg_tensor_au" in tensors:
        _check_efg(place, tensors["efg_tensor_au"])


def _tensor(place, info, name):
    value = np.asarray(info[name])
    if value.size != 9 or value.dtype.kind not in "fi":
        raise InputError(f"{place}: {name} has {value.size} values, not nine numbers; {RESTORE}")
    if not np.isfinite(value).all():
        raise InputError(f"{place}: {name} holds a value that is not finite; {RESTORE}")
    return value.reshape(3, 3)


def _check_efg(place, efg):
    asymmetry, trace = float(np.abs(efg - efg.T).max()), float(abs(np.trace(efg)))
    if max(asymmetry, trace) > EFG_TOLERANCE_AU:
        raise InputError(
            f"{place}: efg_tensor_au is off a symmetric tensor by {asymmetry:.2g} and its trace is "
            f"{trace:.2g} (up to {EFG_TOLERANCE_AU:g} is rounding); {RESTORE}"
        )


def check_atom_columns(place: str, atoms: Atoms) -> None:
    """The shieldings of single atoms agree with their tensors, and the centre's with the label."""
    tensors, values = (atoms.arrays.get(name) for name in ("shielding_tensor_ppm", "shielding_ppm"))
    if tensors is None and values is None:
        return
    if tensors is None or values is None or tensors.shape != (len(atoms), 9):
        raise InputError(
            f"{place}: the atoms' columns shielding_ppm (one number) and shielding_tensor_ppm "
            f"(nine numbers) go together; {RESTORE}"
        )
    expected = tensors[:, TRACE].mean(axis=1)
    own = atoms.info.get("shielding_ppm", values[0])
    off = np.abs(np.append(values - expected, values[0] - own))
    if np.nanmax(off, initial=0.0) > AGREEMENT_PPM:
        raise InputError(
            f"{place}: the atoms' shielding_ppm is off a third of the trace of its tensor, or the "
            f"first atom's off the label, by {np.nanmax(off):.4f} ppm (up to {AGREEMENT_PPM:g} is "
            f"rounding); {RESTORE}"
        )


def check_unique(path: str, clusters: Iterable[Atoms]) -> None:
    """Raise `InputError` if a set has a label twice, or one name for two clusters."""
    entry_of_key: dict = {}
    entry_of_name: dict = {}
    for entry, atoms in enumerate(clusters):
        key, name = atoms.info["key"], atoms.info["cluster_id"]
        for found, value, what in ((entry_of_key, key, "key"), (entry_of_name, name, "cluster_id")):
            if value in found:
                raise InputError(
                    f"label set {path}: entries {found[value]} and {entry} have one {what}, "
                    f"{value}; keep one of them"
                )
        entry_of_key[key], entry_of_name[name] = entry, entry


def check_chemistry(place: str, atoms: Atoms, chemistry: Mapping[str, Any]) -> None:
    """Raise `InputError` unless a cluster can have been cut from a study's liquid.

    Its first atom is the nucleus; all others make molecules of the study's species, each with an
    atom within `cutoff_A` of the nucleus; anions, solvents and charge are as said.

    Parameters
    ----------
    chemistry : see `systems.chemistry`
    """
    nucleus, species = chemistry["nucleus"], chemistry["species"]
    _check_nucleus(place, atoms, nucleus)
    known = {symbol for one in species.values() for symbol in one["atoms"]}
    foreign = sorted(set(atoms.symbols) - known)
    if foreign:
        raise InputError(
            f"{place}: {', '.join(foreign)} in it, an element of none of electrolyte.species "
            f"({', '.join(species)}); the set is of another liquid, take it out of the study"
        )
    if any(len(one["atoms"]) > 1 for one in species.values()):
        check_unit(place, atoms)
    found = _molecules(place, atoms, species)
    _check_sums(place, atoms.info, found, nucleus, species)


def _check_nucleus(place, atoms, nucleus):
    if atoms.symbols[0] == nucleus:
        return
    others = np.flatnonzero(atoms.symbols == nucleus)
    if len(others):
        raise InputError(
            f"{place}: its first atom is {atoms.symbols[0]}, electrolyte.nucleus = '{nucleus}' "
            f"stands at atom {others[0]}; the nucleus must be the first atom"
        )
    raise InputError(
        f"{place}: its first atom is {atoms.symbols[0]} and it has no {nucleus}, "
        "electrolyte.nucleus; take the set out of the study"
    )


def _molecules(place, atoms, species):
    """Numbers of molecules of a cluster by species."""
    alone = [next(iter(one["atoms"])) for one in species.values() if _n_atoms(one) == 1]
    numbers = molecule_numbers(atoms, alone)
    formulas = {frozenset(one["atoms"].items()): name for name, one in species.items()}
    from_nucleus_A = np.linalg.norm(atoms.positions - atoms.positions[0], axis=1)
    cutoff_A, optimized = float(atoms.info["cutoff_A"]), "geometry_optimization" in atoms.info
    found: Counter = Counter()
    for molecule in range(1, numbers.max() + 1):
        mine = numbers == molecule
        symbols = Counter(np.asarray(atoms.symbols)[mine].tolist())
        name = formulas.get(frozenset(symbols.items()))
        if name is None:
            formula = "".join(f"{symbol}{count}" for symbol, count in sorted(symbols.items()))
            raise InputError(
                f"{place}: a molecule {formula} is none of electrolyte.species "
                f"({', '.join(species)}); the set is of another liquid or damaged"
            )
        if from_nucleus_A[mine].min() > cutoff_A and not optimized:
            raise InputError(
                f"{place}: a molecule {name} begins {from_nucleus_A[mine].min():.2f} A from the "
                f"first atom, beyond cutoff_A = {cutoff_A:g}; another atom is the centre, or the "
                "cut-off is wrong"
            )
        found[name] += 1
    return found


def _n_atoms(one):
    return sum(one["atoms"].values())


def _check_sums(place, info, found, nucleus, species):
    for name, role in (("n_anion", "anion"), ("n_solvent", "solvent")):
        count = sum(n for one, n in found.items() if species[one]["role"] == role)
        if count != int(info[name]):
            raise InputError(
                f"{place}: {name} = {info[name]}, but {count} {role}s are in the cluster; {RESTORE}"
            )
    ions = {
        one["charge"]
        for one in species.values()
        if one["role"] == "cation" and nucleus in one["atoms"]
    }
    rest = sum(n * species[one]["charge"] for one, n in found.items())
    if int(info["charge"]) - rest not in ions:
        parts = ", ".join(f"{n} {one} ({species[one]['charge']:+d})" for one, n in found.items())
        expected = " or ".join(f"{charge + rest:+d}" for charge in sorted(ions))
        raise InputError(
            f"{place}: charge = {int(info['charge']):+d}, but {nucleus} with {parts or 'no ligand'}"
            f" has {expected}; correct the charge"
        )
