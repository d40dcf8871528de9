"""The page of a summary as HTML, the tables that it reads and its section of costs."""

import html.parser

import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.runs import summary_costs, summary_page
from ionshift.runs.summary_page import Advice, Cell, Figure, Page, Section, Table
from ionshift.runs.summary_tables import read_tables

EVIL = '<script>alert("x")</script> & {{ 7 * 7 }}'


def page(**of_section):
    return Page("A study", ["Found."], [Section("Part", **of_section)], "The end.")


def test_every_text_is_escaped():
    table = Table(EVIL, ["a", EVIL], [[EVIL, EVIL], ["row", Cell(EVIL, "good")]], EVIL)
    advice = Advice(EVIL, EVIL, EVIL, EVIL)
    part = Section(EVIL, [EVIL], table, True, advice, [EVIL])
    text = summary_page.html(Page(EVIL, [EVIL], [part], EVIL), [Figure(EVIL, EVIL, b"")])
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 15
    assert "{{ 7 * 7 }}" in text and "49" not in text.replace("0.49", "")


class Links(html.parser.HTMLParser):
    """What a page would load, or run."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.found += [tag] if tag in ("script", "link", "iframe", "object") else []
        self.found += [named[key] for key in ("src", "href") if key in named]


def test_the_page_loads_nothing():
    figures = [Figure("one", "its caption", b"\x89PNG")]
    text = summary_page.html(page(with_figures=True), figures)
    links = Links()
    links.feed(text)
    assert links.found == ["data:image/png;base64,iVBORw=="]
    assert "url(" not in text and "@import" not in text
    assert "<figcaption>its caption</figcaption>" in text


def test_a_narrow_screen_has_the_name_of_every_column():
    table = Table("t", ["System", "Shift / ppm", "In short"], [["1M", "0.1", Cell("fine", "good")]])
    text = summary_page.html(page(table=table), [])
    assert '<th scope="row">1M</th>' in text
    assert '<td data-label="Shift / ppm">0.1</td>' in text
    assert '<td data-label="In short"><span class="good">fine</span></td>' in text


def test_no_line_ends_between_a_number_and_its_error_or_unit():
    text = summary_page.html(page(paragraphs=["It is −0.24 ± 0.06 ppm, 22 % of 4 systems."]), [])
    assert "−0.24\u00a0±\u00a00.06\u00a0ppm, 22\u00a0% of 4 systems." in text


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="1 cells in a row of 1M"):
        Table("t", ["System", "Shift"], [["1M"]])


def test_advice_without_settings_says_run():
    assert '<p>Run:</p>\n<pre class="command">go</pre>' in summary_page.html(
        page(advice=Advice("Why.", "go")), []
    )
    text = summary_page.html(page(advice=Advice("Why.", "go", "key: 2")), [])
    assert "<pre>key: 2</pre>\n<p>Then run:</p>" in text


def test_a_renamed_column_is_named_with_its_file(tmp_path):
    path = tmp_path / "shifts.csv"
    path.write_text("system,shift\n1M,0.1\n")
    with pytest.raises(InputError, match=r"shifts\.csv: no column shift_ppm; .* study again"):
        read_tables({"shifts": str(path)}, {"shifts": ("system", "shift_ppm")})


def test_a_missing_table_is_named(tmp_path):
    path = tmp_path / "gone.csv"
    with pytest.raises(InputError, match=r"gone\.csv cannot be read .*run the study again"):
        read_tables({"gone": str(path)}, {"gone": ("system",)})


def costs(n):
    return pd.DataFrame(
        {
            "rule": [f"rule_{i}" for i in range(n)],
            "n_jobs": 2,
            "core_h": [0.5 + i for i in range(n)],
            "longest_wall_h": [0.001 * 5**i for i in range(n)],
            "max_rss_MB": [100.0 * (i + 1) for i in range(n)],
        }
    )


def test_the_most_expensive_rules_come_first_and_the_sum_is_of_all():
    table = summary_costs.section(costs(8), {"rule_7": "dynamics"}).table
    assert table.rows[0] == ["dynamics", "2", "7.5", "78 h", "0.8 GB"]
    assert table.rows[-2] == ["2 other rules", "4", "2.0", "18 s", "0.2 GB"]
    assert table.rows[-1] == ["All", "16", "32", "78 h", "0.8 GB"]
    assert len(table.rows) == 8


def test_what_was_not_recorded_is_said():
    found = summary_costs.section(costs(1).assign(core_h=float("nan"), max_rss_MB=float("nan")), {})
    assert found.table.rows[0] == ["rule_0", "2", "not known", "4 s", "not known"]
    for nothing in (None, costs(0)):
        found = summary_costs.section(nothing, {})
        assert found.table is None
        assert found.paragraphs == ["Not known: no time was recorded for this study."]


@pytest.mark.parametrize(("core_h", "text"), [(0.4412, "0.44"), (32.4, "32"), (8123.4, "8,123")])
def test_core_hours(core_h, text):
    assert summary_costs.hours(core_h) == text
