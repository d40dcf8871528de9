"""Archived predictions: what is taken, and what is refused with a reason."""

import numpy as np
import pandas as pd
import pytest

from archives import write_archive
from ionshift.core.errors import InputError
from ionshift.learning.members import means
from ionshift.runs import archived
from ionshift.runs.predictions import read_members, read_predictions

SYSTEMS = ["1M", "2M"]


@pytest.fixture
def archive(tmp_path):
    write_archive(tmp_path / "old")
    return tmp_path / "old"


def rewrite(archive, change, system="1M"):
    """Change the predictions of a system; returns their file."""
    path = archive / f"predictions/{system}.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    return path


def test_a_good_archive_is_taken_as_it_is(archive, tmp_path):
    archived.check(archive, SYSTEMS, tmp_path / "new")
    path = archived.prediction_file(archive, "2M")
    table = read_predictions(path)
    pd.testing.assert_frame_equal(table, pd.read_parquet(path), check_like=True)
    found = archived.member_files(archive, SYSTEMS)["2M"]
    members = read_members(found, table)
    assert means(members).mean() == pytest.approx(table["shift_ppm"].mean())
    assert len(archived.files(archive, SYSTEMS)) == 5
    (archive / "shell").mkdir()
    for number, system in enumerate(SYSTEMS):
        (archive / f"shell/symmetry_{system}.parquet").write_text("a table")
        assert len(archived.symmetry_files(archive, SYSTEMS)) == 2 * number
    assert len(archived.files(archive, SYSTEMS)) == 7


def test_csv_is_as_good_as_parquet(archive):
    path = archive / "predictions/1M.parquet"
    expected = read_predictions(path)
    expected.to_csv(path.with_suffix(".csv"), index=False)
    path.unlink()
    found = read_predictions(archived.prediction_file(archive, "1M"))
    pd.testing.assert_frame_equal(found, expected)


def test_columns_of_all_systems_count(archive):
    assert {"lsi_A2", "pc1"} <= archived.columns(archive, SYSTEMS)
    rewrite(archive, lambda table: table.drop(columns="pc1"))
    assert "pc1" not in archived.columns(archive, SYSTEMS)
    assert "pc1" in archived.columns(archive, ["2M"])


def test_an_unknown_extrapolation_stays_unknown(archive):
    path = rewrite(archive, lambda table: table.drop(columns="extrapolation"))
    assert read_predictions(path)["extrapolation"].isna().all()


def test_another_reference_moves_predictions_and_members(archive):
    path = archived.prediction_file(archive, "1M")
    own = read_predictions(path)
    table = read_predictions(path, reference_ppm=93.4)
    assert np.allclose(table["shift_ppm"], own["shift_ppm"] + 1.0)
    found = archived.member_files(archive, SYSTEMS)["1M"]
    moved = read_members(found, table, reference_ppm=93.4)
    assert np.allclose(moved["shift_ppm"], pd.read_csv(found)["shift_ppm"] + 1.0)
    path = rewrite(archive, lambda table: table.drop(columns="shielding_ppm"))
    with pytest.raises(InputError, match=r"reference_shielding_ppm = 93\.4.* no shielding_ppm"):
        read_predictions(path, reference_ppm=93.4)


def test_without_members_nothing_is_made_up(archive):
    (archive / "predictions/2M_members.csv").unlink()
    assert archived.member_files(archive, SYSTEMS) == {}
    table = read_predictions(archived.prediction_file(archive, "1M"))
    assert read_members(None, table).empty


BAD = {
    "another unit": (
        lambda t: t.rename(columns={"time_ps": "time_ns"}),
        r"no column time_ps \(it has time_ns: units belong to the name\)",
    ),
    "no class": (
        lambda t: t.drop(columns="solvation_class"),
        "no column solvation_class; docs/archived_pred",
    ),
    "a NaN": (lambda t: t.assign(shift_ppm=t["shift_ppm"].where(t.index != 3)), "nan in row 4"),
    "text": (lambda t: t.assign(shift_ppm="0.1"), "shift_ppm holds text"),
    "half an anion": (lambda t: t.assign(n_solvent=0.5), r"n_solvent = 0\.5; it must count"),
    "another class": (
        lambda t: t.assign(**{"solvation_class": "SSIP", "n_anion": 1}),
        r"solvation_class = 'SSIP' beside n_anion = 1;",
    ),
    "a row twice": (
        lambda t: pd.concat([t, t.head(1)]),
        "replica 0, frame 0, nucleus 0 is there more",
    ),
    "two times": (
        lambda t: t.assign(time_ps=t["time_ps"] + 0.1 * t["nucleus"]),
        "a frame has more than one time_ps",
    ),
    "nothing": (lambda t: t.head(0), "no environment in it"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_predictions_are_refused(archive, change, message):
    path = rewrite(archive, change)
    with pytest.raises(InputError, match=message) as caught:
        read_predictions(path)
    assert str(path) in str(caught.value)


def test_a_local_structure_index_may_be_unknown(archive):
    path = rewrite(archive, lambda table: table.assign(lsi_A2=np.nan))
    assert read_predictions(path)["lsi_A2"].isna().all()


def test_members_of_another_run_are_refused(archive):
    table = read_predictions(archived.prediction_file(archive, "1M"))
    path = archive / "predictions/1M_members.csv"
    own = pd.read_csv(path)
    for other in (
        own.assign(shift_ppm=own["shift_ppm"] + 0.01),
        own.assign(n_environments=own["n_environments"] + 1),
    ):
        other.to_csv(path, index=False)
        with pytest.raises(InputError, match="are not those of the predictions"):
            read_members(path, table)
    own.drop(columns="solvation_class").to_csv(path, index=False)
    with pytest.raises(InputError, match="no column solvation_class; remove the file"):
        read_members(path, table)


def test_what_the_folder_lacks_is_named(archive, tmp_path):
    def message(*arguments):
        with pytest.raises(InputError) as caught:
            archived.check(*arguments)
        return str(caught.value)

    new = tmp_path / "new"
    assert "no row for the system 3M" in message(archive, ["1M", "3M"], new)
    assert "no such folder; unpack" in message(tmp_path / "nowhere", SYSTEMS, new)
    assert "another name for the key study" in message(archive, SYSTEMS, archive)
    (archive / "predictions/2M.parquet").write_text("not a table")
    assert "2M.parquet cannot be read" in message(archive, SYSTEMS, new)
    (archive / "predictions/2M.parquet").unlink()
    assert "(predictions holds 1M.parquet" in message(archive, SYSTEMS, new)


def test_one_committee_must_have_predicted_all(archive, tmp_path):
    path = archive / "predictions/2M_members.csv"
    members = pd.read_csv(path)
    members[members["member"] < 3].to_csv(path, index=False)
    with pytest.raises(InputError, match=r"other members \(3\) than in .*1M_members.csv \(4\)"):
        archived.check(archive, SYSTEMS, tmp_path / "new")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="molarity_M"), "no column molarity_M"),
        (lambda t: t[t["system"] == "2M"], "no row for the system 1M"),
        (lambda t: t.assign(molarity_M=0.0), "not a positive number"),
    ],
)
def test_bad_molarities_are_refused(archive, change, message):
    path = archived.molarity_file(archive)
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(InputError, match=message):
        archived.read_molarities(path, SYSTEMS)
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        archived.read_molarities(path, SYSTEMS)
