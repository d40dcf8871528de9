"""Kill a tiny study at random moments, resume it, and hold what it leaves to an unbroken run.

    python tests/faults/kill_campaign.py --signal SIGTERM --kills 20 --seed 1

kills the tables of tests/integration/tiny.yaml (its MD deterministic) by one signal, at moments
drawn from the seed, each time either the whole process group, as Ctrl-C and a cluster do, or the
main process alone. A study that finishes in between is checked, and a fresh one is begun for the
kills that are left. Checked is that tables and trajectories equal those of an unbroken run bit for
bit (columns of times and memory aside), that no label is computed or written twice, and that
nothing is left behind: no temporary file or folder, no lock, no process.

The folder keeps the unbroken run and every kill, so a campaign that was stopped goes on when the
same command is given again. The exit code is 1 if anything does not hold.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "workflow"))

from projects import copy_project, ionshift_command, with_library  # noqa: E402

STUDY = ROOT / "tests/integration/tiny.yaml"
RESULTS = Path("results/tiny")
STORES = ("results/label_store", "results/elf_store")
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
TARGETS = ("group", "main")
MEASURED = {"wall_s", "cpu_s", "ns_per_day", "max_rss_MB"}
"""Columns of tables that say how a run went, not what came out; costs.csv holds nothing else."""
FINISHED_LABEL = re.compile(r" (\w+)/\S+: label \d+/\d+ (\S+): .* in [\d.]+ \w+$", re.MULTILINE)
KILLS_A_STUDY = 10
"""About so many kills fall into the time that one study takes."""
LIMIT_S = 3600


class Study:
    """A copy of the project with the tiny study; what its runs print is in `output.log`."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "output.log"
        self.temporary = folder / "tmp"
        if not (folder / "tiny.yaml").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            copy_project(folder)
            self.temporary.mkdir()
            config = yaml.safe_load(STUDY.read_text())
            config["elf"] = {"n_clusters": 1}
            (folder / "tiny.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def start(self):
        """The command a user types, in a process group of its own."""
        with self.log.open("a") as log:
            return subprocess.Popen(
                ionshift_command("run", "tiny.yaml", "--cores", "1", "--", "tables", "results"),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env=with_library(self.folder) | {"TMPDIR": str(self.temporary)},
                start_new_session=True,
                # A campaign in the background of a shell inherits that Ctrl-C is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def labels(self):
        """Every finished record of the stores to the time at which it was written."""
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for store in STORES
            for path in self.folder.glob(f"{store}/??/*.json")
        }


def kill(study, name, target, delay_s):
    """Start the study, kill it after a time; whether it was still running by then."""
    process = study.start()
    try:
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        pass
    else:
        assert process.returncode == 0, f"it failed by itself: {study.log}"
        return False
    number = signal.Signals[name]
    if target == "group":
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
    process.wait(LIMIT_S)
    return True


def finish(study):
    """Run the study to its end; returns the seconds that it took."""
    begun = time.monotonic()
    process = study.start()
    code = process.wait(LIMIT_S)
    assert code == 0, f"the run ended with {code}: {study.log}"
    return time.monotonic() - begun


def contents(study):
    """Trajectories (bytes) and tables (text of all columns that are no measurement) by name."""
    results = study.folder / RESULTS
    found = {
        str(path.relative_to(results)): path.read_bytes()
        for path in results.rglob("*.xtc")
        if "work" not in path.parts
    }
    for folder in ("tables", "model", "predictions", "labels"):
        for path in (results / folder).glob("*"):
            if path.name != "costs.csv" and path.suffix in (".csv", ".parquet"):
                found[str(path.relative_to(results))] = _text(path)
    return found


def _text(path):
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return table.drop(columns=MEASURED & set(table)).to_json(double_precision=15)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.drop(columns=MEASURED & set(table)).to_csv(index=False)


def differences(expected, found):
    """Names that only one of two runs has, or whose content differs."""
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if expected.get(name) != found.get(name)]


def computed_twice(log, seen, now):
    """Labels whose end was told twice, and records that were written again after a kill."""
    told = Counter(FINISHED_LABEL.findall(log))
    twice = [f"{rule}: {name}" for (rule, name), times in told.items() if times > 1]
    return twice + [path for path, stamp in seen.items() if now.get(path) != stamp]


