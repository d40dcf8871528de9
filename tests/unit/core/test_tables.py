"""Tables of environments: read by system, joined by environment."""

import numpy as np
import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.core.tables import join_environments, read_by_system


def environments():
    frame, nucleus = np.divmod(np.arange(12), 3)
    return pd.DataFrame(
        {"replica": frame // 2, "frame": frame % 2, "nucleus": nucleus, "x": np.arange(12.0)}
    )


def test_environments_get_their_own_values_in_their_order():
    table = environments()
    table.loc[2, "x"] = np.nan
    shuffled = table.sample(frac=1, random_state=1)
    plain = table.drop(columns="x")
    assert join_environments(plain, shuffled, ["x"]).equals(table)
    several = pd.concat([plain, plain], ignore_index=True)
    assert join_environments(several, shuffled, ["x"])["x"].equals(
        pd.concat([table["x"], table["x"]], ignore_index=True)
    )


def test_an_environment_that_the_other_table_lacks_is_named():
    table = environments()
    with pytest.raises(
        InputError, match=r"3 of 12 .* no x .*replica 0, frame 0, nucleus 0.*run again"
    ):
        join_environments(table.drop(columns="x"), table.iloc[3:], ["x"])


def test_tables_are_read_in_the_order_of_the_systems(tmp_path):
    paths = [tmp_path / "shell" / f"symmetry_{name}.parquet" for name in ("b", "a")]
    places = environments().drop(columns="x").assign(time_ps=0.0, asymmetry=0.5)
    for number, path in enumerate(paths):
        write_table(places.assign(tetrahedrality=number), path)
    found = read_by_system(["2M", "1M"], paths)
    assert list(found) == ["2M", "1M"]
    assert found["1M"]["tetrahedrality"].eq(1).all()
    with pytest.raises(ValueError):
        read_by_system(["2M"], paths)
