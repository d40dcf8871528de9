"""Labels through the line to a higher-level protocol: recovered lines, refusals, script."""

from types import SimpleNamespace

import ase.io
import correct_labels
import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from test_potential_scripts import Named

from ionshift.config.figures import Figures
from ionshift.config.protocol import PROTOCOLS
from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.figures import training
from ionshift.labels import correction, sets, store
from ionshift.labels.table import COLUMNS
from ionshift.solvation.classes import CLASSES

FAST, REFERENCE = PROTOCOLS["fast"], PROTOCOLS["reference"]
SLOPE, INTERCEPT_PPM = 0.85, 13.0


def cluster(number, protocol, shielding_ppm, status="ok"):
    """A labelled lithium hydride, another one for every number."""
    atoms = Atoms("LiH", [[0, 0, 0], [0, 0, 1.6 + 0.01 * number]])
    atoms.info = {
        "key": store.label_key(atoms, 0, protocol),
        **dict.fromkeys(("replica", "frame", "nucleus", "n_solvent"), 0),
        "coordination": 0,
        "n_anion": (0, 1, 2, 4)[number % 4],
        "source": "test",
        "time_ps": 0.0,
        "cutoff_A": 3.4,
        "protocol_hash": store.protocol_hash(protocol),
        "cluster_id": f"c{number}",
        "system": "1M",
        "solvation_class": CLASSES[number % len(CLASSES)],
        "charge": 0,
        "status": status,
        "shielding_tensor_ppm": np.eye(3).ravel() * shielding_ppm,
    }
    if status == "ok":
        atoms.info["shielding_ppm"] = shielding_ppm
    return atoms


def study_labels(n=12):
    return [cluster(i, FAST, 92.0 + 0.1 * i) for i in range(n)]


def reference_labels(numbers, noise_ppm=0.0, protocol=REFERENCE):
    rng = np.random.default_rng(3)
    return [
        cluster(i, protocol, INTERCEPT_PPM + SLOPE * (92.0 + 0.1 * i) + noise_ppm * rng.normal())
        for i in numbers
    ]


def table_of(clusters):
    return pd.DataFrame([atoms.info for atoms in clusters]).drop(columns="shielding_tensor_ppm")


def pairs_of(references, clusters):
    return correction.find_pairs(references, table_of(clusters), FAST)


def test_a_line_is_recovered_and_applied_to_all():
    clusters = study_labels()
    pairs = pairs_of(reference_labels(range(0, 12, 2)), clusters)
    assert pairs["cluster_id"].tolist() == [f"c{i}" for i in range(0, 12, 2)]
    line = correction.fit(pairs)
    assert [line.slope, line.intercept_ppm] == pytest.approx([SLOPE, INTERCEPT_PPM])
    found = correction.corrected(clusters, line)
    for old, new in zip(clusters, found, strict=True):
        value = old.info["shielding_ppm"]
        assert new.info["shielding_ppm"] == pytest.approx(INTERCEPT_PPM + SLOPE * value)
        assert new.info["shielding_uncorrected_ppm"] == value
        assert "shielding_tensor_ppm" not in new.info and "shielding_tensor_ppm" in old.info


def test_what_the_line_leaves_is_measured_on_clusters_it_has_not_seen():
    clusters = study_labels(40)
    pairs = pairs_of(reference_labels(range(5, 35), noise_ppm=0.05), clusters)
    row = correction.summary(pairs, correction.fit(pairs), correction.computed_ppm(clusters)).iloc[
        0
    ]
    assert row["n_pairs"] == 30 and row["in_range_share"] == pytest.approx(30 / 40)
    assert row["corrected_ppm"] == pytest.approx(0.05, rel=0.25)
    # A slope of 0.85 over 2.9 ppm: the spread of 0.15 times the shielding, and the noise.
    spread = np.hypot(0.15 * pairs["shielding_ppm"].std(), 0.05)
    assert row["uncorrected_ppm"] == pytest.approx(spread, rel=0.2)
    assert abs(row["slope"] - SLOPE) < 3 * row["slope_err"] < 0.1


def test_held_out_error_is_larger_than_that_of_the_fit():
    rng = np.random.default_rng(2)
    x = np.linspace(90, 95, 8)
    y = x + rng.normal(scale=0.1, size=8)
    in_sample = np.sqrt(np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2))
    assert correction.held_out_error(x, y) > in_sample


