"""How far the DFT labels of a study are, and the core-hours left."""

from pathlib import Path

from ionshift.runs import status
from ionshift.studies import registry


def main(path: Path) -> None:
    study = registry.load(path)
    print(f"{study.study}: DFT labels of protocol {study.labelling.protocol}\n")
    print(status.as_text(status.label_table(study, Path("results"))))
