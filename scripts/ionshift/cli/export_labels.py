"""Write a finished study's ok labels as a set that other studies can train on.

leaves resources/labels/NAME.extxyz, NAME.parquet and NAME.provenance.json.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ionshift.cli import finished
from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path, read_table, write_table
from ionshift.labels import sets, store
from ionshift.labels.table import read_labels
from ionshift.studies import registry

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

PACKAGES = ("pyscf", "numpy", "scipy", "openmm", "MDAnalysis")


def main(path: Path, name: str) -> None:
    study = registry.load(path)
    source = Path(f"results/{study.study}")
    needed = ("labels/labels.parquet", "labels/labels.extxyz", "tables/speciation.csv")
    finished.check(path, [source / name for name in needed])
    table = read_labels(source / "labels" / "labels.parquet")
    _check_protocol(table, study, path)
    clusters = sets.read_label_set(source / "labels" / "labels.extxyz")
    ok = (table["status"] == "ok").to_numpy()
    target = Path("resources/labels") / name
    sets.write_label_set(
        target.with_suffix(".extxyz"),
        [c for c, good in zip(clusters, ok, strict=True) if good],
        table[ok],
    )
    write_table(table, target.with_suffix(".parquet"), "labels")
    with atomic_path(target.with_suffix(".provenance.json")) as temporary:
        temporary.write_text(
            json.dumps(provenance(study, source, table, path, name), indent=2) + "\n"
        )


def _check_protocol(table, study, path):
    wanted = store.protocol_hash(study.labelling.chosen_protocol())
    found = set(table["protocol_hash"]) - {wanted}
    if found:
        raise InputError(
            f"the labels of {study.study} were made with protocol {', '.join(sorted(found))}, "
            f"labelling.protocol = '{study.labelling.protocol}' is {wanted} now; run the study "
            f"again (ionshift run {path})"
        )


def provenance(
    study: LiquidStudy, source: Path, table: pd.DataFrame, path: str | Path, name: str
) -> dict[str, Any]:
    """What was computed, how, with what, when, and how to make it again."""
    md = json.loads(next(iter(sorted(source.glob("md/*/*/md_summary.json")))).read_text())
    labelling = study.labelling
    return {
        "commands": [
            f"ionshift run {path}",
            f"ionshift labels export {path} {name}",
        ],
        "md_versions": md["versions"],
        "class_shares_in_md": _class_shares(source),
    } | of_labels(table, labelling.protocol, labelling.chosen_protocol())


def _class_shares(source):
    speciation = read_table(source / "tables" / "speciation.csv")
    return {
        system: part.set_index("solvation_class")["share"].round(4).to_dict()
        for system, part in speciation.groupby("system")
    }


def made_with(protocol: Protocol, packages: Iterable[str]) -> dict[str, Any]:
    """Date, protocol and versions of packages, for the provenance of any computed set."""
    return {
        "exported": datetime.now(UTC).date().isoformat(),
        "protocol_settings": protocol.model_dump(mode="json"),
        "protocol_hash": store.protocol_hash(protocol),
        "versions": {package: importlib.metadata.version(package) for package in packages},
    }


def of_labels(table: pd.DataFrame, protocol_name: str, protocol: Protocol) -> dict[str, Any]:
    """What the provenance of any set says of its labels: protocol, versions, counts, cost."""
    ok = table[table["status"] == "ok"]
    return {
        "protocol": protocol_name,
        **made_with(protocol, PACKAGES),
        "labels": table["status"].value_counts().to_dict(),
        "ok_by_system_and_class": {
            system: part["solvation_class"].value_counts().to_dict()
            for system, part in ok.groupby("system")
        },
        "shielding_mean_ppm": round(float(ok["shielding_ppm"].mean()), 4),
        "shielding_sd_ppm": round(float(ok["shielding_ppm"].std(ddof=1)), 4),
        "cpu_hours": round(float(table["cpu_s"].sum()) / 3600, 2),
        "largest_max_rss_MB": round(float(table["max_rss_MB"].max())),
    }
