"""ELF and its deformation factors against closed forms; choice, store and tables."""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from scipy.spatial.transform import Rotation

from ionshift.config.elf import Elf
from ionshift.config.figures import Figures
from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.dft import elf
from ionshift.figures import elf as drawing
from ionshift.figures.style import save
from ionshift.labels import elf_measurement, elf_sets, sets
from ionshift.labels import store as labels
from ionshift.nmr import elf_summary
from ionshift.studies import registry
from molecules import place
from on_axes import empty_panels

PROTOCOL = Protocol(basis_centre="6-31g*", basis_near="6-31g*", basis_far="6-31g*")
SMALL = Elf(other_isovalues=[0.6], other_radii_bohr=[1.0])
UNITS, WEIGHTS = elf.directions(SMALL.degree)


def measured(atoms, charge=0):
    """(axis ratio, peak ratio) of atom 0."""
    record = elf_measurement.compute(atoms, charge, PROTOCOL, SMALL)
    assert record["status"] == "ok", record["reason"]
    radii = np.reshape(record["radii_bohr"], (2, -1))[0]
    values = np.reshape(record["sphere_elf"], (2, -1))[0]
    return elf.axis_ratio(radii, UNITS, WEIGHTS), elf.peak_ratio(values, WEIGHTS)


def test_homogeneous_gas_is_one_half():
    density = np.array([0.01, 0.3, 20.0])
    kinetic = 0.3 * (3 * np.pi**2) ** (2 / 3) * density ** (5 / 3)
    assert elf.localization(density, np.zeros((3, 3)), kinetic) == pytest.approx(0.5, abs=1e-14)


def test_one_pair_in_a_hydrogen_like_orbital_is_one():
    positions = np.random.default_rng(1).normal(size=(50, 3))
    distance = np.linalg.norm(positions, axis=1)
    exponent = 2.7
    orbital = np.sqrt(exponent**3 / np.pi) * np.exp(-exponent * distance)
    slope = -exponent * orbital * (positions / distance[:, None]).T
    values = elf.localization(2 * orbital**2, 4 * orbital * slope, (slope**2).sum(axis=0))
    assert values == pytest.approx(1, abs=1e-9)


def test_two_equal_plane_waves_have_the_ratio_of_their_kinetic_energies():
    """|psi|^2 uniform: no gradient, D = tau; ELF = 1 / (1 + (tau / D0)^2)."""
    density, kinetic = np.array([0.4]), np.array([1.1])
    homogeneous = 0.3 * (3 * np.pi**2) ** (2 / 3) * density ** (5 / 3)
    expected = 1 / (1 + (kinetic / homogeneous) ** 2)
    assert elf.localization(density, np.zeros((3, 1)), kinetic) == pytest.approx(expected)


def test_vanishing_density_gives_a_finite_elf():
    values = elf.localization(np.zeros(2), np.zeros((3, 2)), np.zeros(2))
    assert np.isfinite(values).all()


def test_directions_integrate_spherical_harmonics():
    assert WEIGHTS.sum() == pytest.approx(1)
    assert WEIGHTS @ UNITS[:, 2] ** 4 == pytest.approx(1 / 5)
    assert WEIGHTS @ (UNITS[:, 0] * UNITS[:, 1] * UNITS[:, 2]) ** 2 == pytest.approx(1 / 105)


def test_field_equals_pyscf():
    from pyscf import dft, gto
    from pyscf.dft import numint

    mol = gto.M(atom="Li 0 0 0; F 0 0 1.6", basis="6-31g*", verbose=0)
    mf = dft.RKS(mol, xc="pbe").run()
    points = np.random.default_rng(2).normal(size=(40, 3))
    functions = numint.eval_ao(mol, points, deriv=1)
    rho, *gradient, tau = numint.eval_rho(
        mol, functions, mf.make_rdm1(), xctype="MGGA", with_lapl=False
    )
    field = elf_measurement.field_around(mol, mf.mo_coeff[:, mf.mo_occ > 0])
    assert field(points) == pytest.approx(elf.localization(rho, np.array(gradient), tau), abs=1e-8)


def test_surface_of_a_known_field_is_found():
    """An ELF that falls to one half on an ellipsoid, and comes up again further out."""
    semiaxes = np.array([0.9, 1.0, 1.3])

    def field(points):
        reach = np.linalg.norm(points / semiaxes, axis=1)
        return np.where(reach < 1.6, 1 / (1 + reach**4), 0.9)

    radii = elf.surface_radii(field, UNITS, [0.5])[0]
    assert radii == pytest.approx(1 / np.linalg.norm(UNITS / semiaxes, axis=1), abs=1e-6)


