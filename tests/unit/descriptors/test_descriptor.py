import numpy as np
import pytest

from ionshift.config.descriptor import Descriptor
from ionshift.core.errors import InputError
from ionshift.descriptors.lmbtr import Lmbtr
from ionshift.descriptors.registry import Geometries, elements_of, make_descriptor
from ionshift.descriptors.settings import effective
from molecules import place, template


def random_cluster(seed, n_dme=2, n_fsi=1):
    """A Li with molecules at random places and orientations around it."""
    rng = np.random.default_rng(seed)
    atoms = template("LI")
    atoms.positions[:] = 0
    for name, atom in [("DME", 1)] * n_dme + [("FSI", 2)] * n_fsi:
        molecule = place(name, atom, [0, 0, 0])
        molecule.rotate(rng.uniform(0, 180), rng.normal(size=3))
        direction = rng.normal(size=3)
        molecule.positions += rng.uniform(1.9, 2.3) * direction / np.linalg.norm(direction)
        atoms += molecule
    return atoms


CLUSTERS = [random_cluster(0), random_cluster(1, 1, 2), random_cluster(2, 3, 0)]
SETTINGS = [
    {},
    {"normalise": False, "n_grid": 31},
    {"n_grid": 200, "k3_sigma_deg": 0.1},
    {"weighting_scale_per_A": 0.8, "weighting_threshold": 1e-4, "k2_sigma_A": 0.05},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_kernel_equals_dscribe(settings):
    species = elements_of(CLUSTERS)
    fast = Lmbtr(Descriptor(**settings), species).describe(CLUSTERS)
    oracle = Lmbtr(Descriptor(backend="dscribe", **settings), species).describe(CLUSTERS)
    assert fast.shape == oracle.shape
    assert np.abs(oracle).max() > 0.1
    assert np.abs(fast - oracle).max() < 1e-6 * max(1.0, np.abs(oracle).max())


def test_descriptor_ignores_rotation_and_order():
    lmbtr = Lmbtr(Descriptor(), elements_of(CLUSTERS))
    turned = CLUSTERS[0].copy()
    turned.rotate(40, [1, 2, 3])
    turned.positions += 5.0
    order = [0, *np.random.default_rng(0).permutation(np.arange(1, len(turned)))]
    assert np.allclose(lmbtr.describe([turned[order]]), lmbtr.describe([CLUSTERS[0]]), atol=1e-9)


def test_descriptor_sees_a_moved_ligand():
    lmbtr = Lmbtr(Descriptor(), elements_of(CLUSTERS))
    moved = CLUSTERS[0].copy()
    moved.positions[1:17] *= 1.01
    difference = lmbtr.describe([moved]) - lmbtr.describe([CLUSTERS[0]])
    assert np.abs(difference).max() > 1e-3


def test_layout_follows_the_species():
    lmbtr = Lmbtr(Descriptor(n_grid=20), ["Li", "O", "H"])
    assert lmbtr.species == ["H", "Li", "O"]
    assert lmbtr.n_features == lmbtr.describe([template("LI")]).shape[1]
    assert lmbtr.channels_k3()[0] == "X-X-X"


def test_unknown_element_is_refused():
    lmbtr = Lmbtr(Descriptor(), ["Li", "O", "C", "H"])
    with pytest.raises(InputError, match=r"element F, N, S is not among .*train with labels"):
        lmbtr.describe([CLUSTERS[0]])


def test_flat_geometries_describe_alike():
    lmbtr = Lmbtr(Descriptor(), elements_of(CLUSTERS))
    flat = lmbtr.describe(Geometries.of(CLUSTERS))
    assert np.array_equal(flat, np.vstack([lmbtr.describe([atoms]) for atoms in CLUSTERS]))


def test_published_settings_by_name():
    published = Descriptor(kind="lmbtr_published")
    same = Descriptor(n_grid=200, k3_sigma_deg=0.1)
    assert effective(published) == effective(same)
    assert make_descriptor(published, ["Li", "O"]).config.n_grid == 200


def test_published_settings_cannot_be_changed():
    other = Descriptor(kind="lmbtr_published", n_grid=30)
    with pytest.raises(InputError, match=r"descriptor.n_grid = 30 differs from the published 200"):
        make_descriptor(other, ["Li", "O"])


def test_settings_of_the_other_kind_do_not_count():
    assert effective(Descriptor(soap_n_max=3)) == effective(Descriptor(backend="dscribe"))
    assert effective(Descriptor(kind="soap", n_grid=9)) == effective(Descriptor(kind="soap"))


def test_soap_ignores_rotation_and_sees_a_moved_ligand():
    soap = make_descriptor(
        Descriptor(kind="soap", soap_n_max=3, soap_l_max=2), elements_of(CLUSTERS)
    )
    turned = CLUSTERS[0].copy()
    turned.rotate(40, [1, 2, 3])
    moved = CLUSTERS[0].copy()
    moved.positions[1:17] *= 1.01
    here, rotated, away = soap.describe([CLUSTERS[0], turned, moved])
    assert np.linalg.norm(here) == pytest.approx(1.0)
    assert np.allclose(here, rotated, atol=1e-8)
    assert np.abs(here - away).max() > 1e-3
    assert soap.n_features == len(here)


def test_soap_refuses_an_unknown_element():
    soap = make_descriptor(Descriptor(kind="soap"), ["Li", "O", "C", "H"])
    with pytest.raises(InputError, match="element F, N, S is not among"):
        soap.describe([CLUSTERS[0]])
