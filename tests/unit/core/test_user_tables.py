"""Tables that a study may have or not."""

import pandas as pd

from ionshift.core.user_tables import read_user_table, write_optional

COLUMNS = ("component", "explained_share")


def test_a_table_that_is_there_is_written_as_it_is_read(tmp_path):
    source, target = tmp_path / "given.csv", tmp_path / "tables/pca_variance.csv"
    source.write_text("component,explained_share\npc1,0.5\npc2,0.25\n")
    assert write_optional(read_user_table, str(source), COLUMNS, target) == 2
    assert pd.read_csv(target)["explained_share"].tolist() == [0.5, 0.25]


def test_without_one_the_table_has_its_columns_and_no_row(tmp_path):
    target = tmp_path / "tables/pca_variance.csv"
    assert write_optional(read_user_table, "", COLUMNS, target) == 0
    assert target.read_text() == "component,explained_share\n"
