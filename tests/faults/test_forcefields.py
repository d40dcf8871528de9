"""Bad force fields and electrolytes: where each stops, and what the message must name.

A row is a change of the shipped force field or of the demo's configuration. `load` is the reading
of the configuration, `preflight` the check of its files; both are done before any job.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.studies import registry
from studies import spoil

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "config.yaml"
FORCE_FIELD = ROOT / "resources/forcefields/lifsi_dme_clp_oplsaa.xml"


@dataclass(frozen=True)
class Row:
    """What is broken (text of the force field and keys of the demo), where it stops, what is named.

    replace : pairs of text in the force field, each of which must be there
    settings : values by dotted key of the demo's configuration
    """

    what: str
    names: tuple[str, ...]
    stops_at: str = "preflight"
    replace: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, object], ...] = ()


def without(line):
    return ((line, ""),)


def added(text):
    return (("</ForceField>", f"{text}\n</ForceField>"),)


ANGLE = '<Angle class1="HC" class2="CT" class3="HC" angle="1.8814649" k="276.144"/>'
FSI_ANGLE = '<Angle class1="SB" class2="NB" class3="SB" angle="2.1921335" k="671.0"/>'
BOND = '<Bond class1="CT" class2="OS" length="0.1410" k="267776.0"/>'
H_BOND = '<Bond class1="CT" class2="HC" length="0.1090" k="284512.0"/>'
NONBONDED = '<NonbondedForce coulomb14scale="0.5" lj14scale="0.5">'
USE_ATTRIBUTE = '<UseAttributeFromResidue name="charge"/>'
RB_TORSION = (
    '<RBTorsionForce><Proper class1="HC" class2="CT" class3="CT" class4="HC" c0="0.6" c1="1.8" '
    'c2="0" c3="-2.5" c4="0" c5="0"/></RBTorsionForce>'
)


CHARGES_OF_TYPES = {
    "Li": 1.0,
    "DME_O": -0.40,
    "DME_CM": 0.11,
    "DME_CH2": 0.14,
    "DME_H": 0.03,
    "FSI_S": 1.02,
    "FSI_N": -0.66,
    "FSI_O": -0.53,
    "FSI_F": -0.13,
}


def with_charges_of_types(**changed):
    """The charges stand at the types of the NonbondedForce, and those of residues are not used."""
    charges = CHARGES_OF_TYPES | changed
    lines = [
        (f'<Atom type="{name}" sigma', f'<Atom type="{name}" charge="{charge_e}" sigma')
        for name, charge_e in charges.items()
    ]
    return ((USE_ATTRIBUTE, ""), *lines)


TERMS = [
    Row(
        "angle line deleted",
        ("no term for 8 angles of DME", "H1-C1-H2", "classes HC-CT-HC", "DME_H-DME_CM-DME_H",
         "lifsi_dme_clp_oplsaa.xml", "add a <Bond> or <Angle> line"),
        replace=without(ANGLE),
    ),
    Row(
        "angle line of the anion deleted",
        ("no term for 1 angle of FSI", "S1-N1-S2", "classes SB-NB-SB"),
        replace=without(FSI_ANGLE),
    ),
    Row(
        "bond line deleted",
        ("no term for 4 bonds of DME", "C1-O1", "classes CT-OS"),
        replace=without(BOND),
    ),
    Row(
        "line of constrained bonds deleted",
        ("no term for 10 bonds of DME", "C1-H1", "classes CT-HC"),
        replace=without(H_BOND),
    ),
    Row(
        "bond of zero strength",
        ("no term for 4 bonds of DME", "classes CT-OS"),
        replace=((BOND, BOND.replace("267776.0", "0")),),
    ),
    Row(
        "class of an angle misspelt",
        ("no term for 1 angle of FSI", "SB-NB-SB"),
        replace=((FSI_ANGLE, FSI_ANGLE.replace('class2="NB"', 'class2="NX"')),),
    ),
    Row(
        "element of all angles misspelt",
        ("<HarmonicAngelForce>", "OpenMM does not know", "did you mean <HarmonicAngleForce>?"),
        replace=(("HarmonicAngleForce", "HarmonicAngelForce"),),
    ),
    Row(
        "no angles at all",
        ("angles of DME", "angles of FSI"),
        replace=tuple(
            (line, "") for line in re.findall(r"<Angle .*/>", FORCE_FIELD.read_text())
        ),
    ),
    Row(
        "no NonbondedForce",
        ("electrolyte.forcefield", "has no <NonbondedForce>", "add one with an <Atom>"),
        replace=((re.search(r"(?s)<NonbondedForce.*</NonbondedForce>", FORCE_FIELD.read_text())[0],
                  ""),),
    ),
    Row(
        "Lennard-Jones line of a type deleted",
        ("electrolyte.forcefield", "does not fit", "FSI_F"),
        replace=without('<Atom type="FSI_F" sigma="0.3118" epsilon="0.2554"/>'),
    ),
    Row(
        "force that GROMACS would not get",
        ("md.engine: gromacs cannot take RBTorsionForce", "md.engine: openmm"),
        replace=added(RB_TORSION),
        settings=(("md.engine", "gromacs"),),
    ),
]  # fmt: skip

CODE = [
    Row(
        "Script",
        ("has a <Script>", "OpenMM would execute", "remove it"),
        replace=added("<Script>open('SCRIPT_HAS_RUN', 'w')</Script>"),
    ),
    Row(
        "InitializationScript",
        ("has a <InitializationScript>", "OpenMM would execute"),
        replace=added("<InitializationScript>open('SCRIPT_HAS_RUN', 'w')</InitializationScript>"),
    ),
    Row(
        "Script in a CDATA section",
        ("has a <Script>",),
        replace=added("<Script><![CDATA[open('SCRIPT_HAS_RUN', 'w')]]></Script>"),
    ),
    Row(
        "attribute that OpenMM evaluates",
        ("useDispersionCorrection=", "evaluated as Python", "write True or False"),
        replace=((NONBONDED, NONBONDED.replace(
            ">", """ useDispersionCorrection="open('SCRIPT_HAS_RUN', 'w')">""")),),
    ),
    Row(
        "Include",
        ("includes other.xml", "unnoticed", "paste its content"),
        replace=added('<Include file="other.xml"/>'),
    ),
    Row(
        "entities",
        ("has a DOCTYPE", "remove it"),
        replace=(("<ForceField>", '<!DOCTYPE f [<!ENTITY a "b">]><ForceField>'),),
    ),
]  # fmt: skip

FILES = [
    Row("not XML", ("is not XML", "electrolyte.forcefield"), replace=(("</ForceField>", ""),)),
    Row(
        "charge that is text",
        ("charge='abc'", "N1", "is not a finite number"),
        replace=(('name="N1" type="FSI_N" charge="-0.66"', 'name="N1" type="FSI_N" charge="abc"'),),
    ),
    Row(
        "strength that is not finite",
        ("k='nan'", "class1='SB'", "is not a finite number"),
        replace=((FSI_ANGLE, FSI_ANGLE.replace("671.0", "nan")),),
    ),
    Row(
        "attribute missing",
        ("OpenMM cannot take", "KeyError", "angle"),
        replace=((FSI_ANGLE, FSI_ANGLE.replace('angle="2.1921335"', "")),),
    ),
    Row(
        "type that is not defined",
        ("OpenMM cannot take", "FSI_X"),
        replace=(('name="N1" type="FSI_N"', 'name="N1" type="FSI_X"'),),
    ),
    Row(
        "a folder",
        ("electrolyte.forcefield", "no such file"),
        settings=(("electrolyte.forcefield", "resources"),),
    ),
]

CHARGES = [
    Row(
        "anion as solvent",
        ("electrolyte.species.FSI", "role = 'solvent' with charge = -1", "solvent's is 0"),
        "load",
        settings=(("electrolyte.species.FSI.role", "solvent"),),
    ),
    Row(
        "solvent as anion",
        ("electrolyte.species.DME", "role = 'anion' with charge = 0", "correct one"),
        "load",
        settings=(("electrolyte.species.DME.role", "anion"),),
    ),
    Row(
        "cation with a negative charge",
        ("electrolyte.species.LI", "role = 'cation' with charge = -1"),
        "load",
        settings=(("electrolyte.species.LI.charge", -1),),
    ),
    Row(
        "cation without a charge",
        ("electrolyte.species.LI", "role = 'cation' with charge = 0"),
        "load",
        settings=(("electrolyte.species.LI.charge", 0),),
    ),
    Row(
        "charges of a residue that do not add up",
        ("electrolyte.species.FSI.charge", "-0.9400", "correct one"),
        replace=(('charge="-0.66"', 'charge="-0.60"'),),
    ),
    Row(
        "charges of types in place of the residue's",
        ("electrolyte.species.FSI.charge = -1", "-1.1600", "UseAttributeFromResidue"),
        replace=with_charges_of_types(FSI_N=-0.82),
    ),
    Row(
        "rounding that leaves a net charge in the box",
        ("systems.1M.counts", "net charge of +0.0265 e", "ion_charge_scale = 0.8",
         "add to a whole number"),
        replace=(('name="C1" type="DME_CM" charge="0.11"',
                  'name="C1" type="DME_CM" charge="0.11005"'),
                 ),
        settings=(("systems.1M.counts.DME", 530),),
    ),
]  # fmt: skip

PACKING = [
    Row(
        "box that cannot be packed",
        ("systems.1M.density_g_cm3 = 3", "packmol finds no packing", "give at most"),
        settings=(("systems.1M.density_g_cm3", 3.0),),
    ),
    Row(
        "training box that cannot be packed",
        ("potential_training.systems.box.density_g_cm3 = 4",),
        settings=(
            ("potential_training.systems.box.counts", {"LI": 10, "FSI": 10, "DME": 60}),
            ("potential_training.systems.box.density_g_cm3", 4.0),
            ("potential_training.reference.calculator", "tblite"),
        ),
    ),
]

ROWS = [*TERMS, *CODE, *FILES, *CHARGES, *PACKING]


@pytest.fixture
def study_of(tmp_path, monkeypatch):
    """The demo's configuration, with the force field of a row."""
    monkeypatch.chdir(ROOT)

    def make(row):
        study = yaml.safe_load(DEMO.read_text())
        if row.replace:
            text = FORCE_FIELD.read_text()
            for old, new in row.replace:
                assert old in text, old
                text = text.replace(old, new)
            path = tmp_path / FORCE_FIELD.name
            path.write_text(text)
            study = spoil(study, "electrolyte.forcefield", str(path))
        for key, value in row.settings:
            study = spoil(study, key, value)
        return study

    return make


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_fault_stops_before_the_first_job(row, study_of):
    study = study_of(row)
    with pytest.raises(InputError) as caught:
        loaded = registry.load(study)
        assert row.stops_at == "preflight"
        registry.kind(loaded.kind).check(loaded)
    missing = [name for name in row.names if name not in str(caught.value)]
    assert not missing, str(caught.value)
    assert not (ROOT / "SCRIPT_HAS_RUN").exists()


