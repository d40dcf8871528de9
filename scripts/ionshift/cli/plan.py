"""Say what a run of a study would do and cost."""

from pathlib import Path

from ionshift.cli.outlook import outlook
from ionshift.runs import programs
from ionshift.runs.status import as_hours
from ionshift.studies import registry


def main(path: Path) -> None:
    study, left = outlook(path)
    plan = left.plan()
    if plan.empty:
        print(f"{study.study}: nothing to do")
        return
    shown = plan.assign(core_h=list(map(as_hours, plan["core_h"], plan["n_unknown"])))
    print(f"{study.study}: {plan['jobs'].sum()} jobs to do, {len(left.jobs)} in all\n")
    print(shown.drop(columns="n_unknown").to_string(index=False))
    if "label_shard" in set(plan["rule"]):
        print(f"\nDFT labels: {_labels(left)}")
    notices = registry.kind(study.kind).notices(study)
    for notice in notices + programs.missing(study, set(plan["rule"])):
        print(f"\nnote: {notice}")
    print(f"core-hours expected: {as_hours(plan['core_h'].sum(), plan['n_unknown'].sum())}")


def _labels(left):
    n_left, known = left.labels["to_do"].sum(), left.labels["chosen"].all()
    bound = "" if known else "at most, the clusters are not chosen yet: "
    return f"{bound}{n_left} to compute, {left.labels['ok'].sum()} in the store"
