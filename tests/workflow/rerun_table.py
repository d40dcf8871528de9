"""The table of what reruns when something changes, asked from Snakemake change by change.

Usage: python tests/workflow/rerun_table.py [PREFIX]
writes docs/reruns.csv, every change with its rules, which the tests hold, and docs/reruns.md, the
page by stage for people. With PREFIX only the keys, files and modules that begin so are asked anew.
"""

import csv
import io
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import changes
from ionshift.studies import registry as settings
from projects import ROOT, Project, copy_project, edited, job_name

CSV_PATH = ROOT / "docs" / "reruns.csv"
MD_PATH = ROOT / "docs" / "reruns.md"
UPSTREAM = ("Input files updated by another job", "Upstream")
# What people call the stages, in the order of the chain, and the rule files that make them up.
STAGES = {
    "potential": ("potential_training", "potential_training_common", "liquids"),
    "MD": ("md",),
    "clusters": ("sampling",),
    "labels": ("labelling", "geometry_optimization", "correction"),
    "model": ("training",),
    "predictions": ("inference", "archived"),
    "analysis": ("analysis", "transport", "structure", "maps", "elf", "costs"),
    "figures": ("figures",),
}
RECORDS = {"write_manifest", "write_summary"}
DRAWING = ("figure:", "write_map_page")
RULE = re.compile(r"^\s*(?:rule|checkpoint) (\w+):|^\s*use rule \w+ as (\w+) with:", re.MULTILINE)
INTRODUCTION = """# What reruns when

Change something in a finished study and run it again: Snakemake repeats what depends on the change
and leaves everything else alone. Find your change below; a dot marks each stage that runs again.

Three things shorten a rerun further. A DFT label already in the store is never computed again,
whatever reruns: its key is a hash of geometry, charge and protocol, so a labelling job whose
clusters are known takes seconds. Jobs run only for the systems that a change concerns: a
concentration added to `systems:` is simulated alone, then the model is trained again. And a stage
marked here may consist of many rules of which only some run; `ionshift plan` lists them for your
study before anything starts.

The record of the configuration, `manifest.json`, is written anew after every change, and the first
page, `summary.html`, whenever a table or figure on it is: they have no column. This page is made
from `docs/reruns.csv`, which holds every key, input file and module with the exact rules; tests
compare that file with what Snakemake would do.
"""
TABLES = {
    "key": (
        "Configuration",
        "A row that names no keys is a whole block; *other keys* are those of the block that no "
        "other row names. Keys that say how a result is computed, not which, have no dot. With "
        "`geometry_optimization.shieldings: train` the model follows that block as well.",
    ),
    "file": ("Input files of the demo", "The content of the file changes."),
    "module": (
        "Rooms of the library",
        "The code changes. A dot marks the stages whose rules import something from the room, "
        "directly or not, and those that follow. One module reruns only the rules that import it. "
        "A script in `scripts/{stage}` reruns its own rule and what follows.",
    ),
}


@dataclass(frozen=True)
class Entry:
    """What one change reruns: `first` where it starts, `then` because inputs are made anew."""

    kind: str
    what: str
    first: tuple
    then: tuple

    @property
    def rules(self):
        return {*self.first, *self.then}


def make_table(project, prefix=""):
    """Entries for every key, input file and module that begins so, in the order of the code."""
    entries = _key_entries, _file_entries, _module_entries
    return [entry for found in entries for entry in found(project, prefix)]


def renew(entries, project, prefix):
    """`entries` with those that begin with `prefix` asked anew."""
    new = {(entry.kind, entry.what): entry for entry in make_table(project, prefix)}
    return [new.get((entry.kind, entry.what), entry) for entry in entries]


def _key_entries(project, prefix):
    """Each key against a finished study in which it matters."""
    finished = None
    for key in changes.model_keys():
        if changes.is_fixed(key) or not key.startswith(prefix):
            continue
        base = changes.base_config(key, project.config)
        if base != finished:
            finished = base
            project.start_over(project.write_variant(base))
        config, check_files = changes.changed_config(key, project.config, project.folder)
        jobs = project.jobs(project.write_variant(config), check_files)
        yield _entry("key", key, jobs)
    project.start_over()


def _file_entries(project, prefix):
    study = settings.load(project.config)
    templates = [species.template for species in study.electrolyte.species.values()]
    label_sets = [
        *study.labelling.shipped,
        *study.labelling.reference_labels,
        *study.elf.shipped,
    ]
    for name in [*templates, study.electrolyte.forcefield, *label_sets]:
        if not name.startswith(prefix):
            continue
        with edited(project.folder / name, suffix="\n"):
            yield _entry("file", name, project.jobs())


