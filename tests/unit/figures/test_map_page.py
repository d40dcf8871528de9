"""The interactive map: right content, and nothing that is loaded from elsewhere."""

import base64
import gzip
import json
import re

import ase.io
import numpy as np
import pandas as pd
import pytest

from ionshift.config.map import Map
from ionshift.config.shell import Shell
from ionshift.figures.page import PROPERTIES, page
from ionshift.learning.pca_map import cut_sample
from ionshift.solvation.shells import ShellFinder
from ionshift.trajectories.trajectory import Trajectory

CHROMIUM_MAX_URL = 2 * 1024**2  # a frame with a data URL one character longer stays blank


@pytest.fixture
def clusters(known_box, electrolyte):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    table = pd.DataFrame(
        {
            "replica": [0, 0, 1, 1],
            "frame": [0, 1, 0, 1],
            "nucleus": 0,
            "time_ps": [0.0, 1.0, 0.0, 1.0],
            "pc1": [0.1, 0.2, 0.3, 0.4],
            "pc2": [-0.1, -0.2, -0.3, -0.4],
            "shift_ppm": [-0.5, 0.0, 0.5, 1.0],
            "solvation_class": "CIP",
            "n_anion": 1,
            "lsi_A2": 0.2,
            "system": "1</script>M",
        }
    )
    return cut_sample([finder, finder], table, 3, seed=1)


def unpack(html, name):
    packed = re.search(rf'<script type="application/gzip" id="{name}">(.*?)</script>', html, re.S)
    return gzip.decompress(base64.b64decode(packed.group(1))).decode()


def content(html):
    """The tags outside of scripts, and the dataset."""
    tags = re.sub(r"<script.*?</script>", "<script></script>", html, flags=re.S)
    return tags, json.loads(unpack(html, "dataset"))


def test_page_holds_every_cluster_with_its_properties(clusters):
    _, data = content(page(clusters, "demo"))
    assert len(data["structures"]) == len(clusters) == 3
    assert set(data["properties"]) == set(PROPERTIES)
    shifts = data["properties"]["shift"]["values"]
    assert shifts == [atoms.info["shift_ppm"] for atoms in clusters]
    assert data["structures"][0]["size"] == len(clusters[0])
    assert data["structures"][0]["names"][0] == "Li"
    assert data["settings"]["map"]["x"]["property"] == "PC1"


def test_page_loads_nothing_from_elsewhere(clusters):
    html, _ = content(page(clusters, "demo"))
    assert html.count("<script></script>") == 3
    assert not re.search(r"\b(src|href)\s*=|@import|url\(", html)
    assert "Chemiscope" in unpack(page(clusters, "demo"), "library")


def test_page_of_the_demo_fits_into_a_frame_of_the_report(root):
    labelled = ase.io.read(root / "resources/labels/lifsi_dme_fast.extxyz", ":")
    rng = np.random.default_rng(1)
    names, sample = [key for key, _, _ in PROPERTIES.values()], []
    for number in rng.integers(len(labelled), size=4 * Map().n_structures):
        atoms = labelled[number].copy()
        atoms.rattle(0.5, rng=rng)
        atoms.info |= dict(zip(names, rng.normal(size=len(names)), strict=True))
        sample.append(atoms)
    embedded = base64.b64encode(page(sample, "demo").encode())
    assert len(embedded) < CHROMIUM_MAX_URL - 1000


def test_same_clusters_give_the_same_page(clusters):
    assert page(clusters, "demo") == page(clusters, "demo")


def test_an_unknown_property_is_left_out(clusters):
    clusters[1].info["lsi_A2"] = clusters[0].info["pc2"] = np.nan
    _, data = content(page(clusters, "demo"))
    assert set(data["properties"]) == set(PROPERTIES) - {"LSI", "PC2"}
    assert data["settings"]["map"]["x"]["property"] == "time"


def test_clusters_are_those_that_were_predicted(clusters):
    assert [atoms.info["pc1"] for atoms in clusters] == sorted(a.info["pc1"] for a in clusters)
    assert len({(atoms.info["replica"], atoms.info["frame"]) for atoms in clusters}) == 3
    assert all(atoms.get_chemical_symbols()[0] == "Li" for atoms in clusters)
