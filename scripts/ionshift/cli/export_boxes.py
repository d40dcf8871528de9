"""Write the last frames of a finished study as boxes that other studies start from.

Leaves resources/boxes/NAME/SYSTEM_REPLICA.pdb and provenance.json.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionshift.cli import finished
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.studies import registry
from ionshift.systems import electrolyte
from ionshift.trajectories.cell import rectangular_edges_A
from ionshift.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from ionshift.config.electrolyte import Electrolyte, System
    from ionshift.config.study import LiquidStudy


def main(path: Path, name: str) -> None:
    """Write a box of every replica, with where it comes from."""
    study = registry.load(path)
    runs = {
        (system, replica): Path(f"results/{study.study}/md/{system}/{replica}")
        for system in study.systems
        for replica in range(study.md.replicas)
    }
    finished.check(path, [file for folder in runs.values() for file in files_of(folder)])
    target = Path("resources/boxes") / name
    target.mkdir(parents=True, exist_ok=True)
    for (system, replica), folder in runs.items():
        box = target / f"{system}_{replica}.pdb"
        write_last_frame(study.electrolyte, study.systems[system], folder, box)
        print(box)
    with atomic_path(target / "provenance.json") as temporary:
        record = provenance(study, runs[next(iter(runs))], path, name)
        temporary.write_text(json.dumps(record, indent=2) + "\n")


def files_of(folder: Path) -> tuple[Path, Path, Path]:
    """Topology, trajectory and summary of a replica's MD."""
    return folder / "topology.pdb", folder / "trajectory.xtc", folder / "md_summary.json"


def write_last_frame(el: Electrolyte, sy: System, folder: Path, box: Path) -> None:
    """Write the last frame of a replica's trajectory as a PDB file of whole molecules."""
    trajectory = Trajectory(*files_of(folder))
    last = trajectory.frame(len(trajectory) - 1)
    edges_A = rectangular_edges_A(last.cell_A)
    if edges_A is None:
        raise InputError(f"{folder}: the box is not rectangular, the MD cannot start from it")
    topology = electrolyte.build_topology(el, sy.counts)
    if [residue.name for residue in topology.residues()] != list(trajectory.molecule_name):
        raise InputError(
            f"{folder} holds other molecules, or in another order, than counts {dict(sy.counts)}; "
            "give the configuration that it was run with"
        )
    electrolyte.write_pdb(topology, last.positions_A, edges_A, box)


def provenance(study: LiquidStudy, folder: Path, path: Path, name: str) -> dict[str, Any]:
    """What was run, with what, when, and how to make it again."""
    summary = json.loads((folder / "md_summary.json").read_text())
    return {
        "commands": [f"ionshift run {path}", f"ionshift boxes {path} {name}"],
        "exported": datetime.now(UTC).date().isoformat(),
        "engine": summary["engine"],
        "versions": summary["versions"],
        "electrolyte": study.electrolyte.model_dump(mode="json"),
        "systems": {key: dict(system.counts) for key, system in study.systems.items()},
        "md": study.md.model_dump(mode="json"),
        "seed": study.seed,
        "frame": "the last one of each replica, velocities left out",
    }
