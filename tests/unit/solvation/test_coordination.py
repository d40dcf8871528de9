"""Mean coordination and its settling, on runs whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.figures import liquid
from ionshift.solvation import coordination


def run(n_anion, replica=0, n_nuclei=2):
    """Predictions of one replica: `n_anion` in every frame, the same for all nuclei."""
    frames = pd.DataFrame({"n_anion": n_anion, "time_ps": np.arange(1.0, len(n_anion) + 1)})
    nuclei = [frames.assign(nucleus=i, replica=replica) for i in range(n_nuclei)]
    return pd.concat(nuclei, ignore_index=True).assign(n_solvent=2, coordination=5)


def test_halves_show_a_drift():
    drifting = run(np.repeat([0, 2], 50))
    row = coordination.coordination_table({"1M": drifting}, {"1M": 1.0}, n_blocks=5).iloc[0]
    assert (row["n_anion_first_half"], row["n_anion_second_half"]) == (0, 2)
    assert row["n_anion"] == 1
    assert np.isnan(row["n_anion_replica_sd"])


def test_replicas_that_keep_apart_are_seen_where_halves_agree():
    apart = pd.concat([run(np.zeros(100)), run(np.full(100, 2), replica=1)], ignore_index=True)
    row = coordination.coordination_table({"1M": apart}, {"1M": 1.0}, n_blocks=5).iloc[0]
    assert row["n_anion_first_half"] == row["n_anion_second_half"] == 1
    assert row["n_anion_replica_sd"] == pytest.approx(np.sqrt(2))
    found = coordination.settling_table({"1M": apart}, n_blocks=5)
    assert found["replica"].tolist() == [0] * 5 + [1] * 5
    assert found["n_anion"].tolist() == [0] * 5 + [2] * 5


def test_blocks_follow_a_drift_and_nuclei_give_the_error():
    table = run(np.repeat([0, 1, 3], 20))
    table.loc[table["nucleus"] == 1, "n_anion"] += 2
    found = coordination.settling_table({"1M": table}, n_blocks=3)
    assert found["n_anion"].tolist() == [1, 2, 4]
    assert found["n_anion_err"].tolist() == pytest.approx([1, 1, 1])
    assert found["start_ps"].tolist() == [1, 21, 41]
    assert found["end_ps"].tolist() == [20, 40, 60]
    assert (found["n_solvent"] == 2).all()


def test_a_run_too_short_for_blocks_leaves_an_empty_table_that_is_drawn(tmp_path):
    found = coordination.settling_table({"1M": run(np.zeros(5))}, n_blocks=5)
    assert found.empty and list(found) == list(coordination.SETTLING_COLUMNS)
    found.to_csv(tmp_path / "settling.csv", index=False)
    figure = liquid.settling(pd.read_csv(tmp_path / "settling.csv"), Figures())
    assert figure.axes[0].texts[0].get_text() == "fewer than two frames a block"


def test_every_replica_is_a_line_and_every_system_one_legend_entry():
    runs = [run(np.full(20, i), replica=i) for i in range(3)]
    systems = {"1M": pd.concat(runs), "2M": run(np.ones(20))}
    figure = liquid.settling(coordination.settling_table(systems, n_blocks=5), Figures())
    assert len(figure.axes[0].containers) == 4
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["1M", "2M"]
