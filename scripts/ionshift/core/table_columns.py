"""Columns that tables of several rooms share."""

from ionshift.core.schemas import Column, count, error, number, size, text
from ionshift.core.tables import CLASSES, ENVIRONMENT, SCORES, TOTAL

SYSTEM = text("system", "name of the system")
MOLARITY = size("molarity_M", "molarity that the MD reached")
CLASS = text("solvation_class", "class by the anions in the first shell", values=CLASSES)
CLASS_OR_ALL = text(
    "solvation_class", f"class, '{TOTAL}' for all together", values=(*CLASSES, TOTAL)
)
REPLICA = count("replica", "number of the replica")
FRAME = count("frame", "number of the frame of the trajectory")
NUCLEUS = count("nucleus", "number of the nucleus in the box")
TIME = size("time_ps", "time in the production run")
PLACE = (REPLICA, FRAME, TIME, NUCLEUS)
KEY_OF_PLACE = tuple(ENVIRONMENT)
N_ENVIRONMENTS = count("n_environments", "nuclei times frames")
N_ANION = count("n_anion", "anions in the first shell")
N_SOLVENT = count("n_solvent", "solvent molecules in the first shell")
COORDINATION = count("coordination", "ligand atoms in the first shell")
LSI = size("lsi_A2", "local structure index, missing where it has no gap", nullable=True)
SCORE_COLUMNS = tuple(
    number(name, f"score on principal component {name[2:]}", nullable=True) for name in SCORES
)
SPECIES = text("species", "name of the species")
ROLE = text("role", "its role: cation, anion or solvent", nullable=True)
RDF = (
    size("r_A", "distance, the middle of the bin"),
    size("g", "radial distribution"),
    size("n", "running coordination number"),
)


def with_error(*columns: Column) -> tuple[Column, ...]:
    """Each column with its standard error, which has `_err` before the unit of its name."""
    return tuple(one for column in columns for one in (column, error(_name_of_error(column.name))))


def _name_of_error(name: str) -> str:
    stem, _, last = name.rpartition("_")
    return f"{stem}_err_{last}" if last in UNITS else f"{name}_err"


UNITS = {
    "A": "Å",
    "A2": "Å²",
    "A3": "Å³",
    "GPa": "GPa",
    "Ha": "hartree",
    "Hz": "Hz",
    "K": "K",
    "Hz2": "Hz²",
    "kHz": "kHz",
    "ns": "ns",
    "rad": "rad",
    "us": "µs",
    "M": "mol/L",
    "MB": "MB",
    "MHz": "MHz",
    "au": "atomic units",
    "bohr": "bohr",
    "h": "hours",
    "ppm": "ppm",
    "ps": "ps",
    "s": "s",
}
"""The last parts of names that are units; longer units are looked up first, see `unit_of`."""
LONG_UNITS = {
    "_per_ppm": "1/ppm",
    "_per_ns": "1/ns",
    "_cm3_mol": "cm³/mol",
    "_mol_kg": "mol/kg",
    "_ppm_per_percent": "ppm for 0.01 of the factor",
    "_m2_s": "m²/s",
    "_rad_s": "rad/s",
    "_mPa_s": "mPa s",
    "_g_cm3": "g/cm³",
    "_kJ_mol": "kJ/mol",
    "_eV_A": "eV/Å",
    "_meV_A": "meV/Å",
    "_meV_atom": "meV/atom",
    "_eV": "eV",
    "ns_per_day": "ns/day",
    "core_h_a_job_sd": "hours",
    "core_h_a_job": "hours",
}


def unit_of(name: str) -> str:
    """The unit that a column's name ends in, as a reader writes it; empty without one."""
    longest = max((end for end in LONG_UNITS if name.endswith(end)), key=len, default="")
    return LONG_UNITS.get(longest) or UNITS.get(name.rpartition("_")[2], "")