def test_direction_without_a_surface_is_open():
    def field(points):
        return np.where(points[:, 2] > 0, 0.9, 1.0 - np.linalg.norm(points, axis=1) / 2)

    radii = elf.surface_radii(field, UNITS, [0.5])[0]
    assert np.isnan(radii[UNITS[:, 2] > 0]).all()
    assert radii[UNITS[:, 2] <= 0] == pytest.approx(1.0, abs=1e-6)
    assert np.isnan(elf.axis_ratio(radii, UNITS, WEIGHTS))


def test_axis_ratio_of_an_ellipse_like_surface_follows_its_integral():
    """r = 1 + s (cos^2 - 1/3), axial: both second moments by one-dimensional integrals."""
    s = 0.3
    cosine, weight = np.polynomial.legendre.leggauss(20)
    radius = 1 + s * (cosine**2 - 1 / 3)
    along = 0.5 * weight @ (radius**2 * cosine**2)
    across = 0.25 * weight @ (radius**2 * (1 - cosine**2))
    radii = 1 + s * (UNITS[:, 2] ** 2 - 1 / 3)
    assert elf.axis_ratio(radii, UNITS, WEIGHTS) == pytest.approx(np.sqrt(along / across))
    small = 1 + 1e-4 * (UNITS[:, 2] ** 2 - 1 / 3)
    assert elf.axis_ratio(small, UNITS, WEIGHTS) == pytest.approx(1 + 0.4e-4, abs=1e-8)


def test_axis_ratio_does_not_see_the_size():
    radii = 1 + 0.1 * UNITS[:, 0] ** 2
    assert elf.axis_ratio(3 * radii, UNITS, WEIGHTS) == pytest.approx(
        elf.axis_ratio(radii, UNITS, WEIGHTS)
    )


@pytest.mark.parametrize(("symbol", "charge"), [("Li", -1), ("Be", 0)])
def test_spherical_atom_is_not_deformed(symbol, charge):
    assert measured(Atoms(symbol), charge) == pytest.approx((1, 1), abs=1e-4)


def test_bare_lithium_ion_is_one_pair_without_a_surface():
    axis_ratio, peak_ratio = measured(Atoms("Li"), 1)
    assert np.isnan(axis_ratio)
    assert peak_ratio == pytest.approx(1, abs=1e-4)


def test_a_neighbour_deforms_the_core_and_less_so_from_afar():
    near = measured(Atoms("LiF", [[0, 0, 0], [0, 0, 1.6]]))
    far = measured(Atoms("LiF", [[0, 0, 0], [0, 0, 2.0]]))
    assert near[0] > far[0] > 1.001
    assert near[1] > far[1] > 1.001


def test_factors_do_not_depend_on_the_orientation():
    atoms = Atoms(
        "LiOH2F", [[0, 0, 0], [1.9, 0, 0], [2.5, 0.75, 0], [2.5, -0.75, 0], [0, 0.3, 1.7]]
    )
    turned = atoms.copy()
    turned.positions = Rotation.from_rotvec([0.4, -0.9, 0.7]).apply(atoms.positions)
    one, other = measured(atoms), measured(turned)
    assert other[0] == pytest.approx(one[0], abs=2e-4)
    assert other[1] == pytest.approx(one[1], abs=0.01 * (one[1] - 1) + 1e-4)


def labelled(number, solvation_class="CIP", system="1M", status="ok"):
    atoms = Atoms("LiF", [[0, 0, 0], [0, 0, 1.6 + 0.01 * number]])
    atoms.info = {
        "key": f"{(number * 37) % 101:03d}",
        "cluster_id": f"c{number}",
        "system": system,
        "solvation_class": solvation_class,
        "status": status,
        "charge": 0,
        "n_anion": 1,
        "coordination": 1,
        "shielding_ppm": 90.0 + number,
        "cutoff_A": 3.4,
    }
    return atoms


def test_choice_takes_turns_and_grows_by_adding():
    pool = [labelled(n, ("SSIP", "CIP", "CIP", "CIP")[n % 4]) for n in range(20)]
    pool += [labelled(30, system="2M"), labelled(31, status="failed")]
    chosen = {n: elf_measurement.choose(pool, "1M", n) for n in (2, 4, 7)}
    ids = {n: {atoms.info["cluster_id"] for atoms in part} for n, part in chosen.items()}
    assert ids[2] < ids[4] < ids[7]
    assert (
        sorted(atoms.info["solvation_class"] for atoms in chosen[4]) == ["CIP"] * 2 + ["SSIP"] * 2
    )
    assert len(elf_measurement.choose(pool, "1M", 99)) == 20
    assert elf_measurement.choose(pool, "3M", 5) == []


