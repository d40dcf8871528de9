"""The scripts of a potential's training, one after the other, on a few small frames."""

import json
from types import SimpleNamespace

import accept_potential
import ase.io
import choose_frames
import collect_frames
import evaluate_potential
import label_frames
import numpy as np
import pandas as pd
import pytest
import train_potential
import validate_potential
import yaml
from test_mace_training import ELEMENTS, TINY
from test_reference import MOLECULES, PYSCF, lithium_fluoride, salt_water

from frame_files import write_summary
from ionshift.cli import retry_frames
from ionshift.config.potential_training import PotentialFrames, PotentialValidation
from ionshift.config.reference import Reference
from ionshift.core.errors import InputError
from ionshift.potential_training import frames
from ionshift.potential_training.reference import ReferenceTask, open_store
from ionshift.potential_training.references.settings import effective
from molecules import place


class Named(dict):
    """Named files or values, as Snakemake hands them to a script."""

    __getattr__ = dict.__getitem__


def run(script, log=print, threads=1, **parts):
    named = {name: Named(values) for name, values in parts.items()}
    job = SimpleNamespace(**{"wildcards": Named()} | named, threads=threads)
    script.main(job, log)
    return job.output


def small_frames(n):
    rng = np.random.default_rng(5)
    for i in range(n):
        atoms = lithium_fluoride()
        atoms.arrays["molecule"] = np.array([0, 1, 2, 2])
        atoms = frames.distorted(atoms, 0.1, 0.02, rng)
        atoms.info = {
            "frame_id": f"box/r0/f{i}",
            "system": "box",
            "origin": "md",
            "group": f"box/r0/b{i // 3}",
        }
        yield atoms


