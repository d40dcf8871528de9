import numpy as np
import pytest

from ionshift.core.curves import Quantity, read_curves
from ionshift.core.errors import InputError

R = Quantity("r", {"A": 1.0, "nm": 10.0})
G = Quantity("g", {"": 1.0})
W = Quantity("w", {"kT": 1.0, "eV": 38.7})


@pytest.fixture
def write(tmp_path):
    def to(text, name="curve.dat"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return to


TEXT = "# r g n\n@ title\n\n 0.1 0.0 5\n 0.2 0.5 6\n 0.3 1.5 7\n 0.4 1.0 8\n 0.5 1.0 9\n"
CSV = "r_nm,w_eV,w_err_eV\n0.1,1,0.1\n0.2,0.5,0.1\n0.3,0,0.1\n0.4,0,0.1\n0.5,0,0.1\n"


def test_columns_of_text_are_taken_by_number_in_the_unit_stated(write):
    path = write(TEXT)
    found = read_curves([f"Li-O={path}", f"Li-H={path}:3:2"], R, G, "pair", "nm")
    assert list(found) == ["pair", "replica", "r_A", "g", "g_err"]
    first, second = found[found["pair"] == "Li-O"], found[found["pair"] == "Li-H"]
    assert np.allclose(first["r_A"], [1, 2, 3, 4, 5])
    assert np.allclose(first["g"], [0, 0.5, 1.5, 1, 1]) and first["g_err"].isna().all()
    assert np.allclose(second["g"], [5, 6, 7, 8, 9])
    assert np.allclose(second["g_err"], [0, 0.5, 1.5, 1, 1])


def test_a_header_states_units_and_errors(write):
    found = read_curves([f"+-={write(CSV)}"], R, W, "pair")
    assert np.allclose(found["r_A"], [1, 2, 3, 4, 5])
    assert np.allclose(found["w_kT"][:2], [38.7, 19.35]) and np.allclose(found["w_err_kT"], 3.87)


def test_a_tidy_table_holds_pairs_and_replicas(write):
    rows = [
        f"{pair},{replica},{r},{r + replica}"
        for pair in ("Li-O (solvent)", "Li-Li")
        for replica in (0, 1)
        for r in range(5)
    ]
    path = write("pair,replica,r_A,g\n" + "\n".join(rows), "rdf.csv")
    found = read_curves([path], R, G, "pair")
    assert found.groupby(["pair", "replica"]).size().to_dict() == {
        ("Li-O (solvent)", 0): 5,
        ("Li-O (solvent)", 1): 5,
        ("Li-Li", 0): 5,
        ("Li-Li", 1): 5,
    }
    one = read_curves([f"Li-Li={path}"], R, G, "pair")
    assert set(one["pair"]) == {"Li-Li"} and len(one) == 10


def test_a_name_given_again_is_a_replica(write):
    path = write(TEXT)
    found = read_curves([f"a={path}", f"b={path}", f"a={path}:3"], R, G, "pair", "A")
    assert found.groupby("pair")["replica"].nunique().to_dict() == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("text", "source", "words"),
    [
        (TEXT, "{}", "has no column pair; say what it holds, as in NAME="),
        (TEXT, "a={}", r"the unit of r is not known; head its column r_A or r_nm, or state"),
        ("r_A h n\n" + TEXT, "a={}:7", "no column 7; it has r_A, h, n"),
        ("r_A h n\n" + TEXT, "a={}:g", "no column g; it has r_A, h, n"),
        ("r_A,g\n1,1\n2,x\n3,1\n", "a={}", "column g has 'x' in row 2"),
        ("r_A,g\n1,1\n2,\n3,1\n", "a={}", "column g has .* in row 2; every row must hold a number"),
        ("r_A,g\n1,1\n2,1\n", "a={}", "2 rows; a curve needs at least 5"),
        ("r_A,g\n1,1\n2,1\n2,1\n3,1\n4,1\n", "a={}", "r_A falls from 2 to 2 in row 3"),
        ("r_A,g\n1,1\n2,inf\n3,1\n4,1\n5,1\n", "a={}", "row 2 is not finite"),
        ("r_A,g\n-1,1\n2,1\n3,1\n4,1\n5,1\n", "a={}", "r_A begins at -1; it cannot be negative"),
        (
            "r_A,g,g_err\n1,1,0\n2,1,-1\n3,1,0\n4,1,0\n5,1,0\n",
            "a={}",
            "g_err is -1 in row 2; an err",
        ),
        ("r_A,g,g_err\n1,1,0\n2,1,inf\n3,1,0\n4,1,0\n5,1,0\n", "a={}", "g_err is inf in row 2"),
        ("# nothing\n", "a={}", "holds no numbers"),
        ("pair,r_A,g\na,1,1\na,2,1\na,3,1\na,4,1\na,5,1\n", "b={}", "no pair b; it has a"),
    ],
)
def test_what_cannot_be_read_is_said(write, text, source, words):
    with pytest.raises(InputError, match=words):
        read_curves([source.format(write(text))], R, G, "pair")


def test_a_missing_file_is_said():
    with pytest.raises(InputError, match=r"none.dat: no such file; give NAME=FILE"):
        read_curves(["a=none.dat"], R, G, "pair")


def test_a_file_of_bytes_is_refused(tmp_path):
    path = tmp_path / "x.dat"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_curves([f"a={path}"], R, G, "pair")
