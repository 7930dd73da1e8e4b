"""A line of what has not sold for half a year says so, and keeps its quantity."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.briefing.notices import UNSOLD_DAYS
from pipelines.purchase import alerts
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
    supplied = pl.Series(rows["has_supplier"])
    assert set(after.filter(~ordered & supplied)["alert"]) == {""}, "what is not ordered is no line"
    assert (after.filter(ordered)["alert_code"] == ("ORDERED_WITHOUT_SALE" if alert else "")).all()
    assert after.drop("alert", "alert_code").equals(before.drop("alert", "alert_code"))


def test_it_comes_before_the_alerts_for_a_supplier():
    rows, breaks = make(60, seed=1)
    late = {"overdue": 0.0, "dropped": 5.0, "beyond": 0.0, "late_po": "PO-1", "beyond_po": ""}
    rows = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in late.items()),
        oldest_on=pl.lit(AS_OF),
        next_on=pl.lit(None, pl.Date),
        last_demand_on=pl.lit(LONG_AGO),
    )
    table = decide(rows, breaks, AS_OF, config()).table
    ordered = table["quantity"] > 0
    assert set(table.filter(ordered)["alert_code"]) == {"ORDERED_WITHOUT_SALE"}
    assert set(table.filter(~ordered)["alert_code"]) == {"LATE_LINE_NOT_COUNTED"}


def test_what_runs_out_before_its_next_line_says_how_long_it_lasts_and_when_the_line_is_due():
    rows, breaks = make(60, seed=1)
    late = {"overdue": 0.0, "dropped": 0.0, "beyond": 0.0, "late_po": "", "beyond_po": ""}
    rows = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in late.items()),
        oldest_on=pl.lit(None, pl.Date),
        next_on=pl.lit(AS_OF + timedelta(days=3)),
        on_hand=pl.lit(0.0),
    )
    alerted = decide(rows, breaks, AS_OF, config()).table.filter(pl.col("alert_code") == "RUNS_OUT_BEFORE_NEXT_LINE")
    assert set(alerted["alert"]) == {"Expedite: stock covers less than a day, the next line is due in 3 days"}


def _alert(demand_per_day, **changes):
    base = {
        "on_hand": 10.0,
        "overdue": 0.0,
        "dropped": 0.0,
        "beyond": 0.0,
        "late_po": "",
        "beyond_po": "",
        "oldest_on": None,
        "next_on": AS_OF + timedelta(days=6),
    }
    rows = pl.DataFrame([base | changes], schema_overrides={"oldest_on": pl.Date, "next_on": pl.Date})
    return alerts.alerts(rows, np.ones(1, dtype=bool), np.array([demand_per_day]), AS_OF)["alert"][0]


def test_stock_that_lasts_until_the_day_before_the_next_line_is_none_to_expedite():
    """10 on hand at 4 a day are 2.5 days; what is due on day 6 serves that day, so 5 days are enough."""
    assert _alert(4.0) == "Expedite: stock covers about 2 days, the next line is due in 6 days"
    assert _alert(2.01).startswith("Expedite: stock covers about 4 days")
    assert _alert(2.0) == ""
    assert _alert(0.0) == "", "nothing is sold"
    assert _alert(4.0, on_hand=-3.0).startswith("Expedite: stock covers less than a day")
    assert _alert(4.0, on_hand=None).startswith("Expedite: stock covers less than a day")


def test_kilograms_that_are_late_are_not_nothing_where_they_are_booked_in_tonnes():
    late = {"overdue": 0.0042, "late_po": "PO-1", "oldest_on": AS_OF - timedelta(days=1)}
    assert _alert(0.001, **late) == "Reschedule: 0.0042 units of order PO-1 are 1 day late and still counted"
