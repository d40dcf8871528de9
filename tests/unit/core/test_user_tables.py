"""Tables that a study may have or not."""

import pandas as pd

from ionshift.core.user_tables import read_user_table, write_optional

COLUMNS = ("molarity_M", "factor")


def test_a_table_that_is_there_is_written_as_it_is_read(tmp_path):
    source, target = tmp_path / "given.csv", tmp_path / "tables/factors.csv"
    source.write_text("molarity_M,factor\n1,1.5\n4,2.5\n")
    assert write_optional(read_user_table, str(source), COLUMNS, target) == 2
    assert pd.read_csv(target)["factor"].tolist() == [1.5, 2.5]


def test_without_one_the_table_has_its_columns_and_no_row(tmp_path):
    target = tmp_path / "factors.csv"
    assert write_optional(read_user_table, "", COLUMNS, target) == 0
    assert target.read_text() == "molarity_M,factor\n"