def test_labels_that_failed_are_no_pairs_and_stay_as_they_are():
    clusters = [*study_labels(6), cluster(6, FAST, 0.0, status="failed")]
    references = [*reference_labels(range(5)), cluster(5, REFERENCE, 0.0, status="unconverged")]
    references += reference_labels([6])
    pairs = pairs_of(references, clusters)
    assert pairs["cluster_id"].tolist() == [f"c{i}" for i in range(5)]
    last = correction.corrected(clusters, correction.fit(pairs))[-1]
    assert last.info["status"] == "failed" and "shielding_ppm" not in last.info


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (reference_labels(range(3)), r"reference_labels: 3 of 3 clusters .* a line needs 4"),
        (reference_labels(range(20, 30)), r"0 of 10 clusters have a label of the study as well"),
        (reference_labels(range(6), protocol=FAST), "are of the study's own protocol"),
        (
            [
                *reference_labels(range(4)),
                *reference_labels([5], protocol=REFERENCE.model_copy(update={"grid_level": 1})),
            ],
            "labels of 2 protocols",
        ),
    ],
    ids=["too few", "other clusters", "own protocol", "two protocols"],
)
def test_what_cannot_correct_is_refused(references, message):
    with pytest.raises(InputError, match=message):
        pairs_of(references, study_labels())


def test_script_and_figure(tmp_path):
    clusters = study_labels()
    ase.io.write(tmp_path / "labels.extxyz", clusters, format="extxyz")
    ase.io.write(tmp_path / "reference.extxyz", reference_labels(range(6)), format="extxyz")
    write_table(
        table_of(clusters).reindex(columns=list(COLUMNS)), tmp_path / "labels.parquet", "labels"
    )
    outputs = {
        "clusters": tmp_path / "corrected.extxyz",
        "pairs": tmp_path / "tables" / "label_correction_pairs.csv",
        "summary": tmp_path / "tables" / "label_correction.csv",
    }
    job = SimpleNamespace(
        input=Named(
            clusters=tmp_path / "labels.extxyz",
            table=tmp_path / "labels.parquet",
            references=[tmp_path / "reference.extxyz"],
        ),
        output=Named(outputs),
        params=Named(protocol=FAST.model_dump(mode="json"), chemistry=None),
    )
    correct_labels.main(job, lambda line: None)
    # What is written is a label set that the training reads.
    written = sets.read_label_set(outputs["clusters"])
    assert written[3].info["shielding_ppm"] == pytest.approx(INTERCEPT_PPM + SLOPE * 92.3)
    pairs = pd.read_csv(outputs["pairs"])
    assert pairs["corrected_ppm"].to_numpy() == pytest.approx(pairs["reference_ppm"].to_numpy())

    figure = training.label_correction(pairs, pd.read_csv(outputs["summary"]), Figures())
    *points, line = figure.axes[0].lines
    assert sum(len(part.get_xdata()) for part in points) == len(pairs)
    assert np.diff(line.get_ydata()) / np.diff(line.get_xdata()) == pytest.approx(SLOPE)


def test_the_shipped_reference_labels_correct_the_shipped_ones(root):
    folder = root / "resources" / "labels"
    fast = sets.read_label_set(folder / "lifsi_dme_fast.extxyz")
    references = sets.read_label_set(folder / "lifsi_dme_reference.extxyz")
    table = table_of(fast)
    pairs = correction.find_pairs(references, table, FAST)
    row = correction.summary(pairs, correction.fit(pairs), correction.computed_ppm(fast)).iloc[0]
    assert row["n_pairs"] == len(references)
    assert row["corrected_ppm"] < 0.05 < row["uncorrected_ppm"]
    # The reference spreads less: the slope of `fast` against it is above one.
    assert row["slope"] + 2 * row["slope_err"] < 1


def test_the_share_in_range_is_that_of_the_labels_that_are_corrected():
    """It described the table of all labels, whichever clusters were corrected."""
    pairs = pd.DataFrame({"shielding_ppm": [91.0, 92.0, 93.0, 94.0]})
    pairs["reference_ppm"] = 1.0 + pairs["shielding_ppm"]
    line = correction.fit(pairs)
    row = correction.summary(pairs, line, [90.0, 91.5, 92.5, 95.0]).iloc[0]
    assert row["in_range_share"] == 0.5