def test_finished_records_are_not_computed_again(tmp_path):
    store = elf_measurement.open_store(tmp_path)
    pool = [labelled(0), labelled(1)]
    first = elf_measurement.measure(pool, PROTOCOL, SMALL, store, 2, log=lambda _: None)
    assert (first["status"] == "ok").all()
    said = []
    again = elf_measurement.measure(pool, PROTOCOL, SMALL, store, log=said.append)
    assert said == ["2 clusters: 2 labels in the store, 0 to compute"]
    pd.testing.assert_frame_equal(first, again)


def test_failures_are_rows_with_their_reason_and_stay_until_they_are_retried(tmp_path):
    store = elf_measurement.open_store(tmp_path)
    odd = labelled(0)
    odd.info["charge"] = 1
    table = elf_measurement.measure([odd], PROTOCOL, SMALL, store, log=lambda _: None)
    assert table["status"][0] == "failed"
    assert "odd number of electrons" in table["reason"][0]
    said = []
    elf_measurement.measure([odd], PROTOCOL, SMALL, store, log=said.append)
    assert said == ["1 clusters: 1 labels in the store, 0 to compute"]
    assert store.discard(table["key"][0])
    elf_measurement.measure([odd], PROTOCOL, SMALL, store, log=said.append)
    assert said[1] == "1 clusters: 0 labels in the store, 1 to compute"


def test_a_store_that_cannot_be_written_is_named_by_its_own_key(tmp_path):
    store = elf_measurement.open_store(tmp_path)
    record = dict.fromkeys(elf_measurement.RECORD_COLUMNS) | {"status": "failed", "reason": "x"}
    key = elf_measurement.key_of(labelled(0), PROTOCOL, SMALL)
    store.path(key).parent.parent.mkdir(parents=True, exist_ok=True)
    store.path(key).parent.write_text("no folder")
    with pytest.raises(InputError, match=r"cannot write .* change elf\.store"):
        store.put(key, record)


def test_unconverged_scf_is_said():
    record = elf_measurement.compute(
        labelled(0), 0, PROTOCOL.model_copy(update={"max_scf_cycles": 1}), SMALL
    )
    assert record["status"] == "unconverged"
    assert "SCF" in record["reason"]
    assert record["radii_bohr"] is None


def test_key_depends_on_what_changes_the_numbers():
    atoms = labelled(0)
    keys = [
        elf_measurement.key_of(atoms, PROTOCOL, SMALL),
        elf_measurement.key_of(labelled(1), PROTOCOL, SMALL),
        elf_measurement.key_of(atoms, Protocol(), SMALL),
        elf_measurement.key_of(atoms, PROTOCOL, SMALL.model_copy(update={"degree": 17})),
        elf_measurement.key_of(atoms, PROTOCOL, SMALL.model_copy(update={"isovalue": 0.55})),
    ]
    assert len(set(keys)) == len(keys)
    same = SMALL.model_copy(update={"isovalue": 0.6, "other_isovalues": [0.5], "n_clusters": 9})
    assert elf_measurement.key_of(atoms, PROTOCOL, same) == keys[0]


SETTINGS = Elf(degree=11, other_isovalues=[0.6], other_radii_bohr=[1.0])


def stretched(number, name, system, status="ok", stretch=0.1):
    """A row as `measure` writes it, of a surface r = 1 + stretch z^2 and an ELF 1 + stretch z."""
    z = elf.directions(SETTINGS.degree)[0][:, 2]
    ok = status == "ok"
    return {
        "key": str(number),
        "cluster_id": f"c{number}",
        "system": system,
        "solvation_class": name,
        "n_anion": 1,
        "coordination": 5,
        "shielding_ppm": 92.0 - 10 * stretch,
        "status": status,
        "reason": "" if ok else "SCF",
        "radii_bohr": np.tile(1 + stretch * z**2, 2).tolist() if ok else None,
        "sphere_elf": np.tile(0.9 + 0.1 * stretch * z, 2).tolist() if ok else None,
        "cpu_s": 1.0,
    }


@pytest.fixture
def measured_table():
    stretches = [0.10, 0.12, 0.20, 0.26, 0.30, 0.40]
    names = ["SSIP", "SSIP", "AGG", "AGG", "CIP", "AGG"]
    systems = ["1M", "1M", "1M", "2M", "2M", "2M"]
    rows = [
        stretched(n, name, system, stretch=stretch)
        for n, (stretch, name, system) in enumerate(zip(stretches, names, systems, strict=True))
    ]
    return pd.DataFrame([*rows, stretched(6, "CIP", "2M", "failed")])


