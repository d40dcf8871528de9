"""One file of a study from which its figures can be drawn again elsewhere."""

import io
import tarfile
from pathlib import Path

import yaml

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.runs import archived

TRAJECTORIES = ("trajectory.xtc", "topology.pdb")
MD_RECORDS = ("thermo.csv", "md_summary.json")
WORK_FOLDER = "work"


def result_files(results, trajectories=False):
    """Files of a study that an archive holds: all but the MD's working files.

    Parameters
    ----------
    results : folder of the study, `results/{study}`
    trajectories : whether to take trajectories and topologies too
    """
    results = Path(results)
    wanted_of_md = MD_RECORDS + TRAJECTORIES if trajectories else MD_RECORDS
    return [
        path
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(results).parts)
        and not _left_out(path.relative_to(results), wanted_of_md)
    ]


def _left_out(path, wanted_of_md):
    return path.parts[0] == "md" and (WORK_FOLDER in path.parts or path.name not in wanted_of_md)


def input_files(study):
    """Files that the study's configuration names; those of its archive if it has one."""
    measured = [Path(study.spectrum.experiment)] if study.spectrum.experiment else []
    if study.inference.archive:
        return archived.files(Path(study.inference.archive), list(study.systems)) + measured
    templates = [species.template for species in study.electrolyte.species.values()]
    label_sets = [*study.labelling.shipped, *study.labelling.reference_labels]
    named = [*templates, study.electrolyte.forcefield, *label_sets]
    named += [*study.sampling.chosen, *study.elf.shipped, study.elf.published]
    if study.md.uses_potential:
        named += study.potential.files()
    if study.geometry_optimization:
        named += study.geometry_optimization.potential.files()
    return [Path(name) for name in named if name] + measured


def write_archive(study, target, trajectories=False):
    """Pack a finished study into a tar.gz file, with its inputs and configuration.

    All names are relative to the repository, so that it is unpacked over a clean copy of it.
    The configuration is `results/{study}/config.yaml`.

    Parameters
    ----------
    study : config.Study
    target : path of the file to write
    trajectories : whether to take trajectories and topologies too

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
    paths = [*result_files(results, trajectories), *inputs]
    with atomic_path(target) as temporary, tarfile.open(temporary, "w:gz") as tar:
        _add_text(tar, results / "config.yaml", _as_yaml(study))
        for path in paths:
            if path != results / "config.yaml":
                tar.add(path, arcname=str(path))
    return [results / "config.yaml", *paths]


def _as_yaml(study):
    return yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False)


def _add_text(tar, name, text):
    content = text.encode()
    member = tarfile.TarInfo(str(name))
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))
