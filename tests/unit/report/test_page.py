import doctest
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from pipelines.render import formats, svg
from pipelines.report import facts, method, page, sections, wording
from pipelines.settings import Settings
from tests.unit.report import synthetic

SETTINGS = Settings()
TITLES = [
    "The past year, replayed",
    "Service by class",
    "What the replay proves",
    "Proposals by vendor",
    "SKUs at risk",
    "Forecast examples",
    "Data quality",
    "Method",
]


class Reader(HTMLParser):
    """Tags in order, their balance, and the text."""

    VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def rendered() -> tuple[str, dict[str, object]]:
    return page.render(*synthetic.run(), SETTINGS)


def test_sections_come_in_the_order_a_planner_reads(rendered: tuple[str, dict[str, object]]) -> None:
    assert re.findall(r"<h2>(.*?)</h2>", rendered[0]) == TITLES


def test_page_is_self_contained_and_well_formed(rendered: tuple[str, dict[str, object]]) -> None:
    html = rendered[0]
    reader = read(html)
    assert not [a for _, a in reader.tags if a.get("src") or (a.get("href") or "#")[0] != "#"]
    assert not re.search(r"https?://|url\(|@import", html)
    anchors = {a["href"][1:] for t, a in reader.tags if t == "a" and a.get("href")}
    assert anchors == {a["id"] for t, a in reader.tags if t == "section"}
    assert all(a.get("aria-label") for t, a in reader.tags if t == "svg")
    assert len(html) < 300_000


def test_a_degraded_day_says_so_before_anything_else(rendered: tuple[str, dict[str, object]]) -> None:
    tables, forecasts = synthetic.run()
    sentence = "Degraded run: the forecast failed; 8 of 9 SKUs are decided by the next level (8 by <the ERP>)."
    html, summary = page.render(replace(tables, degraded=sentence), forecasts, SETTINGS)
    text = [one.strip() for one in read(html).text if one.strip()]
    headline = text.index(next(one for one in text if one.startswith("Order ")))
    assert text.index(sentence) < headline
    assert summary["degraded"] == sentence
    whole, plain = rendered
    assert "Degraded" not in whole
    assert "degraded" not in plain


def test_advice_on_running_it_is_a_section_of_its_own(rendered: tuple[str, dict[str, object]]) -> None:
    advice = ["replay took 60 s, usually 20 s; try <more slots>"]
    html, _ = page.render(*synthetic.run(), SETTINGS, advice=advice)
    assert advice[0] in [one.strip() for one in read(html).text]
    assert 'id="advice"' in html and 'href="#advice"' in html
    assert "advice" not in rendered[0]


def test_the_same_input_gives_the_same_bytes(rendered: tuple[str, dict[str, object]]) -> None:
    assert page.render(*synthetic.run(), SETTINGS) == rendered


def test_figures_of_the_page_are_those_of_the_tables(rendered: tuple[str, dict[str, object]]) -> None:
    html, summary = rendered
    tables, _ = synthetic.run()
    ordered = tables.decisions.filter(pl.col("quantity") > 0)
    assert summary["lines"] == ordered.height
    assert f"Order {ordered.height} lines worth {ordered['order_value'].sum():,.0f} from 5 vendors" in html
    assert f"of the {summary['skus']}" in html or f"of {summary['skus']} SKUs" in html
    ours = tables.replays.filter(pl.col("policy") == "candidate")
    fill = ours["sold_units"].sum() / ours["demand_units"].sum()
    assert f"our policy fills {fill * 100:.1f}% of the units demanded" in html
    assert summary["fill_candidate"] == pytest.approx(fill, abs=1e-6)
    assert summary["quarantined_rows"] == 3 and summary["failed_gates"] == 1  # 3 + 1 by rule: one row broke both
    assert "3 rows broke a rule and were left out" in html
    for item in ordered["item_id"]:
        assert html.count(f'<th scope="row">{item}<small>') >= 1


def test_a_vendor_with_lines_for_two_locations_has_two_orders() -> None:
    tables, _ = synthetic.run()
    lines = tables.decisions.filter(pl.col("quantity") > 0)
    apart = replace(
        tables,
        decisions=tables.decisions.with_columns(
            location_id=pl.format("L{}", pl.int_range(pl.len())), supplier_id=pl.lit("S")
        ),
    )
    found = facts.proposals(apart.lines())
    assert (found.vendors, found.orders) == (1, lines.height)
    assert (f"{found.vendors}", "vendors", f"with {lines.height} orders") in page._tiles(apart, found, 0)


def test_names_from_the_erp_cannot_break_the_page() -> None:
    tables, forecasts = synthetic.run()
    evil = tables.skus.with_columns(
        item_name=pl.lit("<script>alert('x')</script>"), supplier_name=pl.lit("</details><b>")
    )
    html, _ = page.render(replace(tables, skus=evil), forecasts, SETTINGS)
    read(html)
    assert "<script>alert" not in html and "</details><b>" not in html


def test_an_erp_with_sales_only_says_what_is_missing() -> None:
    tables, forecasts = synthetic.run()
    html, summary = page.render(synthetic.without_stock(tables), forecasts, SETTINGS)
    text = " ".join("".join(read(html).text).split())
    assert re.findall(r"<h2>(.*?)</h2>", html) == TITLES
    assert "The ERP holds no stock records" in text and "The ERP holds no purchase orders" in text
    assert "40: the ERP holds no stock record" in text and "no saving is reported" in text
    assert "Replayed alone on the past demand of 40 SKUs, our policy fills" in text and "instead of" not in text
    assert "Each day's stock and service of our policy." in text
    assert summary["skus_compared"] == 0 and summary["skus_left_out"] == 40