@pytest.fixture
def speciation():
    shares = {"1M": [0.6, 0.3, 0.1, 0.0], "2M": [0.0, 0.5, 0.5, 0.0]}
    classes = ["SSIP", "CIP", "AGG", "AGG+"]
    return pd.DataFrame(
        [
            {
                "system": system,
                "molarity_M": float(system[0]),
                "solvation_class": name,
                "share": share,
            }
            for system, row in shares.items()
            for name, share in zip(classes, row, strict=True)
        ]
    )


def test_cluster_table_keeps_failures_without_numbers(measured_table):
    table = elf_summary.cluster_table(measured_table, SETTINGS)
    assert len(table) == 7
    failed = table[table["status"] == "failed"]
    assert failed[["axis_ratio", "peak_ratio", "open_share"]].isna().all(axis=None)
    assert (table["axis_ratio"].iloc[:6].diff().dropna() > 0).all()
    assert table["peak_ratio"][0] == pytest.approx(1 + 0.01 / 0.9)


def test_ensemble_mean_weighs_classes_by_their_share(measured_table, speciation):
    clusters = elf_summary.cluster_table(measured_table, SETTINGS)
    groups = elf_summary.group_table(clusters, speciation)
    row = groups.query(
        "system == '1M' and solvation_class == 'all' and factor == 'peak_ratio'"
    ).iloc[0]
    values = clusters["peak_ratio"]
    expected = (0.6 * values[:2].mean() + 0.1 * values[2]) / 0.7
    assert row["ensemble_mean"] == pytest.approx(expected)
    assert row["sampled_share"] == pytest.approx(0.7)
    assert row["mean_err"] == pytest.approx(values[:3].std(ddof=1) / np.sqrt(3))
    pooled = np.sqrt((values[:2].var(ddof=1) + values[[3, 5]].var(ddof=1)) / 2)
    assert row["ensemble_err"] == pytest.approx(pooled * np.sqrt(0.36 / 2 + 0.01) / 0.7)
    single = groups.query(
        "system == '2M' and solvation_class == 'CIP' and factor == 'peak_ratio'"
    ).iloc[0]
    assert single["n_clusters"] == 1
    assert np.isnan(single["mean_err"])
    empty = groups.query("system == '1M' and solvation_class == 'AGG+'")
    assert empty["mean"].isna().all()


def test_correlation_equals_scipy():
    from scipy import stats

    rng = np.random.default_rng(3)
    x = rng.normal(size=30)
    y = 0.5 * x + rng.normal(size=30)
    result = elf_summary.correlate(x, y)
    known = stats.pearsonr(x, y)
    line = stats.linregress(x, y)
    assert result["pearson_r"] == pytest.approx(known.statistic)
    assert result["p_value"] == pytest.approx(known.pvalue)
    interval = known.confidence_interval(0.95)
    assert (result["r_low95"], result["r_high95"]) == pytest.approx((interval.low, interval.high))
    assert result["slope_ppm_per_percent"] == pytest.approx(0.01 * line.slope)
    assert result["slope_err_ppm_per_percent"] == pytest.approx(0.01 * line.stderr)


@pytest.mark.parametrize("x", [[1.0, 2.0, 3.0], [1.0] * 6, []])
def test_correlation_of_too_little_is_unknown(x):
    result = elf_summary.correlate(np.array(x), np.arange(len(x), dtype=float))
    assert np.isnan(result["pearson_r"])
    assert np.isnan(result["slope_err_ppm_per_percent"])


def test_correlation_within_classes_is_free_of_their_means():
    """Classes far apart, independent scatter inside: a correlation of all clusters alone."""
    rng = np.random.default_rng(4)
    number = np.repeat([0.0, 1.0], 200)
    clusters = pd.DataFrame(
        {
            "system": "1M",
            "solvation_class": np.where(number == 0, "SSIP", "AGG"),
            "axis_ratio": 1 + 0.1 * number + 0.01 * rng.normal(size=400),
            "peak_ratio": 1.0,
            "shielding_ppm": 90 + number + 0.1 * rng.normal(size=400),
        }
    )
    table = elf_summary.correlation_table(clusters).set_index(["factor", "scope"])["pearson_r"]
    assert table["axis_ratio", "all clusters"] > 0.9
    assert abs(table["axis_ratio", "within classes"]) < 0.2
    assert table["peak_ratio"].isna().all()


def test_sensitivity_has_a_row_a_setting(measured_table):
    table = elf_summary.sensitivity_table(measured_table, SETTINGS)
    assert table["value"].tolist() == [0.5, 0.6, 0.8, 1.0]
    assert table["chosen"].tolist() == [True, False, True, False]
    assert (table["n_clusters"] == 6).all()
    assert table["pearson_r"].iloc[0] < -0.99


