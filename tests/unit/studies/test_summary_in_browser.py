"""The first page in a real browser: what is seen, on a wide and on a narrow screen."""

import base64
import io
import re

import matplotlib.pyplot as plt
import pytest

import summaries
from browser import Browser, find_chromium
from ionshift.runs import summary_page
from ionshift.studies.summaries import liquid_nmr

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium here"),
]
WIDE, NARROW = 1200, 400
LOADED = "performance.getEntriesByType('resource').filter((one) => !one.name.startsWith('data:'))"
DRAWN = "[...document.images].map((one) => [one.naturalWidth, one.getBoundingClientRect().width])"
CLIPPED = """
[...document.querySelectorAll("td, th, pre, p, figcaption, img")]
  .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1).length
"""


def picture(name):
    """A PNG of 300 by 200 pixels."""
    figure = plt.figure(figsize=(3, 2), dpi=100, facecolor="tab:blue")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return summary_page.Figure(name, f"Caption of {name}.", buffer.getvalue())


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    page = liquid_nmr.page(summaries.tables(), summaries.SETTINGS, summaries.CONFIG)
    path = folder / "summary.html"
    path.write_text(summary_page.html(page, [picture("shifts"), picture("speciation")]))
    with Browser(folder / "profile") as opened:
        opened.open(path)
        opened.wait_for("document.readyState === 'complete' && document.images.length === 2")
        yield opened


def look(browser, width):
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=False,
    )
    browser.wait_for(f"window.innerWidth === {width}")


def test_the_page_shows_its_sections_and_loads_nothing(browser):
    look(browser, WIDE)
    titles = browser.evaluate("[...document.querySelectorAll('h2')].map((one) => one.innerText)")
    assert titles == [
        *("What was found", "How far to trust it", "What it cost", "What improves it most"),
    ]
    command = browser.evaluate("document.querySelector('pre.command').innerText")
    assert command == "ionshift run config/config.yaml"
    assert browser.evaluate(f"{LOADED}.length") == 0


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_images_are_drawn_and_nothing_is_clipped(browser, width):
    look(browser, width)
    for natural, shown in browser.evaluate(DRAWN):
        assert natural == 300 and shown > 200
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(CLIPPED) == 0


def test_a_narrow_screen_names_the_column_beside_every_value(browser):
    heads = "getComputedStyle(document.querySelector('thead')).display"
    labels = "getComputedStyle(document.querySelectorAll('td')[1], '::before').content"
    look(browser, WIDE)
    assert browser.evaluate(heads) == "table-header-group"
    assert browser.evaluate(labels) == "none"
    look(browser, NARROW)
    assert browser.evaluate(heads) == "none"
    assert browser.evaluate(labels) == '"Change of the mean shift from 1M / ppm"'


def test_it_prints_with_whole_tables_on_few_pages(browser):
    look(browser, NARROW)
    browser.call("Emulation.setEmulatedMedia", media="print")
    heads = "getComputedStyle(document.querySelector('thead')).display"
    assert browser.evaluate(heads) == "table-header-group"
    browser.call("Emulation.setEmulatedMedia", media="")
    printed = browser.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    pages = re.findall(rb"/Type /Page\b", base64.b64decode(printed["data"]))
    assert 2 <= len(pages) <= 5
