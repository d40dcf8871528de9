"""Time and memory of prediction and training on environments of a finished study, on one core."""

from pathlib import Path

import pandas as pd

from ionshift.cli import finished
from ionshift.core.files import atomic_path
from ionshift.descriptors.registry import make_descriptor
from ionshift.learning.committee import Committee
from ionshift.learning.pca import Axes
from ionshift.nmr import inference_cost
from ionshift.nmr.inference import Predictor
from ionshift.solvation.shells import ShellFinder, read_cutoff_A
from ionshift.studies import registry
from ionshift.systems import electrolyte
from ionshift.trajectories.trajectory import open_run

TARGET = "results/benchmarks/inference.csv"


def main(path: Path, n: int = 10_000, n_labels: int = 2_000) -> None:
    study = registry.load(path)
    results = Path("results") / study.study
    needed = ("shell/shell.json", "model/committee.pt", "pca/axes.npz")
    finished.check(path, [results / name for name in needed])
    boxes = [f"{system}/{i}" for system in study.systems for i in range(study.md.replicas)]
    cutoff_A = read_cutoff_A(results / "shell" / "shell.json")
    finders = [
        ShellFinder(open_run(results / "md" / box), study.electrolyte, study.shell, cutoff_A)
        for box in boxes
    ]
    committee = Committee.load(results / "model" / "committee.pt")
    axes = Axes.load(results / "pca" / "axes.npz")
    descriptor = make_descriptor(study.descriptor, electrolyte.elements(study.electrolyte))
    predictor = Predictor(committee, study.descriptor, cutoff_A, axes)
    stride = study.sampling.frame_stride
    training = inference_cost.training_cost(
        finders, predictor, descriptor, study.model, stride, int(n_labels)
    )
    inference = inference_cost.inference_cost(
        finders, descriptor, predictor, stride, study.inference.chunk_size, int(n)
    )
    table = pd.concat([training, inference], ignore_index=True)
    with atomic_path(TARGET) as target:
        table.to_csv(target, index=False)
    print(f"\n{table.to_string(index=False, float_format='%.4g')}\n{TARGET}")
