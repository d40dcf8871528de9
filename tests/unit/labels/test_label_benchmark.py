"""Errors of protocols against closed forms, and the command on two small clusters."""

from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from test_labels import SMALL, lithium_water

from ionshift.cli import bench_labels, bench_workers
from ionshift.config.figures import Figures
from ionshift.config.protocol import PROTOCOLS, Protocol
from ionshift.figures import benchmark
from ionshift.labels import protocol_benchmark, sets, store, workers
from ionshift.solvation.classes import CLASSES


def table(values, status="ok", cpu_s=1.0):
    return pd.DataFrame(
        {"status": status, "shielding_ppm": values, "cpu_s": cpu_s, "max_rss_MB": 300.0}
    )


def test_a_shifted_and_stretched_protocol():
    """sigma' = a + b sigma: known bias, slope, scatter; the held-out line removes all of it."""
    exact = np.array([90.0, 91.0, 92.5, 93.0, 94.5])
    compared = protocol_benchmark.compare(
        {"reference": table(exact, cpu_s=100.0), "line": table(3.0 + 0.9 * exact)}
    ).set_index("protocol")
    line = compared.loc["line"]
    assert line["bias_ppm"] == pytest.approx(3.0 - 0.1 * exact.mean())
    assert line["slope"] == pytest.approx(0.9)
    assert line["scatter_ppm"] == pytest.approx(0.1 * exact.std(ddof=1))
    assert line["corrected_ppm"] == pytest.approx(0, abs=1e-9)
    assert compared.loc["reference", "scatter_ppm"] == 0
    assert compared.loc["reference", "cpu_s"] == 100


def test_few_or_failed_labels_leave_errors_unknown():
    exact = np.array([90.0, 91.0])
    failed = table([90.5, None]).assign(status=["ok", "failed"])
    compared = protocol_benchmark.compare({"reference": table(exact), "other": failed})
    other = compared.set_index("protocol").loc["other"]
    assert other["n"] == 1
    assert other["bias_ppm"] == pytest.approx(0.5)
    assert np.isnan([other["scatter_ppm"], other["slope"], other["corrected_ppm"]]).all()


def test_variants_hold_fast_and_reference():
    found = protocol_benchmark.variants()
    hashes = [store.protocol_hash(protocol) for protocol in found.values()]
    assert len(set(hashes)) == len(found) == 11
    assert store.protocol_hash(PROTOCOLS["fast"]) in hashes
    assert found["reference"] == PROTOCOLS["reference"]


def test_clusters_are_spread_over_sizes():
    clusters = [Atoms("LiOHH" * n) for n in (5, 1, 3, 2, 4)]
    assert [len(c) for c in protocol_benchmark.spread_over(clusters, 3)] == [4, 12, 20]
    assert len(protocol_benchmark.spread_over(clusters, 9)) == 5


def test_clusters_with_a_reference_label_are_chosen_where_enough_are_there():
    clusters = [Atoms("LiOHH" * n, info={"cluster_id": f"c{n}"}) for n in range(1, 7)]

    def ids(n_clusters, known):
        chosen = protocol_benchmark.choose(clusters, n_clusters, known)
        return [atoms.info["cluster_id"] for atoms in chosen]

    assert ids(2, {"c2", "c3", "c5"}) == ["c2", "c5"]
    assert ids(3, {"c2", "c3", "c5"}) == ["c2", "c3", "c5"]
    assert ids(4, {"c2", "c3", "c5"}) == ["c1", "c3", "c4", "c6"]


def test_command_reuses_finished_labels(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "get_context", lambda method: get_context("fork"))
    cheap = {"reference": SMALL, "cheap": Protocol(**SMALL.model_dump() | {"functional": "pbe"})}
    monkeypatch.setattr(protocol_benchmark, "variants", lambda: cheap)
    clusters = [lithium_water(1.9), lithium_water(2.1)]
    keys = [store.label_key(atoms, 1, SMALL) for atoms in clusters]
    rows = pd.DataFrame({"key": keys, "status": "ok", "charge": 1, "shielding_ppm": 1.0})
    sets.write_label_set("set.extxyz", clusters, rows)
    bench_labels.main("set.extxyz", "2")
    first = pd.read_csv("results/benchmarks/labels.csv")
    assert first["n"].tolist() == [2, 2]
    assert first["bias_ppm"][1] != 0
    assert (tmp_path / "results/benchmarks/labels.png").stat().st_size > 1000
    capsys.readouterr()
    bench_labels.main("set.extxyz", "2", "1")
    assert "2 labels in the store, 0 to compute" in capsys.readouterr().out
    pd.testing.assert_frame_equal(first, pd.read_csv("results/benchmarks/labels.csv"))


def test_processes_and_threads_label_the_same_clusters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    clusters = [lithium_water(1.9), lithium_water(2.1)]
    ways = [(1, 1), (1, 2), (2, 1)]
    rows = [bench_workers.measure(clusters, *way, protocol=SMALL) for way in ways]
    assert [(row["processes"], row["threads"]) for row in rows] == ways
    assert [row["n"] for row in rows] == [2, 2, 2]
    for row in rows:
        assert row["labels_per_hour"] == pytest.approx(2 * 3600 / row["wall_s"])
        assert row["max_rss_MB"] > 50 * row["processes"]


def test_figure_without_any_error_is_drawn():
    """One cluster: nothing but unknown errors."""
    one = {"reference": table([90.0]), "pbe 6-31g* grid 1 loose": table([91.0])}
    figure = benchmark.cost_against_error(protocol_benchmark.compare(one), Figures())
    assert figure.axes[0].get_xlabel() == "CPU time of a label / s"


def test_fast_is_as_far_from_reference_as_documented(root):
    """The shipped labels of both protocols on the same clusters (docs/labels.md)."""
    folder = root / "resources" / "labels"
    reference = pd.DataFrame(
        [atoms.info for atoms in sets.read_label_set(folder / "lifsi_dme_reference.extxyz")]
    )
    fast = pd.DataFrame(
        [atoms.info for atoms in sets.read_label_set(folder / "lifsi_dme_fast.extxyz")]
    )
    fast = fast.set_index("cluster_id").loc[reference["cluster_id"]].reset_index()
    assert set(fast["protocol_hash"]) == {store.protocol_hash(PROTOCOLS["fast"])}
    assert set(reference["protocol_hash"]) == {store.protocol_hash(PROTOCOLS["reference"])}
    compared = protocol_benchmark.compare({"reference": reference, "fast": fast})
    found = compared.set_index("protocol").loc["fast"]
    assert found["n"] == len(reference) == 20
    assert set(reference["solvation_class"]) == set(CLASSES)
    assert set(reference["system"]) == {"1M", "2M", "3M", "4M"}
    assert found["bias_ppm"] == pytest.approx(-0.61, abs=0.005)
    assert found["scatter_ppm"] == pytest.approx(0.071, abs=0.0005)
    assert found["slope"] == pytest.approx(1.18, abs=0.005)
    assert found["corrected_ppm"] == pytest.approx(0.031, abs=0.0005)
    assert reference["cpu_s"].mean() / fast["cpu_s"].mean() > 8