def label_shards(folder, atoms, reference, n_shards=2, charges=None):
    frames.write(folder / "chosen.extxyz", atoms)
    size = -(-len(atoms) // n_shards)
    return [
        run(
            label_frames,
            input={"frames": folder / "chosen.extxyz"},
            output={
                "frames": folder / f"{shard}.extxyz",
                "table": folder / "rounds" / "0" / "shards" / f"box_{shard}.parquet",
            },
            params={
                "reference": effective(reference),
                "charges": charges,
                "cp2k_command": "cp2k.psmp",
                "store": folder / "store",
                "shard_size": size,
            },
            wildcards={"shard": str(shard)},
        )
        for shard in range(n_shards)
    ]


def collect(folder, shards, reference, isolated_atoms="average"):
    return run(
        collect_frames,
        input={"frames": [s.frames for s in shards], "tables": [s.table for s in shards]},
        output={
            "frames": folder / "frames.extxyz",
            "table": folder / "rounds" / "0" / "frames.parquet",
            "atoms": folder / "atoms.json",
        },
        params={
            "reference": effective(reference),
            "cp2k_command": "cp2k.psmp",
            "store": folder / "store",
            "isolated_atoms": isolated_atoms,
            "min_ok_share": 0.9,
        },
    )


def test_frames_are_chosen(write_box, tmp_path):
    parts = [("LI", place("LI", 0, [1, 1, 1])), ("DME", place("DME", 1, [5, 5, 5]))]
    positions = np.concatenate([part.positions for _, part in parts])
    topology, trajectory = write_box(parts, [positions + 0.1 * i for i in range(10)])
    summary = write_summary(tmp_path, n_frames=10, n_atoms=len(positions))
    settings = PotentialFrames(n_frames=4, n_distorted=2)
    done = run(
        choose_frames,
        input={"trajectories": [trajectory], "topologies": [topology], "summaries": [summary]},
        output={"frames": tmp_path / "frames.extxyz"},
        params={"frames": settings.model_dump(), "group_ps": 3.0},
        wildcards={"box": "box"},
    )
    chosen = ase.io.read(done.frames, index=":")
    assert [atoms.info["origin"] for atoms in chosen] == 4 * ["md"] + 2 * ["distorted"]


def test_the_gate_closes_on_unconverged_frames(tmp_path):
    few = Reference(max_cycles=2)
    shards = label_shards(tmp_path, list(small_frames(2)), few)
    with pytest.raises(InputError, match="only 0% of 2 labels are ok"):
        collect(tmp_path, shards, few)
    assert not (tmp_path / "frames.extxyz").exists()


def test_a_reference_of_molecules_labels_clusters_of_the_frames(tmp_path):
    chosen = [salt_water(), salt_water()]
    chosen[1].info |= {"frame": 1, "frame_id": "box/r0/f1"}
    shards = label_shards(tmp_path, chosen, PYSCF, charges=MOLECULES)
    found = frames.read(collect(tmp_path, shards, PYSCF).frames)
    assert [atoms.get_chemical_formula() for atoms in found] == ["FLi", "FLi"]
    assert [atoms.info["frame_id"] for atoms in found] == ["box/r0/f0", "box/r0/f1"]
    assert not any(atoms.pbc.any() or "REF_stress" in atoms.info for atoms in found)
    forces = [atoms.arrays["REF_forces"] for atoms in found]
    # The ions 1.1 A apart push each other off harder than those at 2.0 A.
    assert np.abs(forces[0]).max() > 2 * np.abs(forces[1]).max()


def test_failed_labels_are_forgotten_alone(tmp_path, monkeypatch, root):
    monkeypatch.chdir(tmp_path)
    study = yaml.safe_load((root / "config" / "config.yaml").read_text())
    study["potential_training"] = {
        "systems": {"box": study["systems"]["1M"]},
        "store": "store",
        "shard_size": 2,
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    folder = tmp_path / "results" / "demo" / "potential" / "rounds" / "0"
    frames.write(folder / "frames" / "box.extxyz", list(small_frames(4)))
    task, store = ReferenceTask(Reference()), open_store("store")
    keys = [task.key_of(atoms) for atoms in frames.read(folder / "frames" / "box.extxyz")]
    for key, status in zip(keys, ("ok", "ok", "ok", "unconverged"), strict=True):
        store.put(key, {"status": status, "reason": "", "energy_eV": -1.0})
    (folder / "shards").mkdir()
    for shard in (0, 1):
        (folder / "shards" / f"box_{shard}.parquet").touch()
        (folder / "shards" / f"box_{shard}.extxyz").touch()
    retry_frames.main("study.yaml")
    assert [key in store for key in keys] == [True, True, True, False]
    left = sorted(path.name for path in (folder / "shards").iterdir())
    assert left == ["box_0.extxyz", "box_0.parquet"]


@pytest.mark.slow
def test_from_frames_to_an_accepted_potential(tmp_path):
    reference = Reference()
    shards = label_shards(tmp_path, list(small_frames(18)), reference)
    collected = collect(tmp_path, shards, reference, "computed")
    assert set(json.loads(collected.atoms.read_text())) == set(ELEMENTS)
    assert (pd.read_parquet(collected.table)["status"] == "ok").all()
    model = TINY.model_dump(mode="json")
    prior = {"charges": {"Li": 0.5, "H": 0.5, "F": -0.5}, "permittivity": 2.0}
    trained = run(
        train_potential,
        input={"frames": collected.frames, "atoms": collected.atoms},
        output={"model": tmp_path / "member0.model", "epochs": tmp_path / "models" / "member0.csv"},
        params={
            "model": model,
            "prior": prior,
            "member": 0,
            "share": 1.0,
            "work": tmp_path / "work",
        },
        wildcards={"run": "member0"},
    )
    evaluated = run(
        evaluate_potential,
        input={
            "frames": collected.frames,
            "models": [str(trained.model)],
            "epochs": [trained.epochs],
        },
        output={
            name: tmp_path / "tables" / f"potential_{name}.csv"
            for name in ("metrics", "parity", "learning_curve", "epochs")
        },
        params={
            "model": model,
            "prior": prior,
            "runs": {"member0": (0, 1.0)},
            "elements": ELEMENTS,
        },
    )
    # Trained without the prior, evaluated with it: the errors are those of its own validation.
    metrics = pd.read_csv(evaluated.metrics)
    train = metrics[(metrics["part"] == "train") & (metrics["quantity"] == "force")]
    assert (train["rmse"] < 0.6 * train["reference_sd"])[train["element"] == "all"].all()
    assert pd.read_csv(evaluated.learning_curve)["n_train"].tolist() == [12]
    settings = PotentialValidation(nve_ps=0.02, nve_timestep_fs=0.2)
    checked = run(
        validate_potential,
        input={
            "frames": collected.frames,
            "model": str(trained.model),
            "metrics": evaluated.metrics,
            "liquid": [],
        },
        output={
            "checks": tmp_path / "tables" / "potential_validation.csv",
            "nve": tmp_path / "tables" / "potential_nve.csv",
            "scan": tmp_path / "tables" / "potential_scan.csv",
        },
        params={
            "validation": settings.model_dump(exclude={"override"}),
            "model": model,
            "prior": prior,
            "run": "member0",
            "elements": ELEMENTS,
        },
    )
    handed = {
        "input": {"checks": checked.checks, "model": trained.model},
        "output": {"model": tmp_path / "potential.model"},
    }
    with pytest.raises(InputError, match=r"the potential failed its validation: .*energy_rmse"):
        run(accept_potential, params={"override": False}, **handed)
    assert not (tmp_path / "potential.model").exists()
    run(accept_potential, params={"override": True}, **handed)
    assert (tmp_path / "potential.model").read_bytes() == trained.model.read_bytes()