def test_typical_clusters_are_medians_of_the_outer_classes(measured_table):
    clusters = elf_summary.cluster_table(measured_table, SETTINGS)
    first, last = elf_summary.typical_clusters(clusters)
    assert first in ("c0", "c1")
    assert last == "c3"
    with pytest.raises(InputError, match=r"elf\.isovalue"):
        elf_summary.typical_clusters(clusters.assign(axis_ratio=np.nan))


def test_figures_are_drawn_with_gaps(measured_table, speciation, tmp_path):
    clusters = elf_summary.cluster_table(measured_table, SETTINGS)
    groups = elf_summary.group_table(clusters, speciation)
    ids = elf_summary.typical_clusters(clusters)
    cluster = place("DME", 1, [2.0, 0, 0])
    cluster = Atoms("Li", [[0, 0, 0]]) + cluster
    cluster.info = {"cutoff_A": 3.4}
    boxes = [cluster.copy() for _ in ids]
    for atoms, cluster_id in zip(boxes, ids, strict=True):
        atoms.info["cluster_id"] = cluster_id
    atoms = elf_summary.atom_table(boxes, ids, ["O"])
    assert atoms.loc[atoms["in_shell"], "element"].eq("O").all()
    assert atoms["in_shell"].any()
    surface = elf_summary.surface_table(measured_table, ids, SETTINGS)
    few = clusters.iloc[:2]
    figures = [
        drawing.against_concentration(clusters, groups, None, Figures()),
        drawing.against_shielding(few, elf_summary.correlation_table(few), Figures()),
        drawing.surfaces(surface, atoms, clusters, Figures()),
    ]
    for number, figure in enumerate(figures):
        path = tmp_path / f"{number}.png"
        save(figure, [path], 50)
        assert path.is_file() and empty_panels(figure) == []


def test_store_refuses_two_densities_of_one_key(tmp_path):
    store = elf_measurement.open_store(tmp_path)
    store.put("ab" * 32, {"status": "ok", "energy_Ha": -100.0})
    store.put("ab" * 32, {"status": "ok", "energy_Ha": -100.0001})
    with pytest.raises(InputError, match="energy_Ha"):
        store.put("ab" * 32, {"status": "ok", "energy_Ha": -100.1})
    assert isinstance(store, labels.LabelStore)


def small_set(tmp_path):
    """A set of two real records, and their clusters."""
    pool = [labelled(n) for n in (1, 2)]
    store = elf_measurement.open_store(tmp_path / "made")
    table = elf_measurement.measure(pool, PROTOCOL, SMALL, store, log=lambda _: None)
    elf_sets.write_set(table, tmp_path / "set.parquet")
    return pool, table


def test_shipped_records_are_taken_and_not_computed_again(tmp_path):
    pool, table = small_set(tmp_path)
    store, said = elf_measurement.open_store(tmp_path / "other"), []
    elf_sets.take_shipped([str(tmp_path / "set.parquet")], store)
    again = elf_measurement.measure(pool, PROTOCOL, SMALL, store, log=said.append)
    assert said == ["2 clusters: 2 labels in the store, 0 to compute"]
    pd.testing.assert_frame_equal(again, table)


def test_a_set_of_records_is_held_against_its_fingerprints(tmp_path):
    small_set(tmp_path)
    path = tmp_path / "set.parquet"
    table = pd.read_parquet(path)
    table.assign(energy_Ha=table["energy_Ha"] + 1e-6).to_parquet(path)
    with pytest.raises(InputError, match=r"elf\.shipped: .*set\.parquet, row 0 .* was edited"):
        elf_sets.read_set(path)
    table.drop(columns="radii_bohr").to_parquet(path)
    with pytest.raises(InputError, match=r"set\.parquet has no column radii_bohr"):
        elf_sets.read_set(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"set\.parquet cannot be read .*restore the file"):
        elf_sets.read_set(path)


def test_the_shipped_records_are_those_of_shipped_labels(root):
    """Their keys are those of clusters that ship, with the default protocol and surfaces."""
    study = registry.load(root / "config/config.yaml")
    records = elf_sets.read_set(root / study.elf.shipped[0])
    clusters = [
        atoms for path in study.labelling.shipped for atoms in sets.read_label_set(root / path)
    ]
    protocol = study.labelling.chosen_protocol()
    known = {elf_measurement.key_of(atoms, protocol, study.elf) for atoms in clusters}
    assert len(records) == 8
    assert records.keys() <= known