def _module_entries(project, prefix):
    for path in sorted(project.folder.glob("scripts/**/*.py")):
        name = str(path.relative_to(project.folder))
        if not name.startswith(prefix):
            continue
        with edited(path, suffix="\n# edited\n"):
            yield _entry("module", name, project.jobs())


def _entry(kind, what, jobs):
    reasons = {}
    for job in jobs:
        if job["to_do"]:
            reasons.setdefault(job_name(job), []).append(job["reason"])
    first = {rule for rule, found in reasons.items() if any(map(_is_own, found))}
    return Entry(kind, what, tuple(sorted(first)), tuple(sorted(set(reasons) - first)))


def _is_own(reason):
    return any(not part.strip().startswith(UPSTREAM) for part in reason.split(";"))


def as_csv(entries):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "change", "first", "then"])
    for entry in entries:
        writer.writerow([entry.kind, entry.what, " ".join(entry.first), " ".join(entry.then)])
    return text.getvalue()


def read_csv(path=CSV_PATH):
    with open(path, newline="") as handle:
        return [
            Entry(
                row["kind"], row["change"], tuple(row["first"].split()), tuple(row["then"].split())
            )
            for row in csv.DictReader(handle)
        ]


def as_markdown(entries):
    """The page for people: one table of stages a kind of change."""
    stages = stages_of_rules()
    rows = {"key": _key_rows, "file": _file_rows, "module": _room_rows}
    parts = [INTRODUCTION]
    for kind, (title, note) in TABLES.items():
        found = [(e.what, _stages(e, stages)) for e in entries if e.kind == kind]
        parts.append(f"## {title}\n\n{note}\n\n{_matrix(rows[kind](found))}\n")
    return "\n".join(parts)


def stages_of_rules():
    """{rule: stage} from the rule files; rules without a stage (targets, records) are left out."""
    stage_of_file = {name: stage for stage, names in STAGES.items() for name in names}
    stages = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for match in RULE.finditer(path.read_text()):
            rule = match[1] or match[2]
            if path.stem in stage_of_file:
                stages[rule] = stage_of_file[path.stem]
    return stages


def _stages(entry, stages):
    """The stages of an entry's rules; a drawing rule belongs to the figures wherever it stands."""
    return frozenset(
        "figures" if rule.startswith(DRAWING) else stages[rule] for rule in entry.rules - RECORDS
    )


def _key_rows(found):
    """Rows of (change, stages): a block that behaves alike is one row, others are split."""
    blocks = {}
    for key, stages in found:
        blocks.setdefault(_block(key), {}).setdefault(stages, []).append(key)
    for block, alike in blocks.items():
        most = max(alike, key=lambda stages: len(alike[stages]))
        for stages, keys in alike.items():
            name = f"`{block}`" if len(alike) == 1 else f"`{block}`: other keys"
            listed = ", ".join(f"`{key}`" for key in keys)
            yield (name if stages == most and len(keys) > 1 else listed), stages


def _block(key):
    """The block that a key is listed under: its first part, two in a potential's training."""
    parts = key.split(".")
    return ".".join(parts[: 2 if parts[0] == "potential_training" and len(parts) > 2 else 1])


def _file_rows(found):
    alike = {}
    for name, stages in found:
        alike.setdefault(stages, []).append(f"`{name}`")
    return [(", ".join(names), stages) for stages, names in alike.items()]


def _room_rows(found):
    rooms = {}
    for name, stages in found:
        parts = name.split("/")
        if parts[:2] == ["scripts", "ionshift"] and len(parts) > 3:
            rooms.setdefault(parts[2], set()).update(stages)
    return sorted((f"`{room}`", stages) for room, stages in rooms.items())


def _matrix(rows):
    head = [f"| change | {' | '.join(STAGES)} |", "|---" + "|:-:" * len(STAGES) + "|"]
    for change, stages in rows:
        marks = ("●" if stage in stages else "" for stage in STAGES)
        head.append(f"| {change} | {' | '.join(marks)} |")
    return "\n".join(head)


def main(prefix=""):
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        project = Project(Path(folder))
        entries = renew(read_csv(), project, prefix) if prefix else make_table(project)
        project.close()
    CSV_PATH.write_text(as_csv(entries))
    MD_PATH.write_text(as_markdown(entries))
    print(f"{len(entries)} changes in {CSV_PATH.relative_to(ROOT)} and {MD_PATH.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
