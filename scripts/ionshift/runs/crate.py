"""A finished run as a Workflow Run RO-Crate.

Profile: https://w3id.org/ro/wfrun/workflow/0.5 (on RO-Crate 1.1 and Workflow RO-Crate 1.0).
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.runs.archive import input_files, result_files

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
CODE = ("workflow/**/*.smk", "workflow/**/*.yaml", "workflow/**/*.rst", "scripts/**/*.py", "envs/*")
RESULTS = (
    *("tables", "figures", "model", "labels", "predictions"),
    *("manifest.json", "summary.html", "report.html"),
)
LICENSE = "https://spdx.org/licenses/MIT"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".html": "text/html",
    ".yaml": "application/yaml",
    ".xml": "application/xml",
    ".extxyz": "chemical/x-xyz",
    ".parquet": "application/vnd.apache.parquet",
}


def write_crate(study: LiquidStudy, target: str | Path, root: str | Path = ".") -> None:
    """Write the run of a study as a zipped crate.

    Parameters
    ----------
    study : config.Study
    target : path of the zip file to write
    root : the repository, with `results/{study}` in it

    Raises
    ------
    InputError
        if the study has no manifest.
    """
    root = Path(root)
    results = root / "results" / study.study
    manifest = _read_manifest(results / "manifest.json")
    crate = ROCrate(version="1.1")
    crate.name = f"Ionshift run: {study.study}"
    crate.description = (
        f"Dynamic NMR of an electrolyte ({', '.join(study.electrolyte.species)}) at "
        f"{', '.join(study.systems)}: the workflow, its inputs and its results."
    )
    crate.license = LICENSE
    crate.root_dataset["conformsTo"] = [_profile(crate, url) for url in PROFILES]
    workflow = _add_workflow(crate, root, manifest)
    inputs = _add_inputs(crate, study, workflow, root)
    outputs = [
        _add_file(crate, path, root)
        for path in result_files(results)
        if path.relative_to(results).parts[0] in RESULTS
    ]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=inputs,
        result=outputs,
        properties={
            "name": f"Run of the study {study.study}",
            "startTime": _first_log(results),
            "endTime": manifest["created"],
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        },
    )
    crate.root_dataset["mentions"] = [action]
    with atomic_path(target) as temporary:
        crate.write_zip(temporary)


def _read_manifest(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; finish the run first (ionshift run)") from None


def _profile(crate, url):
    name, version = PROFILES[url]
    properties = {"@type": "CreativeWork", "name": name, "version": version}
    return crate.add(ContextEntity(crate, url, properties=properties))


def _add_workflow(crate, root, manifest):
    """The Snakefile as the main entity, with the files it is made of as parts."""
    workflow = crate.add_workflow(
        str(root / "Snakefile"),
        "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=manifest["packages"]["snakemake"],
        properties={"name": "Ionshift", "version": manifest["git"]["commit"] or "unknown"},
    )
    paths = sorted({path for pattern in CODE for path in root.glob(pattern) if path.is_file()})
    workflow["hasPart"] = [_add_file(crate, path, root) for path in paths]
    return workflow


def _add_inputs(crate, study, workflow, root):
    text = yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False)
    name = f"results/{study.study}/config.yaml"
    parameter = crate.add_formal_parameter(
        "configuration", "File", identifier="#configuration", valueRequired=True
    )
    workflow["input"] = [parameter]
    configuration = crate.add_file(
        io.StringIO(text), name, properties={"name": name, "encodingFormat": MEDIA_TYPES[".yaml"]}
    )
    configuration["exampleOfWork"] = parameter
    return [configuration, *(_add_file(crate, root / path, root) for path in input_files(study))]


def _add_file(crate, path, root):
    name = str(path.relative_to(root))
    properties = {"name": name, "encodingFormat": MEDIA_TYPES.get(path.suffix, "text/plain")}
    return crate.add_file(str(path), name, properties=properties, record_size=True)


def _first_log(results):
    """When the oldest log was last written: the first sign of the run that is left."""
    times = [path.stat().st_mtime for path in results.glob("logs/**/*.log")]
    moment = datetime.fromtimestamp(min(times), UTC) if times else None
    return moment.isoformat(timespec="seconds") if moment else None
