"""A line of what has not sold for half a year says so, and keeps its quantity."""

from datetime import timedelta

import polars as pl
import pytest

from pipelines.core.notices import UNSOLD_DAYS
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

LONG_AGO = AS_OF - timedelta(days=UNSOLD_DAYS)


@pytest.mark.parametrize(
    ("last", "created", "alert"),
    [
        (LONG_AGO, None, f"Ordered without a sale: the last was 182 days ago, on {LONG_AGO}"),
        (LONG_AGO + timedelta(days=1), None, ""),
        (None, None, "Ordered without a sale: it never sold"),
        (None, LONG_AGO, "Ordered without a sale: it never sold"),
        (None, AS_OF - timedelta(days=30), ""),
    ],
)
def test_a_line_of_what_no_longer_sells_says_since_when(last, created, alert):
    rows, breaks = make(60, seed=1)
    rows = rows.with_columns(created_on=pl.lit(created, pl.Date))
    before = decide(rows, breaks, AS_OF, config()).table
    after = decide(rows.with_columns(last_demand_on=pl.lit(last, pl.Date)), breaks, AS_OF, config()).table
    ordered = after["quantity"] > 0
    assert 10 < ordered.sum() < 50
    assert set(after.filter(ordered)["alert"]) == {alert}
    assert set(after.filter(~ordered)["alert"]) == {""}, "what is not ordered is no line"
    assert (after.filter(ordered)["alert_code"] == ("ORDERED_WITHOUT_SALE" if alert else "")).all()
    assert after.drop("alert", "alert_code").equals(before.drop("alert", "alert_code"))


def test_it_comes_before_what_a_supplier_is_told():
    rows, breaks = make(60, seed=1)
    late = {"overdue": 0.0, "dropped": 5.0, "beyond": 0.0, "late_po": "PO-1", "beyond_po": ""}
    rows = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in late.items()), oldest_on=pl.lit(AS_OF), next_on=pl.lit(None, pl.Date),
        last_demand_on=pl.lit(LONG_AGO),
    )  # fmt: skip
    table = decide(rows, breaks, AS_OF, config()).table
    ordered = table["quantity"] > 0
    assert set(table.filter(ordered)["alert_code"]) == {"ORDERED_WITHOUT_SALE"}
    assert set(table.filter(~ordered)["alert_code"]) == {"LATE_LINE_NOT_COUNTED"}


def test_what_runs_out_before_its_next_line_says_how_long_it_lasts_and_when_the_line_is_due():
    rows, breaks = make(60, seed=1)
    late = {"overdue": 0.0, "dropped": 0.0, "beyond": 0.0, "late_po": "", "beyond_po": ""}
    rows = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in late.items()), oldest_on=pl.lit(None, pl.Date),
        next_on=pl.lit(AS_OF + timedelta(days=3)), on_hand=pl.lit(0.0),
    )  # fmt: skip
    told = decide(rows, breaks, AS_OF, config()).table.filter(pl.col("alert_code") == "RUNS_OUT_BEFORE_NEXT_LINE")
    assert set(told["alert"]) == {"Expedite: stock covers less than a day, the next line is due in 3 days"}
