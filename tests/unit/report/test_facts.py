from datetime import date

import polars as pl
import pytest

from pipelines.report import facts
from tests.unit.report import synthetic

COLUMNS = ("days", "stockout_days", "censored_days", "demand_units", "sold_units", "lost_units", "mean_on_hand", "mean_stock_value",
           "holding_cost", "shortage_cost", "ordering_cost", "orders", "total_cost")  # fmt: skip


def replay(item: str, policy: str, cost: float, **given: float) -> dict[str, object]:
    plain = dict.fromkeys(COLUMNS, 0.0) | {
        "days": 100,
        "demand_units": 50.0,
        "sold_units": 50.0,
        "total_cost": cost,
        "orders": 4,
    }
    return {"item_id": item, "location_id": "W1", "policy": policy, **plain, **given}


def days() -> pl.DataFrame:
    return pl.DataFrame({"policy": ["candidate"] * 2, "day": [date(2026, 1, 1), date(2026, 4, 10)]})


def test_only_skus_under_both_policies_are_compared() -> None:
    rows = pl.DataFrame([replay("a", "incumbent", 10.0), replay("a", "candidate", 7.0), replay("b", "candidate", 99.0)])
    found = facts.compare(rows, days())
    assert found is not None
    assert (found.skus, found.cost_change) == (1, -3.0)
    assert found.totals["candidate"].total_cost == 7.0 and "recorded" not in found.totals
    assert (found.from_on, found.until_on) == (date(2026, 1, 1), date(2026, 4, 10))


def test_where_stock_was_recorded_only_skus_with_records_are_compared() -> None:
    rows = [replay(i, p, 1.0) for i in ("a", "b") for p in ("incumbent", "candidate")] + [replay("b", "recorded", 0.0)]
    assert facts.compared_skus(pl.DataFrame(rows))["item_id"].to_list() == ["b"]


def test_nothing_to_compare_is_none() -> None:
    assert facts.compare(pl.DataFrame([replay("a", "candidate", 7.0)]), days()) is None


def test_interval_of_the_saving_is_the_paired_normal_one() -> None:
    changes = [-4.0, -2.0, -3.0, 1.0]
    rows = [
        r
        for i, c in enumerate(changes)
        for r in (replay(f"i{i}", "incumbent", 10.0), replay(f"i{i}", "candidate", 10.0 + c))
    ]
    found = facts.compare(pl.DataFrame(rows), days())
    assert found is not None
    deviation = pl.Series(changes).std()
    assert found.cost_change == pytest.approx(-8.0)
    assert found.cost_high - found.cost_change == pytest.approx(1.959964 * deviation * 2)  # sqrt(4)
    assert found.cost_change - found.cost_low == pytest.approx(found.cost_high - found.cost_change)


def test_unseen_demand_and_the_lower_bound_of_the_books() -> None:
    """b is made to order: its shelf is always empty and nobody leaves empty-handed, so its sales say nothing of lost ones."""
    policies = ("incumbent", "candidate", "recorded")
    rows = [replay("a", p, 1.0, censored_days=20, demand_units=80.0) for p in policies]
    rows += [replay("b", p, 1.0, censored_days=100, demand_units=1000.0) for p in policies]
    imputed = [replay("a", "candidate", 1.0, demand_units=100.0), replay("b", "candidate", 1.0, demand_units=1000.0)]
    found = facts.compare(pl.DataFrame(rows), days(), pl.DataFrame(imputed))
    assert found is not None
    assert found.unseen_units == pytest.approx(20.0)
    assert found.recorded_fill_low == pytest.approx(1080 / 1100)
    assert found.totals["recorded"].fill is None  # lost sales of the books were never seen
    assert found.censored_share == pytest.approx(120 / 200)
    alone = facts.compare(pl.DataFrame(rows), days())
    assert alone is not None
    assert (alone.unseen_units, alone.recorded_fill_low) == (
        None,
        None,
    )  # without a replay on imputed demand nothing is claimed


