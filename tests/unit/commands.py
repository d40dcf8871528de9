"""The command `ionshift` in a process of its own, as a user starts it."""

import subprocess
import sys

from molecules import ROOT


def ionshift(*arguments, folder=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "ionshift.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "scripts"), "COLUMNS": "200"},
    )