def left_behind(study, signal_name):
    """Temporary files and locks in a finished study; after SIGKILL not what lay in TMPDIR."""
    results = study.folder / "results"
    patterns = (".writing-*", "*.lock", "*.damaged", "segment.xtc", "writing.tpr")
    found = [path for pattern in patterns for path in results.rglob(pattern)]
    for name in ("incomplete", "locks"):
        found += (study.folder / ".snakemake" / name).glob("*")
    if signal_name != "SIGKILL":
        # PyTorch keeps the cache of its compiler there, an unbroken run's too.
        found += {*study.temporary.iterdir()} - {*study.temporary.glob("torchinductor_*")}
    return sorted(str(path.relative_to(study.folder)) for path in found)


def wait_for_end(folder, limit_s=10):
    """Processes that still work in a folder when those that are ending have had their time."""
    deadline = time.monotonic() + limit_s
    while processes_in(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    return processes_in(folder)


def processes_in(folder):
    """Processes that work in a folder (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "cwd").resolve().is_relative_to(folder):
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def unbroken(folder):
    """The study run without a kill, once; returns it and the seconds that it took."""
    record = folder / "seconds.json"
    if not record.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        took_s = finish(Study(folder))
        record.write_text(json.dumps(took_s))
        print(f"an unbroken run takes {took_s:.0f} s", flush=True)
    return Study(folder), json.loads(record.read_text())


class Campaign:
    """The kills by one signal; `kills.json` keeps those done, with the study that each hit."""

    def __init__(self, folder, name, seed, reference, took_s):
        self.folder, self.name, self.seed = folder, name, seed
        self.reference, self.took_s = reference, took_s
        self.record = folder / "kills.json"
        folder.mkdir(parents=True, exist_ok=True)
        done = json.loads(self.record.read_text()) if self.record.is_file() else {}
        self.kills, self.seen = done.get("kills", []), done.get("seen", {})
        self.number, self.faults = done.get("study", 0), done.get("faults", [])

    def run(self, n_kills):
        """Kill until `n_kills` are done and the last study is finished; returns what is wrong."""
        while len(self.kills) < n_kills:
            study = self.study()
            draw = random.Random(f"{self.seed}/{self.name}/{len(self.kills)}/{self.number}")
            delay_s = draw.uniform(0, 2 * self.took_s / KILLS_A_STUDY)
            target = draw.choice(TARGETS)
            if kill(study, self.name, target, delay_s):
                self._note(study, target, delay_s)
            else:
                self.check(study)
        if self._hits():
            self.check(self.study())
        return self.faults

    def _hits(self):
        """How many kills the present study has had."""
        return sum(one["study"] == self.number for one in self.kills)

    def study(self):
        return Study(self.folder / str(self.number))

    def _note(self, study, target, delay_s):
        self.kills.append({"study": self.number, "target": target, "after_s": round(delay_s, 2)})
        self.seen = study.labels() | self.seen
        self._save()
        last = study.log.read_text(errors="replace").strip().splitlines()[-1:]
        print(
            f"{self.name} {len(self.kills)}: {target} after {delay_s:.1f} s, "
            f"{len(study.labels())} labels done | {' '.join(last)[:80]}",
            flush=True,
        )

    def check(self, study):
        """Finish the study, hold it to the unbroken one, and go on with a fresh one."""
        finish(study)
        log = study.log.read_text(errors="replace")
        found = {
            "differs from the unbroken run": differences(contents(self.reference), contents(study)),
            "computed twice": computed_twice(log, self.seen, study.labels()),
            "left behind": left_behind(study, self.name),
            "still running": wait_for_end(study.folder),
        }
        wrong = [f"{what}: {name}" for what, names in found.items() for name in names]
        verdict = "as unbroken" if not wrong else f"{len(wrong)} FAULTS"
        print(f"{self.name}: study {self.number} after {self._hits()} kills: {verdict}", flush=True)
        for line in wrong:
            print(f"  {line}", flush=True)
        self.faults += wrong
        self.seen, self.number = {}, self.number + 1
        self._save()

    def _save(self):
        state = {
            "kills": self.kills,
            "seen": self.seen,
            "study": self.number,
            "faults": self.faults,
        }
        self.record.write_text(json.dumps(state, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signal", choices=[*SIGNALS, "all"], default="all")
    parser.add_argument("--kills", type=int, default=20, help="kills by each signal")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=ROOT / "results/kill_campaign")
    options = parser.parse_args()
    folder = options.folder.resolve()
    reference, took_s = unbroken(folder / "unbroken")
    faults = []
    for name in SIGNALS if options.signal == "all" else (options.signal,):
        place = folder / f"{name}_{options.seed}"
        faults += Campaign(place, name, options.seed, reference, took_s).run(options.kills)
    print(f"{len(faults)} faults" if faults else "every study ended as the unbroken one")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