def test_one_sku_has_no_interval() -> None:
    found = facts.compare(pl.DataFrame([replay("a", "incumbent", 10.0), replay("a", "candidate", 7.0)]), days())
    assert found is not None
    assert (found.cost_change, found.cost_low, found.cost_high) == (-3.0, None, None)


def test_totals() -> None:
    rows = pl.DataFrame(
        [
            replay("a", "candidate", 5.0, stockout_days=10, sold_units=40.0, lost_units=10.0, mean_stock_value=100.0),
            replay("b", "candidate", 6.0, stockout_days=0, mean_stock_value=50.0),
        ]
    )
    t = facts.totals(rows)
    assert (t.in_stock, t.fill, t.stock_value, t.total_cost, t.orders) == (
        pytest.approx(0.95),
        pytest.approx(0.9),
        150.0,
        11.0,
        8,
    )


def test_a_sku_is_at_risk_if_it_more_likely_than_not_runs_out() -> None:
    decisions = pl.DataFrame(
        {
            "item_id": ["a", "b", "c", "d", "e"],
            "location_id": ["W1"] * 5,
            "risk": [0.49, 0.5, 0.9, 0.9, 1.0],
            "order_up_to": [9.0] * 5,
            "inventory_position": [0.0, 0.0, 8.0, 1.0, 0.0],
            "unit_price": [1.0, None, 1.0, 1.0, 1.0],
        }
    )
    skus = decisions.select("item_id", "location_id", is_active=pl.col("item_id") != "e")  # e is discontinued
    found = facts.at_risk(decisions, skus)
    assert found["item_id"].to_list() == ["d", "c", "b"]  # of equal risk, the one that falls shorter comes first
    assert found.columns == decisions.columns


def test_left_out_names_the_first_reason_that_holds() -> None:
    tables, _ = synthetic.run(6)
    skus = tables.skus.with_columns(
        last_demand_on=pl.when(pl.col("item_id") == "I0000").then(None).otherwise("last_demand_on"),
        counted_on=pl.when(pl.col("item_id").is_in(["I0000", "I0001"])).then(None).otherwise("counted_on"),
        reorder_point=pl.when(pl.col("item_id") == "I0002").then(None).otherwise("reorder_point"),
        is_active=pl.col("item_id") != "I0005",
    )
    kept = tables.replays.filter(pl.col("item_id") == "I0004")
    assert dict(facts.left_out(kept, skus)) == {
        "no sale was ever recorded": 1,
        "the ERP holds no stock record": 1,
        "the ERP holds no minimum and maximum to compare with": 1,
        "not replayed": 1,
    }


def test_left_out_tells_a_replay_without_books_from_none() -> None:
    tables, _ = synthetic.run(3)
    first, second = pl.col("item_id") == "I0000", pl.col("item_id") == "I0001"
    replays = tables.replays.filter(~second & ~(first & (pl.col("policy") == "recorded")))
    assert facts.left_out(replays, tables.skus) == [("not replayed", 1), ("too few days of recorded stock", 1)]


def test_classes_add_up_to_the_whole() -> None:
    tables, _ = synthetic.run(20)
    whole = facts.compare(tables.replays, tables.replay_days)
    assert whole is not None
    for column in ("demand_class", "abc_class"):
        rows = facts.by_class(tables.replays, tables.skus, column)
        assert sum(row["skus"] for row in rows) == whole.skus
        assert sum(row["candidate"].stock_value for row in rows) == pytest.approx(whole.totals["candidate"].stock_value)
        assert [row["name"] for row in rows] == [n for n in facts.CLASSES[column] if n in {r["name"] for r in rows}]


def test_proposals_count_only_ordered_lines() -> None:
    tables, _ = synthetic.run(20)
    found = facts.proposals(tables.lines())
    ordered = tables.decisions.filter(pl.col("quantity") > 0)
    assert (found.lines, found.vendors, found.unpriced) == (ordered.height, ordered["supplier_id"].n_unique(), 0)
    assert found.value == pytest.approx((ordered["quantity"] * ordered["unit_price"]).sum())
