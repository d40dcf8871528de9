import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.figures.costs import time_and_memory
from ionshift.runs import costs

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write(results, study, job, wall_s, cpu_s, rss_MB="100.0"):
    path = results / study / "benchmarks" / f"{job}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{wall_s}\t0:00:01\t{rss_MB}\t1\t1\t1\t0\t0\t0\t{cpu_s}\n")


@pytest.fixture
def results(tmp_path):
    write(tmp_path, "mine", "run_md/1M_0", 3600, 7200, "500.0")
    write(tmp_path, "mine", "run_md/0.5M_0", 1800, 3600, "700.0")
    write(tmp_path, "mine", "train_model", 36, 18)
    write(tmp_path, "other", "run_md/1M_0", 36000, 36000)
    write(tmp_path, "other", "predict_shifts/1M", 360, 360)
    write(tmp_path, "mine", "short", 0.1, "-", "-")
    return tmp_path


def test_table_sums_the_jobs_of_a_rule(results):
    table = costs.cost_table(costs.read_benchmarks(results / "mine/benchmarks"))
    assert table["rule"].tolist() == ["run_md", "train_model", "short"]
    md = table.iloc[0]
    assert (md["n_jobs"], md["core_h"], md["core_h_a_job"]) == (2, 3.0, 1.5)
    assert md["core_h_a_job_sd"] == pytest.approx(np.std([2, 1], ddof=1))
    assert (md["wall_h"], md["longest_wall_h"], md["max_rss_MB"]) == (1.5, 1.0, 700.0)


def test_what_is_not_known_is_nan(results):
    table = costs.cost_table(costs.read_benchmarks(results / "mine/benchmarks")).set_index("rule")
    assert np.isnan(table.loc["train_model", "core_h_a_job_sd"])
    assert table.loc["short", ["core_h", "max_rss_MB"]].isna().all()


def test_no_benchmarks_give_an_empty_table(tmp_path):
    table = costs.cost_table(costs.read_benchmarks(tmp_path))
    assert table.empty
    assert "core_h" in table


def test_expectation_takes_the_nearest_record(results):
    record = costs.Record(results, "mine")
    assert record.expect("run_md", "0.5M_0") == costs.Expectation(1.0, "recorded")
    assert record.expect("run_md", "9M_0") == costs.Expectation(1.5, "mean of 2 jobs")
    other = record.expect("predict_shifts", "1M")
    assert other.core_h == pytest.approx(0.1)
    assert other.source == "other studies: other"


def test_nothing_recorded_is_unknown(results, tmp_path):
    for record in (costs.Record(results, "mine"), costs.Record(tmp_path / "none", "mine")):
        assert np.isnan(record.expect("label_shard", "1M_0").core_h)
    assert np.isnan(costs.Record(results, "mine").expect("short", "").core_h)


def test_figure_has_a_bar_a_rule(results):
    table = costs.cost_table(costs.read_benchmarks(results / "mine/benchmarks"))
    time, memory = time_and_memory(table, Figures()).axes
    assert [label.get_text() for label in time.get_yticklabels()][-1] == "run_md (2)"
    assert len(time.patches) == len(memory.patches) == 3


def test_labels_stay_on_the_page(results):
    write(results, "mine", "accumulate_descriptors/1M", 360, 360)
    table = costs.cost_table(costs.read_benchmarks(results / "mine/benchmarks"))
    figure = time_and_memory(table, Figures())
    figure.canvas.draw()
    for axis in figure.axes:
        extent = axis.xaxis.label.get_window_extent()
        assert figure.bbox.x0 <= extent.x0 < extent.x1 <= figure.bbox.x1


def test_figure_of_nothing(tmp_path):
    table = costs.cost_table(costs.read_benchmarks(tmp_path))
    assert isinstance(table, pd.DataFrame)
    assert time_and_memory(table, Figures()).axes
