import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.render.svg import ticks
from pipelines.report import figures

DAYS = [date(2026, 1, 1) + timedelta(days=d) for d in range(5)]
finite = st.floats(-1e9, 1e9, allow_nan=False)


@given(finite, finite)
def test_ticks_cover_the_range_in_round_steps(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    marks = ticks(low, high)
    close = (marks[1] - marks[0]) * 1e-6
    assert marks[0] <= low + close and marks[-1] >= high - close
    assert 2 <= len(marks) <= 12


def test_a_line_that_breaks_lifts_the_pen() -> None:
    plot = figures.lines("t", DAYS, [figures.Line("ours", "candidate", [1.0, 2.0, None, 4.0, 5.0])])
    path = ET.fromstring(plot).find("path").attrib["d"]
    assert path.count("M") == 2 and path.count("L") == 2


def test_shares_never_rise_over_one_hundred_percent() -> None:
    plot = figures.lines("t", DAYS, [figures.Line("ours", "candidate", [0.93, 0.95, 1.0, 0.99, 1.0])], percent=True)
    labels = [node.text for node in ET.fromstring(plot).iter("text") if (node.text or "").endswith("%")]
    assert labels[0] == "92%" and labels[-1] == "100%"


def test_end_labels_of_equal_lines_do_not_cover_each_other() -> None:
    series = [figures.Line(name, "candidate", [5.0] * 5) for name in ("a", "b", "c")]
    heights = [
        float(n.attrib["y"]) for n in ET.fromstring(figures.lines("t", DAYS, series)).iter("text") if n.text in "abc"
    ]
    assert all(later - earlier >= 14 for earlier, later in zip(sorted(heights), sorted(heights)[1:], strict=False))


def test_labels_are_escaped() -> None:
    plot = figures.bars("a <b> & c", [("<script>alert(1)</script>", 3.0, "3 & more")])
    assert "<script>" not in plot
    assert ET.fromstring(plot).find("title").text == "a <b> & c"


def test_bars_are_proportional() -> None:
    widths = [
        float(r.attrib["width"])
        for r in ET.fromstring(figures.bars("t", [("a", 10, ""), ("b", 5, ""), ("c", 0, "")])).iter("rect")
    ]
    assert widths[1] == pytest.approx(widths[0] / 2) and widths[2] == 0


def test_forecast_bands_enclose_the_mean_and_stockouts_are_marked() -> None:
    future = [figures.Expected(DAYS[-1] + timedelta(days=h), 4.0, (3.0, 5.0), (1.0, 8.0)) for h in (1, 2, 3)]
    plot = ET.fromstring(figures.forecast("t", [(DAYS[0], 3.0, False), (DAYS[2], 0.0, True)], future, DAYS[-1]))
    bars = [r.attrib for r in plot.iter("rect")]
    assert [b["class"] for b in bars] == ["bar", "bar out"] and float(bars[1]["height"]) > 0
    outer, inner, mean = (
        [float(p.split()[-1]) for p in d.attrib["d"].replace("Z", "").replace("M", "L").split("L")[1:]]
        for d in plot.iter("path")
    )
    assert min(outer) < min(inner) < mean[0] < max(inner) < max(outer)


@pytest.mark.parametrize("pair", [(None, 0.9), (0.9, None), (1.0, 1.0)])
def test_dumbbells_draw_what_is_known(pair: tuple[float | None, float | None]) -> None:
    plot = ET.fromstring(figures.dumbbells("t", [("A", *pair)]))
    assert len(list(plot.iter("circle"))) == sum(v is not None for v in pair)
