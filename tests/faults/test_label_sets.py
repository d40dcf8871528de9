"""Label sets and training data that must not be taken: what is broken, what the message names."""

from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
import pytest
import yaml
from ase import Atom

from commands import ionshift
from ionshift.config.protocol import PROTOCOLS
from ionshift.core.errors import InputError
from ionshift.labels import sets
from ionshift.labels.store import LabelStore, label_key
from ionshift.learning.extxyz import read_environments
from ionshift.runs import contents
from ionshift.studies import registry
from ionshift.systems.chemistry import chemistry

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "resources" / "labels"
FAST = PROTOCOLS["fast"]
BOHR_PER_A = 1 / 0.529177
ENTRY = 1


@pytest.fixture(scope="module")
def liquid():
    """What the demo's clusters are made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return chemistry(registry.load("config/config.yaml").electrolyte)


@pytest.fixture(scope="module")
def three():
    return sets.read_frames(LABELS / "lifsi_dme_fast.extxyz")[:3]


def copies(frames):
    return [frame.copy() for frame in frames]


def with_keys(frames):
    """Keys of the present geometries: the file is unedited as far as keys can tell."""
    for atoms in frames:
        if "charge" in atoms.info and not isinstance(atoms.info["charge"], str):
            atoms.info["key"] = label_key(atoms, atoms.info["charge"], FAST)
    return frames


def info(**changes):
    def change(frames):
        frames[ENTRY].info.update(changes)

    return change


def without(name):
    return lambda frames: frames[ENTRY].info.pop(name)


def scaled(factor):
    def change(frames):
        for atoms in frames:
            atoms.positions *= factor

    return change


def rolled(frames):
    """The nucleus last."""
    frames[ENTRY] = frames[ENTRY][[*range(1, len(frames[ENTRY])), 0]]


def element(old, new):
    def change(frames):
        symbols = np.array(frames[ENTRY].get_chemical_symbols())
        symbols[np.flatnonzero(symbols == old)[0]] = new
        frames[ENTRY].set_chemical_symbols(symbols)

    return change


def moved(atom, by):
    def change(frames):
        frames[ENTRY].positions[atom] += by

    return change


def onto(atom, other, apart_A):
    def change(frames):
        at = frames[ENTRY].positions
        at[atom] = at[other] + [apart_A, 0, 0]

    return change


def far_molecule(frames):
    """All but the nucleus moved away as one: another atom was the centre."""
    frames[ENTRY].positions[1:] += [4.0, 0, 0]


def tensor(name, change):
    def of_entry(frames):
        frames[ENTRY].info[name] = change(np.array(frames[ENTRY].info[name], float))

    return of_entry


def added(matrix):
    return lambda tensor: tensor + np.ravel(matrix)


def again(frames):
    frames.append(frames[ENTRY].copy())


def same_name(frames):
    frames[2].info["cluster_id"] = frames[ENTRY].info["cluster_id"]


def extra_atom(frames):
    frames[ENTRY] += Atom("O", [9.0, 9.0, 9.0])


def half_molecule(frames):
    del frames[ENTRY][-1]


ROWS = {
    "positions in nm": (scaled(0.1), "entry 0: positions look like nm"),
    "positions in bohr": (scaled(BOHR_PER_A), "entry 0: positions look like bohr"),
    "positions in pm": (scaled(100.0), "entry 0: positions are not in A"),
    "two atoms in one place": (onto(3, 4, 0.0), "entry 1: atoms 3 and 4 .* are 0.000 A apart"),
    "two atoms at 0.4 A": (onto(3, 4, 0.4), "entry 1: .* 0.400 A apart, less than the 0.6 A"),
    "a position that is nan": (moved(2, np.nan), "entry 1: the position of atom 2 .*nan"),
    "a position that is inf": (moved(2, np.inf), "entry 1: the position of atom 2 .*inf"),
    "the nucleus last": (rolled, "its first atom is .*'Li' stands at atom"),
    "no nucleus": (element("Li", "Na"), "entry 1: its first atom is Na and it has no Li"),
    "another element": (element("H", "Cl"), "entry 1: Cl in it, an element of none of"),
    "O in place of C": (element("C", "O"), "entry 1: a molecule .* is none of electrolyte.species"),
    "another centre": (far_molecule, "entry 1: a molecule .* begins .* beyond cutoff_A = 3.4"),
    "a lone O": (extra_atom, "entry 1: a molecule O1 is none of"),
    "an atom lost": (half_molecule, "entry 1: "),
    "charge +5": (info(charge=5), r"entry 1: charge = \+5"),
    "charge -99": (info(charge=-99), "entry 1: charge = -99"),
    "an odd number of electrons": (
        info(charge=1),
        r"entry 1: charge = \+1 leaves .* an odd number",
    ),
    "half a charge": (info(charge=0.5), "entry 1: charge = 0.5 must be a whole number"),
    "charge abc": (info(charge="abc"), "entry 1: charge = 'abc' must be a number"),
    "no charge": (without("charge"), "entry 1: no charge"),
    "no key": (without("key"), "entry 1: no key"),
    "no cluster_id": (without("cluster_id"), "entry 1: no cluster_id"),
    "no cutoff_A": (without("cutoff_A"), "entry 1: no cutoff_A"),
    "no system": (without("system"), "entry 1: no system"),
    "no time_ps": (without("time_ps"), "entry 1: no time_ps"),
    "no protocol_hash": (without("protocol_hash"), "entry 1: no protocol_hash"),
    "no shielding": (without("shielding_ppm"), "entry 1: no shielding_ppm"),
    "a time that is text": (info(time_ps="late"), "entry 1: time_ps = 'late' must be a number"),
    "a time that is nan": (info(time_ps=float("nan")), "entry 1: time_ps = nan must be finite"),
    "a cut-off that is inf": (info(cutoff_A=float("inf")), "entry 1: cutoff_A = inf must be"),
    "frame -1": (info(frame=-1), "entry 1: frame = -1 is negative"),
    "half an anion": (info(n_anion=0.5), "entry 1: n_anion = 0.5 must be a whole number"),
    "another class": (info(solvation_class="SSIP", n_anion=2), "'SSIP' beside n_anion = 2"),
    "one solvent more": (info(n_solvent=9), "entry 1: n_solvent = 9, but . solvents are in"),
    "an unknown status": (info(status="fine"), "entry 1: unknown status 'fine'"),
    "a shielding moved by 1 ppm": (
        lambda frames: info(shielding_ppm=frames[ENTRY].info["shielding_ppm"] + 1)(frames),
        "entry 1: shielding_ppm = .* a third of the trace .* may differ by 0.01",
    ),
    "a shielding that is nan": (info(shielding_ppm=float("nan")), "shielding_ppm = nan must be"),
    "a shielding that is text": (info(shielding_ppm="high"), "shielding_ppm = 'high' must be"),
    "a tensor of eight numbers": (
        tensor("shielding_tensor_ppm", lambda values: values[:8]),
        "entry 1: shielding_tensor_ppm has 8 values, not nine",
    ),
    "a tensor with inf": (
        tensor("shielding_tensor_ppm", added([0, np.inf, 0, 0, 0, 0, 0, 0, 0])),
        "entry 1: shielding_tensor_ppm holds a value that is not finite",
    ),
    "a field gradient that is not symmetric": (
        tensor("efg_tensor_au", added([0, 0.1, 0, 0, 0, 0, 0, 0, 0])),
        "entry 1: efg_tensor_au is off a symmetric tensor by 0.1",
    ),
    "a field gradient with a trace": (
        tensor("efg_tensor_au", added(0.1 * np.eye(3))),
        "entry 1: efg_tensor_au .* its trace is 0.3",
    ),
    "an energy that is inf": (info(energy_Ha=float("inf")), "energy_Ha = inf must be finite"),
    "an entry twice": (again, "entries 1 and 3 have one key"),
    "one name for two clusters": (same_name, "entries 1 and 2 have one cluster_id"),
    "another protocol": (info(protocol_hash="f" * 16), "made with protocol ffffffffffffffff"),
}


@pytest.mark.parametrize(("change", "message"), ROWS.values(), ids=ROWS)
def test_a_bad_label_set_stops_at_its_import(three, liquid, tmp_path, change, message):
    frames = copies(three)
    change(frames)
    if "key" in frames[ENTRY].info and np.isfinite(frames[ENTRY].positions).all():
        with_keys(frames)
    path, store = tmp_path / "bad.extxyz", LabelStore(tmp_path / "store")
    ase.io.write(path, frames, format="extxyz")
    with pytest.raises(InputError, match=message) as caught:
        sets.import_label_set(path, FAST, store, (), liquid)
    assert str(path) in str(caught.value)
    assert not list(tmp_path.glob("store/*/*.json"))


def test_the_same_set_unbroken_is_taken(three, liquid, tmp_path):
    path = tmp_path / "good.extxyz"
    ase.io.write(path, with_keys(copies(three)), format="extxyz")
    before = [atoms.info["key"] for atoms in three]
    _, table = sets.import_label_set(path, FAST, LabelStore(tmp_path / "store"), (), liquid)
    assert table["key"].tolist() == before


@pytest.mark.parametrize("name", ["lifsi_dme_fast", "lifsi_dme_fast_2", "lifsi_dme_fast_3"])
def test_shipped_sets_are_of_the_liquid(liquid, name):
    clusters = sets.check_label_set(LABELS / f"{name}.extxyz", FAST, liquid)
    table = pd.read_parquet(LABELS / f"{name}.parquet")
    assert [atoms.info["key"] for atoms in clusters] == table["key"].tolist()


def test_the_reference_set_is_of_the_liquid(liquid):
    assert len(sets.read_label_set(LABELS / "lifsi_dme_reference.extxyz", liquid)) == 20


FILES = {
    "nothing": (b"", "holds no cluster"),
    "no extxyz": (b"a table\nof words\n", "is not a readable extxyz file"),
    "no text": (b"\xff\xfe\x00\x01" * 40, "is not a readable extxyz file"),
    "a frame without atoms": (
        b"0\nProperties=species:S:1:pos:R:3\n",
        "no atom in it|not a readable",
    ),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES)
def test_a_file_that_is_none_is_named(tmp_path, content, message):
    path = tmp_path / "set.extxyz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        sets.import_label_set(path, FAST, LabelStore(tmp_path / "store"))
    assert str(path) in str(caught.value)


# ---------------------------------------------------------------- ionshift train


def column(values):
    def change(frames):
        frames[ENTRY].arrays["sigma"] = np.array(values)

    return change


def tensors_that_differ(frames):
    for frame in frames:
        frame.arrays["shielding_ppm"] = np.full(3, 90.0)
        frame.arrays["shielding_tensor_ppm"] = np.tile(91.0 * np.eye(3).ravel(), (3, 1))


def of_frames(value):
    def change(frames):
        for frame in frames:
            del frame.arrays["sigma"]
            frame.info["sigma"] = value

    return change


TRAINING = {
    "positions in nm": (scaled(0.1), "entry 0: positions look like nm"),
    "overlapping atoms": (onto(1, 2, 0.3), "entry 1: atoms .* 0.300 A apart"),
    "a position that is nan": (moved(1, np.nan), "entry 1: the position of atom 1"),
    "a frame twice": (again, "entries 1 and 4 are one frame; keep one"),
    "a column of text": (column(["a", "b", "c"]), "entry 1: 'sigma' holds text"),
    "a column of vectors": (column(np.zeros((3, 3)).tolist()), "one is needed"),
    "a target that is text": (of_frames("high"), "sigma = 'high' must be a number"),
    "a target that is inf": (of_frames(float("inf")), "sigma = inf must be finite"),
    "charge +5": (info(charge=5), r"entry 1: charge = \+5"),
    "tensors of other shieldings": (tensors_that_differ, "off a third of the trace"),
}


def water_like(n):
    from ase import Atoms

    frames = []
    for number in range(n):
        atoms = Atoms("OFF", positions=[[0, 0, 0], [1.5 + 0.1 * number, 0, 0], [0, 1.6, 0]])
        atoms.arrays["sigma"] = np.array([np.nan, 1.0 + number, 1.6])
        frames.append(atoms)
    return frames


@pytest.mark.parametrize(("change", "message"), TRAINING.values(), ids=TRAINING)
def test_bad_training_data_is_refused(tmp_path, change, message):
    frames, path = water_like(4), tmp_path / "data.extxyz"
    change(frames)
    ase.io.write(path, frames, format="extxyz")
    with pytest.raises(InputError, match=message) as caught:
        read_environments(path, "sigma")
    assert str(path) in str(caught.value)


def test_good_training_data_is_taken(tmp_path):
    ase.io.write(tmp_path / "data.extxyz", water_like(4), format="extxyz")
    assert len(read_environments(tmp_path / "data.extxyz", "sigma", "F").targets) == 8


# ---------------------------------------------------------------- the commands that a user types


def test_a_run_stops_before_its_first_job(three, tmp_path):
    frames, path = copies(three), tmp_path / "bohr.extxyz"
    scaled(BOHR_PER_A)(frames)
    ase.io.write(path, with_keys(frames), format="extxyz")
    study = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    study["study"] = "never_begun"
    study["labelling"]["shipped"] = [str(path)]
    study["model"] = {"committee_size": 2}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    done = ionshift("run", str(tmp_path / "study.yaml"))
    assert done.returncode == 1
    assert f"ERROR label set {path}, entry 0: positions look like bohr" in done.stderr
    assert "Traceback" not in done.stderr and not (ROOT / "results/never_begun").exists()


def test_training_stops_with_a_sentence(tmp_path):
    frames, path = water_like(4), tmp_path / "data.extxyz"
    scaled(0.1)(frames)
    ase.io.write(path, frames, format="extxyz")
    done = ionshift("train", str(path), str(tmp_path / "out"), "--target", "sigma")
    assert done.returncode == 1
    assert done.stderr.startswith(f"ERROR {path}, entry 0: positions look like nm")


def test_the_demo_passes(monkeypatch):
    monkeypatch.chdir(ROOT)
    contents.check(registry.load("config/config.yaml"))
