"""The interactive map in a real browser: a click on a point shows its cluster."""

import base64
import io
import time

import ase.io
import matplotlib.image
import numpy as np
import pytest

from browser import Browser, find_chromium
from ionshift.figures.page import page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium here"),
]
FIND = """
const found = (root, wanted) => {
  for (const element of root.querySelectorAll("*")) {
    if (wanted(element)) return element;
    const inside = element.shadowRoot && found(element.shadowRoot, wanted);
    if (inside) return inside;
  }
  return null;
};
const plot = () => found(document, (element) => element._fullLayout);
const number = () => found(document, (element) => element.matches(".chsp-info-number"));
"""
POINT = """
(() => {{
  const {{ xaxis, yaxis }} = plot()._fullLayout, box = plot().getBoundingClientRect();
  return [box.x + xaxis._offset + xaxis.l2p({x}), box.y + yaxis._offset + yaxis.l2p({y})];
}})()
"""
HOVERED = """
(plot()._hoverdata || []).some((point) => point.x === {x} && point.y === {y})
"""
STRUCTURE = """
(() => {
  const box = document.getElementById("structure").getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
})()
"""


@pytest.fixture
def clusters(root):
    """Labelled clusters of several sizes, on the corners of a square."""
    labelled = ase.io.read(root / "resources/labels/lifsi_dme_fast.extxyz", ":")
    chosen = [labelled[i] for i in (0, 35, 70, 110)]
    for i, atoms in enumerate(chosen):
        atoms.info |= {"pc1": float(i % 2), "pc2": float(i // 2), "shift_ppm": -0.1 * i}
        atoms.info["solvation_class"] = atoms.info["solvation_class"]
    return chosen


def picture(browser):
    png = browser.screenshot(*browser.evaluate(STRUCTURE))
    return matplotlib.image.imread(io.BytesIO(png))[..., :3]


def share_changed(first, second):
    """Share of the pixels that differ visibly."""
    return np.mean(np.abs(first - second).max(axis=-1) > 0.1)


def test_a_click_on_a_point_shows_its_cluster(clusters, tmp_path):
    path = tmp_path / "map.html"
    path.write_text(page(clusters, "clicked"))
    with Browser(tmp_path / "profile") as browser:
        browser.open(path)
        browser.wait_for("document.readyState === 'complete'")
        browser.evaluate(FIND)
        browser.wait_for("!!plot() && !!number()")
        assert browser.evaluate("document.getElementById('error').textContent") == ""
        shown = {}
        for i in (3, 1, 0):
            place = {"x": clusters[i].info["pc1"], "y": clusters[i].info["pc2"]}
            point = browser.evaluate(POINT.format(**place))
            browser.hover(*point, until=HOVERED.format(**place))
            browser.click(*point)
            browser.wait_for(f"number().value === '{i}'")
            shown[i] = picture(browser)
    assert share_changed(np.ones_like(shown[0]), shown[0]) > 0.05, "no cluster is drawn"
    for first, second in ((3, 1), (1, 0), (3, 0)):
        assert share_changed(shown[first], shown[second]) > 0.03, (first, second)


def test_the_page_shows_in_a_frame_as_the_report_embeds_it(clusters, tmp_path):
    packed = base64.b64encode(page(clusters, "framed").encode()).decode()
    source = f"data:text/html;charset=utf8;filename=map.html;base64,{packed}"
    path = tmp_path / "report.html"
    path.write_text(f'<iframe id="structure" src="{source}" width="1100" height="700"></iframe>')
    with Browser(tmp_path / "profile") as browser:
        browser.open(path)
        browser.wait_for("document.readyState === 'complete'")
        deadline = time.monotonic() + 120
        while (shown := share_changed(np.ones(3), picture(browser))) < 0.03:
            assert time.monotonic() < deadline, f"{shown:.3f} of the frame is drawn"
            time.sleep(0.5)
