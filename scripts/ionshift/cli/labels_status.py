"""How far the DFT labels of a study are, and the core-hours left.

Usage: python scripts/ionshift/cli/labels_status.py CONFIG
"""

import sys
from pathlib import Path

from ionshift.runs import status
from ionshift.studies import registry


def main(path):
    study = registry.load(path)
    print(f"{study.study}: DFT labels of protocol {study.labelling.protocol}\n")
    print(status.as_text(status.label_table(study, Path("results"))))


if __name__ == "__main__":
    main(sys.argv[1])
