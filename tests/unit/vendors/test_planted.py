"""Planted vendors rank and read as planted, and two receipts convince nobody."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.vendors.report import headline
from pipelines.vendors.scores import DIMENSIONS
from pipelines.vendors.tables import vendor_table
from tests.unit.vendors import planted


@pytest.fixture(scope="module")
def scored() -> dict[str, dict[str, Any]]:
    suppliers, receipts, waiting, offers = planted.market()
    rows, _ = vendor_table(suppliers, receipts, waiting, offers, planted.AS_OF, planted.WEIGHTS)
    return {row["supplier_id"]: row for row in rows.iter_rows(named=True)}


def advice(row: dict[str, Any]) -> str:
    return " ".join(json.loads(row["recommendations"]))


@pytest.mark.parametrize(
    ("supplier", "dimension", "words"),
    [
        ("SLOW", "delivery_time", "shorter lead times"),
        ("UNRELIABLE", "reliability", "Hold safety stock"),
        ("UNRELIABLE", "on_time_delivery", "Agree on later dates"),
        ("DEAR", "cost_efficiency", "Negotiate or move volume"),
        ("REJECTS", "quality_score", "Inspect on arrival"),
    ],
)
def test_the_planted_fault_is_the_worst_score_of_its_dimension_and_named(
    scored: dict[str, dict[str, Any]], supplier: str, dimension: str, words: str
) -> None:
    judged = [name for name in scored if not name.startswith(("FEW", "NEVER"))]
    assert min(judged, key=lambda name: scored[name][dimension]) == supplier
    assert words in advice(scored[supplier])


def test_a_short_supplier_is_asked_why(scored: dict[str, dict[str, Any]]) -> None:
    assert "come short" in advice(scored["SHORT"])
    assert scored["SHORT"]["reliability"] < min(scored[name]["reliability"] for name in planted.ORDINARY)


def test_faulty_vendors_rank_behind_every_ordinary_one(scored: dict[str, dict[str, Any]]) -> None:
    worst_ordinary = max(scored[name]["rank"] for name in planted.ORDINARY)
    assert all(scored[name]["rank"] > worst_ordinary for name in ("SLOW", "UNRELIABLE", "DEAR", "REJECTS", "WORSENING"))


def test_trends_read_as_planted(scored: dict[str, dict[str, Any]]) -> None:
    assert scored["IMPROVING"]["trend"] == "improving" and scored["WORSENING"]["trend"] == "worsening"
    assert "lead times grow" in advice(scored["WORSENING"])
    stable = [scored[name]["trend"] for name in (*planted.ORDINARY, "DEAR", "REJECTS")]
    assert stable.count("stable") >= len(stable) - 1  # one in twenty may stray
    assert {scored[name]["trend"] for name in ("FEW_GOOD", "FEW_BAD", "NEVER")} == {"unknown"}


def test_two_receipts_make_nobody_best_or_worst_with_confidence(scored: dict[str, dict[str, Any]]) -> None:
    vendors = len(scored)
    for name in ("FEW_GOOD", "FEW_BAD", "NEVER"):
        row = scored[name]
        vendor = {**row, "vendors": vendors, "rank_interval": [row["rank_low"], row["rank_high"]]}
        assert "cannot be ranked yet" in headline(vendor)
        assert row["confidence"] < 0.5 < min(scored[other]["confidence"] for other in planted.ORDINARY)
        assert row["rank_high"] - row["rank_low"] >= vendors // 3
        assert row["risk"] != "high"
    assert "Do not judge it yet: 2 deliveries" in advice(scored["FEW_GOOD"])
    assert "trial order" in advice(scored["NEVER"])


def test_the_total_is_the_weighted_mean_and_every_score_lies_within_bounds(scored: dict[str, dict[str, Any]]) -> None:
    for row in scored.values():
        values = np.array([row[name] for name in DIMENSIONS])
        assert ((values >= 0) & (values <= 100)).all()
        assert row["total"] == pytest.approx(float(planted.WEIGHTS @ values), abs=1e-9)
        assert (
            row["total_low"] <= row["total"] <= row["total_high"] and row["rank_low"] <= row["rank"] <= row["rank_high"]
        )


def test_the_rank_interval_is_every_rank_the_total_interval_allows(scored: dict[str, dict[str, Any]]) -> None:
    for name, row in scored.items():
        others = [other["total"] for each, other in scored.items() if each != name]
        best = 1 + sum(total > row["total_high"] for total in others)
        worst = 1 + sum(total >= row["total_low"] for total in others)
        assert (row["rank_low"], row["rank_high"]) == (best, worst), name


def test_an_overdue_line_is_chased(scored: dict[str, dict[str, Any]]) -> None:
    assert "Chase 1 overdue open line worth 100" in advice(scored["SLOW"])
    assert "Chase" not in advice(scored["PLAIN0"])


def test_the_order_of_the_rows_changes_nothing() -> None:
    suppliers, receipts, waiting, offers = planted.market()
    one, _ = vendor_table(suppliers, receipts, waiting, offers, planted.AS_OF, planted.WEIGHTS)
    other, _ = vendor_table(
        suppliers.reverse(),
        receipts.sample(fraction=1.0, shuffle=True, seed=3),
        waiting,
        offers,
        planted.AS_OF,
        planted.WEIGHTS,
    )
    assert one.select("supplier_id", "rank", pl.col("total").round(6)).equals(
        other.select("supplier_id", "rank", pl.col("total").round(6))
    )


def test_without_any_receipt_all_are_alike() -> None:
    suppliers, receipts, waiting, offers = planted.market()
    rows, _ = vendor_table(suppliers, receipts.clear(), waiting.clear(), offers, planted.AS_OF, planted.WEIGHTS)
    assert rows["total"].n_unique() == 1 and rows["confidence"].max() < 1e-9


def test_what_nobody_recorded_is_unknown_not_bad() -> None:
    """It was on time 0 and quality 100, and a single open line made a vendor a high risk for a total of at most 40."""
    suppliers, receipts, waiting, offers = planted.market()
    for still_open in (waiting.clear(), waiting):
        rows, _ = vendor_table(suppliers, receipts.clear(), still_open, offers, planted.AS_OF, planted.WEIGHTS)
        assert set(rows.select(DIMENSIONS[:5]).unique().row(0)) == {50.0}
        assert not rows["risk"].is_in(["high", "low"]).any(), "nobody has shown anything"
        assert (rows["total_low"] < 40).all() and (rows["total_high"] > 60).all()


def test_a_vendor_that_is_late_as_a_rule_is_ordered_from_as_much_earlier() -> None:
    suppliers, receipts, waiting, offers = planted.market()
    slow = pl.col("supplier_id") == "SLOW"
    # Six days late and steady: the spread of its lead times says nothing of it.
    receipts = receipts.with_columns(
        days_late=pl.when(slow).then(6).otherwise("days_late").cast(receipts["days_late"].dtype),
        is_late=slow | pl.col("is_late"),
        lead_time_days=pl.when(slow).then(34).otherwise("lead_time_days").cast(receipts["lead_time_days"].dtype),
    )
    rows, _ = vendor_table(suppliers, receipts, waiting.filter(~slow), offers, planted.AS_OF, planted.WEIGHTS)
    (row,) = rows.filter(slow).iter_rows(named=True)
    assert "order 6 days earlier until that changes" in advice(row)
