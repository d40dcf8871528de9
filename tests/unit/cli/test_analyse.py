"""`ionshift analyse` on files as users have them."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ionshift.cli import main
from ionshift.core.errors import InputError
from ionshift.core.files import read_table
from ionshift.thermodynamics import debye_hueckel, osmotic, pitzer
from model_salts import percus_yevick_g
from molecules import ROOT


def call(*arguments):
    done = CliRunner().invoke(main.app, ["analyse", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def wide_g():
    """One file of text with r in nm and five equal pairs, as programs write it."""
    r_A, g, density_A3 = percus_yevick_g(0.2, 3.005, 16.0, 0.02)
    np.savetxt("g.dat", np.column_stack([r_A / 10, *[g] * 5]))
    return (0.8**4 / 1.4**2 - 1) / density_A3


PAIRS = ("Li-Li=g.dat:2", "Cl-Cl=g.dat:3", "Li-Cl=g.dat:4", "Li-O=g.dat:5", "Cl-O=g.dat:6")
SALT = ("--cation", "Li", "--anion", "Cl", "--solvent", "O", "--molarity-M", "1")


def test_kirkwood_buff_prints_and_writes_the_same_numbers(wide_g):
    printed = call("kirkwood-buff", *PAIRS, "--length-unit", "nm", *SALT)
    table = pd.read_csv("kirkwood_buff.csv").set_index(["quantity", "pair", "method"])
    row = table.loc["G_A3", "Li-O", "truncated"]
    assert row["value"] == pytest.approx(wide_g, abs=1.5)
    assert f"G(Li-O)          truncated            {row['value']:.1f} (one replica" in printed
    assert table.loc["dlna_dlnc", "Li-Cl", "truncated"]["value"] == pytest.approx(1)
    running = pd.read_csv("kirkwood_buff_running.csv")
    assert set(running["quantity"]) == {"G_A3", "dlna_dlnc"}


def test_what_has_not_converged_is_printed_in_place_of_a_number(wide_g):
    printed = call("kirkwood-buff", PAIRS[0], "--length-unit", "nm", "--tolerance-A3", "0.0001")
    assert "not converged: from 12.0" in printed
    assert pd.read_csv("kirkwood_buff.csv")["value"].isna().all()


def test_the_measured_derivative_stands_beside(wide_g, monkeypatch):
    monkeypatch.setattr(pitzer.salt_named, "__defaults__", (ROOT / pitzer.DATA,))
    options = ("--length-unit", "nm", *SALT, "--measured", "LiCl")
    assert "measured: d ln a / d ln c 1.1" in call("kirkwood-buff", *PAIRS, *options)
    with pytest.raises(InputError, match="--measured needs --cation"):
        call("kirkwood-buff", PAIRS[0], "--length-unit", "nm", "--measured", "LiCl")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PAIRS[0],), r"the unit of r is not known.*state the unit \(A, nm\)"),
        ((PAIRS[0], "--length-unit", "A"), "ends at 1.60 A, too short.* in nm"),
        ((PAIRS[0], "--length-unit", "nm", "--box-edge-A", "50"), "the box allows 25.00 A"),
        ((PAIRS[0], "--length-unit", "nm", "--cation", "Li"), "needs --anion, --solvent, --mol"),
        ((PAIRS[0], "--length-unit", "nm", *SALT), "no g.* of the pair Cl-Cl"),
    ],
)
def test_bad_distributions_end_in_a_sentence(wide_g, arguments, words):
    with pytest.raises(InputError, match=words):
        call("kirkwood-buff", *arguments)


def test_diffusion_with_replicas_in_other_units():
    time_ns = np.arange(0, 0.2001, 0.001)
    for number, slope in enumerate((0.58, 0.62)):
        pd.DataFrame({"time_ns": time_ns, "msd_nm2": slope * 10 * time_ns}).to_csv(
            f"{number}.csv", index=False
        )
    box = ("--box-edge-A", "25.05", "--temperature-K", "300", "--viscosity-mPa-s", "0.888")
    printed = call("diffusion", "Li=0.csv", "Li=1.csv", *box)
    row = pd.read_csv("diffusion.csv").iloc[0]
    assert row["d_m2_s"] == pytest.approx(1e-9) and row["n_replicas"] == 2
    assert row["d_err_m2_s"] == pytest.approx(0.02 / 0.6 * 1e-9)
    assert "D = 1.000 +- 0.033 1e-5 cm2/s in the box, 1.280 in an infinite one" in printed


def test_roots_and_counted_times_are_taken():
    steps = np.arange(1, 2001)
    np.savetxt("rmsd.dat", np.column_stack([steps, np.sqrt(0.006 * steps)]))
    options = ("--msd-unit", "root_A", "--time-step-ps", "0.01")
    printed = call("diffusion", "Cl=rmsd.dat", *options)
    assert "D = 1.000 (error not known) 1e-5 cm2/s in the box, not corrected" in printed


def test_diffusion_needs_all_of_the_box_or_nothing():
    with pytest.raises(InputError, match=r"needs --temperature-K, --viscosity-mPa-s as well"):
        call("diffusion", "Li=0.csv", "--box-edge-A", "25")


@pytest.fixture
def soft_ions(monkeypatch):
    """Potentials of mean force in kJ/mol, of a model with the permittivity 60."""
    monkeypatch.setattr(osmotic, "N_NODES", 2)
    monkeypatch.setattr(osmotic, "LEAD_IN_M", ())
    r_A = np.arange(2.4, 12.0, 0.05)
    coulomb = debye_hueckel.bjerrum_length_A(60.0, 298.15) / r_A
    core = (4.0 / r_A) ** 12
    kJ_mol = 8.314462618e-3 * 298.15
    columns = [r_A / 10, *(kJ_mol * (core + sign * coulomb) for sign in (1, -1, 1))]
    np.savetxt("w.dat", np.column_stack(columns))


PMF = ("cation-cation=w.dat:2", "cation-anion=w.dat:3", "anion-anion=w.dat:4")
UNITS = ("--length-unit", "nm", "--energy-unit", "kJ_mol")


def test_osmotic_fits_the_permittivity_and_compares(soft_ions):
    experiment = ROOT / "resources/reference/pitzer_25C.csv"
    options = ("--tail-permittivity", "fit", "--molarity-M", "1", "--salt", "LiCl")
    printed = call("osmotic", *PMF, *UNITS, *options, "--experiment", str(experiment))
    assert "permittivity of the tails: 60.0 (anion-anion 60.0, cation-anion 60.0," in printed
    table = pd.read_csv("osmotic.csv")
    assert table["route"].tolist() == ["hnc", "hnc", "mpb", "mpb"]
    assert table["permittivity"].round(1).tolist() == [78.4, 60.0] * 2
    assert table["phi_measured"].to_numpy() == pytest.approx([1.0195] * 4, abs=1e-3)
    row = table.iloc[0]
    assert f"1 M  phi {row['phi_lr']:.3f} +- {row['phi_mm_tail_err']:.3f} (tail" in printed
    assert "measured 1.020" in printed


def test_a_measured_salt_of_other_charges_is_refused(soft_ions):
    options = ("--salt", "LiCl", "--experiment", str(ROOT / pitzer.DATA), "--charges", "2", "-1")
    with pytest.raises(InputError, match="--salt LiCl: the measured salts are 1:1"):
        call("osmotic", *PMF, *UNITS, *options)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*PMF, *UNITS), r"without Coulomb's part \(permittivity 78\.4\) is \+0\.21"),
        ((*PMF[:2], *UNITS), "no potential of mean force of anion-anion"),
        (("Li-Cl=w.dat:3", *UNITS), "Li-Cl: a pair is one of cation-cation"),
        ((*PMF, "--length-unit", "A", "--energy-unit", "kT"), "ends at 1.195 A.* in nm"),
        ((*PMF, *UNITS, "--tail-permittivity", "water"), "give fit, or a number from 1 on"),
        ((*PMF, *UNITS, "--charges", "1", "1"), "give cation and anion, as in 1 -1"),
        ((*PMF, *UNITS, "--salt", "LiCl"), "pitzer_25C.csv cannot be read.*--experiment"),
    ],
)
def test_bad_potentials_end_in_a_sentence(soft_ions, arguments, words):
    with pytest.raises(InputError, match=words):
        call("osmotic", *arguments)


def test_a_window_that_does_not_rise_is_refused():
    np.savetxt("msd.dat", np.column_stack([np.arange(50.0), 0.6 * np.arange(50.0)]))
    units = ("--time-unit", "ps", "--msd-unit", "A2")
    for ends in (("-5", "40"), ("40", "10")):
        with pytest.raises(InputError, match=f"--window-ps {' '.join(ends)}: give from, to"):
            call("diffusion", "Li=msd.dat", *units, "--window-ps", *ends)


def test_a_table_has_the_name_that_the_user_chooses():
    np.savetxt("msd.dat", np.column_stack([np.arange(50.0), 0.6 * np.arange(50.0)]))
    options = ("--time-unit", "ps", "--msd-unit", "A2", "--out", "mine.parquet")
    call("diffusion", "Li=msd.dat", *options)
    found = read_table("mine.parquet", name="displacement_diffusion")
    assert found["d_m2_s"].iloc[0] == pytest.approx(1e-9)
