"""Whether a study's files are whole: hashes, trajectories, labels and tables, one check a file.

A finding names a file, what is wrong with it and what to run. Damage is told apart from what is
only worth knowing, as trajectories that an archive leaves out.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ionshift.core.errors import InputError
from ionshift.core.provenance import file_hash
from ionshift.core.user_tables import read_user_table
from ionshift.labels import gate, sets
from ionshift.labels.store import AGREEMENT_PPM, LabelStore
from ionshift.labels.table import read_table
from ionshift.runs.archive import TRAJECTORIES, WORK_FOLDER
from ionshift.systems.chemistry import chemistry
from ionshift.trajectories.trajectory import open_run

MANIFEST = "manifest.json"
SUMMARY = "md_summary.json"
LABELS = "labels/labels"
"""Table (.parquet) and set (.extxyz) of all labels of a study."""

WHEN_NEEDED = "it is computed again when a run next needs it"
OTHER_HASH = "was changed since the study was finished (its SHA-256 is not that of the manifest)"


@dataclass(frozen=True)
class Finding:
    """A file, what is wrong, and the command to run; `damaged` is False for a mere notice."""

    path: Path
    what: str
    command: str = ""
    damaged: bool = True


@dataclass(frozen=True)
class Check:
    """One piece of work: what it looks at, its size in bytes (for progress), how to do it."""

    path: Path
    n_bytes: int
    run: Callable[[], list[Finding]] = field(repr=False)


def read_manifest(results: str | Path) -> dict[str, Any] | None:
    """The record of a finished run; None where the run has not come to it.

    Raises
    ------
    InputError
        if it is damaged.
    """
    path = Path(results) / MANIFEST
    try:
        record = json.loads(path.read_text())
        if not isinstance(record.get("config"), dict):
            raise ValueError("it has no configuration")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it and run again (rm {path}, then ionshift run)"
        ) from None
    return record


def may_miss(path: Path) -> bool:
    """Whether archives leave this file of a study out."""
    return path.name in TRAJECTORIES or path.suffix == ".npz"


def in_a_clone() -> bool:
    """Whether inputs and stores of a study are where its configuration names them."""
    return Path("Snakefile").is_file()


def checks(study: Any, results: Path, record: dict[str, Any] | None, config: str) -> list[Check]:
    """All that is to be looked at in a folder of results; inputs and stores in a clone alone.

    Parameters
    ----------
    study : the study of the results
    results : their folder, wherever it was copied to
    record : what `read_manifest` gave; without it files are read, but not compared
    config : the configuration as it is typed in a command
    """
    own = results.resolve() == Path("results", study.study).resolve()
    remedy = partial(_made_anew, config) if own else _copied_anew
    hashes = (record or {}).get("results_sha256", {})
    intact: set[Path] = set()
    found = [
        *(_of_hash(results / name, digest, remedy, intact) for name, digest in hashes.items()),
        *(_of_input(Path(name), digest) for name, digest in _inputs(record).items()),
        *(_of_run(path.parent, remedy, intact) for path in _runs(results)),
        *(_of_table(path, remedy) for path in _tables(results)),
    ]
    if (results / f"{LABELS}.parquet").is_file() and not study.inference.archive:
        found.append(_of_labels(study, results, remedy, intact))
    return found


def once(findings: Iterator[Finding]) -> list[Finding]:
    """One finding a file: the first that says more than that its hash is another."""
    by_path: dict[Path, Finding] = {}
    for finding in findings:
        known = by_path.get(finding.path)
        if known is None or known.what == OTHER_HASH:
            by_path[finding.path] = finding
    return list(by_path.values())


def _made_anew(config: str, path: Path) -> str:
    return f"rm {path}; ionshift run {config} -- {path}"


def _copied_anew(path: Path) -> str:
    return f"copy {path} anew from where the study was run"


def _check(path: Path, run: Callable[[], list[Finding]]) -> Check:
    return Check(path, path.stat().st_size if path.is_file() else 0, run)


def _of_hash(path: Path, digest: str, remedy: Callable[[Path], str], intact: set[Path]) -> Check:
    """A file against its hash; joins `intact` where it is the same."""

    def run() -> list[Finding]:
        if not path.is_file():
            if may_miss(path):
                return [Finding(path, "is not here; archives leave it out", damaged=False)]
            return [Finding(path, "is missing", remedy(path))]
        if file_hash(path) != digest:
            return [Finding(path, OTHER_HASH, remedy(path))]
        intact.add(path)
        return []

    return _check(path, run)


def _inputs(record: dict[str, Any] | None) -> dict[str, str]:
    return (record or {}).get("inputs_sha256", {}) if in_a_clone() else {}


def _of_input(path: Path, digest: str) -> Check:
    command = f"git checkout -- {path} (or restore it; a run would compute anew what depends on it)"

    def run() -> list[Finding]:
        if not path.is_file():
            return [Finding(path, "is missing, an input of the study", command)]
        if file_hash(path) == digest:
            return []
        return [Finding(path, "is another input than that of the finished study", command)]

    return _check(path, run)


def _runs(results: Path) -> list[Path]:
    """Summaries of finished MD runs whose trajectory is here."""
    return [
        path
        for path in sorted(results.rglob(SUMMARY))
        if WORK_FOLDER not in path.parts and (path.parent / TRAJECTORIES[0]).is_file()
    ]


def _of_run(folder: Path, remedy: Callable[[Path], str], intact: set[Path]) -> Check:
    """The files of an MD against one another; one that is not intact is to blame."""
    trajectory = folder / TRAJECTORIES[0]
    files = [folder / name for name in (*TRAJECTORIES, SUMMARY)]

    def run() -> list[Finding]:
        try:
            open_run(folder)
        except InputError as error:
            text = str(error)
            suspects = [path for path in files if path not in intact] or files
            at_fault = min(suspects, key=lambda path: text.find(str(path)) % len(text))
            return [Finding(at_fault, _reason(error, at_fault), remedy(at_fault))]
        return []

    return _check(trajectory, run)


def _reason(error: InputError, path: Path) -> str:
    """The message without its remedy, and without the path if it begins with it."""
    text = str(error).partition("; delete it and")[0]
    for opening in ("topology ", "trajectory file ", "label set ", "label table ", "label file "):
        if text.startswith(f"{opening}{path}"):
            text = text.removeprefix(opening)
    return text.removeprefix(str(path)).lstrip(" :,")


def _tables(results: Path) -> list[Path]:
    """Every table that rules have written: CSV, and Parquet but for those of labels."""
    labels = results / "labels"
    return [
        path
        for pattern in ("*.csv", "*.parquet")
        for path in sorted(results.rglob(pattern))
        if not _is_aside(path.relative_to(results)) and labels not in path.parents
    ]


def _is_aside(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return hidden or path.parts[0] in ("logs", "benchmarks") or WORK_FOLDER in path.parts


def _of_table(path: Path, remedy: Callable[[Path], str]) -> Check:
    def run() -> list[Finding]:
        try:
            read_user_table(path)
        except InputError as error:
            return [Finding(path, _reason(error, path), remedy(path))]
        return []

    return _check(path, run)


def _of_labels(
    study: Any, results: Path, remedy: Callable[[Path], str], intact: set[Path]
) -> Check:
    """The set of labels against its table, the table against store and gate."""
    table, clusters = (results / f"{LABELS}{suffix}" for suffix in (".parquet", ".extxyz"))

    def run() -> list[Finding]:
        try:
            rows = read_table(table)
            gate.check_gate(rows, study.labelling.min_ok_share)
        except InputError as error:
            return [Finding(table, _reason(error, table), remedy(table))]
        store = LabelStore(study.labelling.store)
        found = _against_store(rows, table, store, remedy, intact) if in_a_clone() else []
        liquid = chemistry(study.electrolyte) if in_a_clone() else None
        try:
            sets.check_label_set(clusters, study.labelling.chosen_protocol(), liquid)
        except InputError as error:
            at_fault = table if clusters in intact and table not in intact else clusters
            found.append(Finding(at_fault, _reason(error, at_fault), remedy(at_fault)))
        return found

    return _check(table, run)


def _against_store(
    rows: Any, table: Path, store: LabelStore, remedy: Callable[[Path], str], intact: set[Path]
) -> list[Finding]:
    """Labels of the table whose record is damaged or another; how many the store lacks."""
    found, lost = [], 0
    for row in rows.to_dict("records"):
        key, path = row["key"], store.path(row["key"])
        try:
            record = store.get(key)
        except KeyError:
            lost += 1
        except InputError as error:
            found.append(Finding(path, _reason(error, path), f"rm {path}; {WHEN_NEEDED}"))
        else:
            what = _difference(row, record)
            if what and table in intact:
                found.append(Finding(path, f"{what} in {table}", f"rm {path}; {WHEN_NEEDED}"))
            elif what:
                found.append(Finding(table, f"label {key} {what} here", remedy(table)))
    if lost:
        what = f"lacks {lost} of the {len(rows)} labels in {table}; copy the store as well"
        found.append(Finding(store.folder, what, damaged=False))
    return found


def _difference(row: dict, record: dict) -> str:
    """In words, how a row of the table differs from the record of the store."""
    if row["status"] != record["status"]:
        return f"is {record['status']} in the store, but {row['status']}"
    value, known = row["shielding_ppm"], record["shielding_ppm"]
    if row["status"] == "ok" and not abs(value - known) <= AGREEMENT_PPM:
        return f"is {known:.4f} ppm in the store, but {value:.4f} ppm"
    return ""
