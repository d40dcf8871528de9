"""Write the ELF records of a finished study as a set that other studies take.

Leaves resources/elf/NAME.parquet and NAME.provenance.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ionshift.cli.export_labels import made_with
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path, read_table
from ionshift.labels import elf_sets
from ionshift.studies import registry

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

PACKAGES = ("pyscf", "numpy", "scipy")


def main(path: Path, name: str) -> None:
    study = registry.load(path)
    tables = [Path(f"results/{study.study}/elf/{system}.parquet") for system in study.systems]
    missing = [str(table) for table in tables if not table.is_file()]
    if missing:
        raise InputError(
            f"{missing[0]} is missing: finish the study first (ionshift run {path}), with "
            "elf.n_clusters > 0"
        )
    measured = pd.concat([read_table(table) for table in tables], ignore_index=True)
    target = Path("resources/elf") / name
    elf_sets.write_set(measured, target.with_suffix(".parquet"))
    with atomic_path(target.with_suffix(".provenance.json")) as temporary:
        temporary.write_text(json.dumps(provenance(study, measured, path, name), indent=2) + "\n")


def provenance(
    study: LiquidStudy, measured: pd.DataFrame, path: str | Path, name: str
) -> dict[str, Any]:
    """What was computed, how, with what, when, and how to make it again."""
    ok = measured[measured["status"] == "ok"]
    return {
        "commands": [f"ionshift run {path}", f"ionshift labels export-elf {path} {name}"],
        "remake": "with elf.shipped: [] and an empty elf.store, else records are taken over",
        **made_with(study.labelling.chosen_protocol(), PACKAGES),
        "elf": study.elf.model_dump(mode="json", exclude={"shipped", "store", "published"}),
        "records": len(ok),
        "cluster_ids": ok["cluster_id"].tolist(),
        "cpu_s": round(float(ok["cpu_s"].sum())),
    }
