"""Choose the environments that a finished study labels in its next round.

METHOD: combined (default), disagreement, distance or random (see ionshift.active). Leaves
resources/rounds/STUDY_ROUND.csv, to be named in the configuration (sampling.chosen).
"""

from pathlib import Path

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.labels.sets import read_label_set
from ionshift.learning import active
from ionshift.learning.committee import Committee
from ionshift.runs import status
from ionshift.studies import registry


def main(path: Path, n: int, method: str = "combined") -> None:
    study = registry.load(path)
    results, number = Path("results") / study.study, len(study.sampling.chosen) + 1
    target = Path("resources/rounds") / f"{study.study}_{number}.csv"
    if target.exists():
        raise InputError(f"{target} is there already: name it in sampling.chosen, or delete it")
    if not (results / "model" / "committee.pt").is_file():
        raise InputError(f"{results} has no model yet; run the study first (ionshift run)")
    labelled = read_label_set(results / "labels" / "labels.extxyz")
    committee = Committee.load(results / "model" / "committee.pt")
    pool = active.candidates(study, results, number)
    table = active.next_labels(method, int(n), pool, labelled, committee, study.descriptor)
    with atomic_path(target) as temporary:
        table.to_csv(temporary, index=False, float_format="%.4f")
    print(table.groupby(["system", "solvation_class"]).size().to_string())
    core_h = status.label_table(study, results.parent)["core_h"].mean()
    print(f"core-hours expected: {status.as_hours(len(table) * core_h)}")
    print(f"{len(table)} environments in {target}; add it to sampling.chosen and run the study")