def test_what_waits_and_what_a_line_warns_of_is_on_the_page() -> None:
    tables, forecasts = synthetic.run()
    alert = pl.when(pl.col("quantity") > 0).then(pl.lit("Ordered without a sale: it never sold")).otherwise(pl.lit(""))
    sentence = replace(
        tables, decisions=tables.decisions.with_columns(alert=alert), notices=("1 order waits for <you>.",)
    )
    text = "".join(read(page.render(sentence, forecasts, SETTINGS)[0]).text)
    assert "1 order waits for <you>." in text
    lines = tables.decisions.filter(pl.col("quantity") > 0)
    assert text.count(". Ordered without a sale: it never sold") >= lines.height


def test_a_run_with_nothing_in_it_still_has_a_page() -> None:
    tables, forecasts = synthetic.run()
    cleared = {name: frame.clear() for name, frame in vars(tables).items() if isinstance(frame, pl.DataFrame)}
    empty = replace(tables, **cleared, receipts=0)
    html, summary = page.render(
        empty, replace(forecasts, demand=forecasts.demand.clear(), forecasts=forecasts.forecasts.clear()), SETTINGS
    )
    read(html)
    assert "The run decided nothing" in html and summary["lines"] == 0


def test_review_counts_all_rows_and_reads_like_a_sentence() -> None:
    tables, _ = synthetic.run(3)
    spike = '{"sigma": 5.6, "item_id": "I1", "location_id": "W1", "sold_on": "2026-03-01", "day_quantity": 26, "mean_of_other_days": 6.99, '
    spike += '"std_of_other_days": 3.41, "unit_price": 2}'
    rows = pl.DataFrame(
        {
            "table_name": ["items", "sales", "sales"],
            "rule": ["no_cost", "spike", "spike"],
            "row_key": ["i", "a", "b"],
            "details": ['{"unit_cost": null, "name": "Tap"}', spike, spike],
            "remedy": ["fix it", "look", "look"],
            "rows": [1, 900, 900],
        }
    )
    listed = replace(tables, review=rows)
    first, second = sections.review(listed)
    assert first["rows"][0]["details"] == "unit cost None, name Tap"
    assert (
        second["rows"][0]["details"]
        == "I1 at W1 on 2026-03-01: 26 units, on other days 7 ± 3.4 (5.6 standard deviations)"
    )


def test_lines_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MAX_LINES", 3)
    tables, forecasts = synthetic.run()
    html, summary = page.render(tables, forecasts, SETTINGS)
    assert f"{summary['lines'] - 3} further lines" in html  # type: ignore[operator]


def test_vendors_come_by_value_and_lines_within_them() -> None:
    tables, _ = synthetic.run()
    groups = sections.vendors(tables)["groups"]
    values = [[line["value_raw"] for line in group["lines"]] for group in groups]
    assert [sum(v) for v in values] == sorted((sum(v) for v in values), reverse=True)
    assert all(v == sorted(v, reverse=True) for v in values)


def test_a_line_stands_under_whom_it_is_ordered_from_not_under_the_primary_supplier() -> None:
    tables, _ = synthetic.run()
    named = dict(tables.skus.select("supplier_id", "supplier_name").unique().iter_rows())
    moved = replace(tables, decisions=tables.decisions.with_columns(supplier_id=pl.lit("V1")))
    (group,) = sections.vendors(moved)["groups"]
    assert group["vendor"] == named["V1"]
    known = pl.DataFrame({"supplier_id": ["V1", "V9"], "supplier_name": ["Oak", "Elm"]})
    assert sections.vendors(replace(moved, suppliers=known))["groups"][0]["vendor"] == "Oak"


def test_vendors_of_the_same_name_stay_apart() -> None:
    tables, _ = synthetic.run()
    names = [
        group["vendor"]
        for group in sections.vendors(replace(tables, skus=tables.skus.with_columns(supplier_name=pl.lit("Smith"))))[
            "groups"
        ]
    ]
    assert sorted(names) == [f"Smith (V{i})" for i in range(5)]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-9.0, -1.0, "a saving"), (-5.0, 5.0, "no saving is shown"), (1.0, 9.0, "would have cost more")],
)
def test_a_saving_is_claimed_only_where_its_interval_excludes_zero(low: float, high: float, words: str) -> None:
    tables, _ = synthetic.run()
    compared = facts.compare(tables.replays, tables.replay_days)
    assert compared is not None
    assert words in wording.verdict(replace(compared, cost_low=low, cost_high=high))


def test_a_catalogue_of_one_sku_has_a_page_that_claims_nothing() -> None:
    tables, forecasts = synthetic.run(1)
    html, summary = page.render(tables, forecasts, SETTINGS)
    assert "One SKU alone gives no interval, so no saving is shown." in html
    assert "95% interval" not in html
    assert summary["cost_change_low"] is None and summary["cost_change_high"] is None


@pytest.mark.parametrize("module", [formats, svg, wording, sections, page, method])
def test_doctests(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
