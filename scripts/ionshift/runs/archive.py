"""One file of a study from which its figures can be drawn again elsewhere."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.core.provenance import file_hash
from ionshift.runs import archived

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

TRAJECTORIES = ("trajectory.xtc", "topology.pdb")
MD_RECORDS = ("thermo.csv", "md_summary.json")
WORK_FOLDER = "work"
CHECKSUMS = "archive.sha256"
"""In the results' folder: the checksum of every other member, as `sha256sum -c` reads them."""


def result_files(
    results: Path, trajectories: bool = False, descriptors: bool = False
) -> list[Path]:
    """Files of a study that an archive holds: all but the MD's working files.

    Parameters
    ----------
    results : folder of the study, `results/{study}`
    trajectories : whether to take trajectories and topologies too
    descriptors : whether to take the moments of the descriptors too, which no figure needs
    """
    results = Path(results)
    wanted_of_md = MD_RECORDS + TRAJECTORIES if trajectories else MD_RECORDS
    return [
        path
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(results).parts)
        and not _left_out(path.relative_to(results), wanted_of_md)
        and path.name != CHECKSUMS
        and (descriptors or not _is_of_descriptors(path.relative_to(results)))
    ]


def _is_of_descriptors(path):
    return path.parts[0] == "pca" and path.suffix == ".npz"


def _left_out(path, wanted_of_md):
    return path.parts[0] == "md" and (WORK_FOLDER in path.parts or path.name not in wanted_of_md)


def input_files(study: LiquidStudy) -> list[Path]:
    """Files that the study's configuration names; those of its archive if it has one."""
    measured = [Path(study.spectrum.experiment)] if study.spectrum.experiment else []
    if study.inference.archive:
        return archived.files(Path(study.inference.archive), list(study.systems)) + measured
    templates = [species.template for species in study.electrolyte.species.values()]
    label_sets = [*study.labelling.shipped, *study.labelling.reference_labels]
    named: list[str | None] = [*templates, study.electrolyte.forcefield, *label_sets]
    named += [path for system in study.systems.values() for path in system.starts]
    named += [*study.sampling.chosen, *study.elf.shipped, study.elf.published]
    if study.md.uses_potential:
        named += study.potential.files()
    if study.geometry_optimization:
        named += study.geometry_optimization.potential.files()
    return [Path(name) for name in named if name] + measured


def write_archive(
    study: LiquidStudy, target: str | Path, trajectories: bool = False, descriptors: bool = False
) -> list[Path]:
    """Pack a finished study into a tar.gz file, with its inputs and configuration.

    All names are relative to the repository, so that it is unpacked over a clean copy of it.
    The configuration is `results/{study}/config.yaml`.

    Parameters
    ----------
    study : config.Study
    target : path of the file to write
    trajectories : whether to take trajectories and topologies too
    descriptors : whether to take the moments of the descriptors too

    Returns
    -------
    list of the paths that are in it

    Raises
    ------
    InputError
        if the study has no manifest or an input is outside the repository.
    """
    results = Path("results") / study.study
    if not (results / "manifest.json").is_file():
        raise InputError(
            f"{results}/manifest.json: no such file; finish the run first (ionshift run)"
        )
    inputs = input_files(study)
    for path in inputs:
        if path.is_absolute() or ".." in path.parts:
            raise InputError(
                f"input {path} is outside the repository and cannot be archived; move it inside "
                "and name it by a relative path"
            )
    config = results / "config.yaml"
    found = [*result_files(results, trajectories, descriptors), *inputs]
    paths = [path for path in dict.fromkeys(found) if path != config]
    sums = {config: hashlib.sha256(_as_yaml(study).encode()).hexdigest()}
    sums |= {path: file_hash(path) for path in paths}
    with atomic_path(target) as temporary, tarfile.open(temporary, "w:gz", dereference=True) as tar:
        _add_text(tar, results / CHECKSUMS, "".join(f"{sums[path]}  {path}\n" for path in sums))
        _add_text(tar, config, _as_yaml(study))
        for path in paths:
            tar.add(path, arcname=str(path))
    return [config, *paths]


def _as_yaml(study):
    return yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False)


def _add_text(tar, name, text):
    content = text.encode()
    member = tarfile.TarInfo(str(name))
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))