HARMLESS = [
    Row("as shipped", ()),
    Row(
        "angle of zero strength, which is meant",
        (),
        replace=((FSI_ANGLE, FSI_ANGLE.replace("671.0", "0")),),
    ),
    Row("use of the tail correction", (), replace=((NONBONDED, NONBONDED.replace(
        ">", ' useDispersionCorrection="True">')),)),
    Row("forces that only OpenMM takes", (), replace=added(RB_TORSION)),
    Row("charges of types", (), replace=with_charges_of_types()),
    Row(
        "density a third above that of the liquid",
        (),
        settings=(("systems.1M.density_g_cm3", 1.3),),
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", HARMLESS, ids=lambda row: row.what)
def test_harmless_change_passes(row, study_of):
    study = registry.load(study_of(row))
    registry.kind(study.kind).check(study)
    assert registry.kind(study.kind).notices(study) == []


TORSION = (
    '<Proper class1="CT" class2="CT" class3="OS" class4="CT" periodicity1="1" phase1="0" '
    'k1="1.3598" periodicity2="2" phase2="3.14159265" k2="-0.5230" periodicity3="3" phase3="0" '
    'k3="1.40164"/>'
)
ZERO_TORSION = (
    '<Proper class1="CT" class2="CT" class3="OS" class4="CT" periodicity1="1" phase1="0" k1="0"/>'
)


def test_torsions_without_a_line_are_listed(study_of):
    row = Row("torsion line deleted", (), replace=without(TORSION))
    study = registry.load(study_of(row))
    kind = registry.kind(study.kind)
    kind.check(study)
    (notice,) = kind.notices(study)
    assert "2 proper torsions of DME: C1-O1-C2-C3 (classes CT-OS-CT-CT" in notice
    assert FORCE_FIELD.name in notice and "without a torsional barrier" in notice


def test_torsion_that_is_meant_to_be_zero_is_not_listed(study_of):
    row = Row("torsion of zero strength", (), replace=((TORSION, ZERO_TORSION),))
    study = registry.load(study_of(row))
    assert registry.kind(study.kind).notices(study) == []
