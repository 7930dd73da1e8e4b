"""What no SKU decides alone: rules, the supplier's order, the budget, the choice of the supplier, late lines."""

import re
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

ROWS, BREAKS = make(200, seed=2)


def _table(rows=ROWS, offers=None, **purchase):
    return decide(rows, BREAKS, AS_OF, config(**purchase), offers).table


def test_rules_freeze_cap_review_and_are_named():
    rules = [
        {"name": "no glue now", "when": {"category": "glue"}, "then": {"freeze": True}},
        {
            "name": "small lines",
            "when": {"category": ["iron"], "order_value": {"above": 500}},
            "then": {"cap_value": 500},
        },
        {"name": "look twice", "when": {"risk": {"at_least": 0.5}}, "then": {"review": True}},
    ]
    before, after = _table(consolidate=False), _table(consolidate=False, rules=rules)
    glue = ROWS["category"] == "glue"
    assert after.filter(glue)["quantity"].sum() == 0
    frozen = after.filter(pl.col("reason_code") == "NO_ORDER_FROZEN_BY_RULE")
    assert frozen.height > 20
    assert frozen["rules"].str.contains("no glue now").all()
    big = ~glue & (before["order_value"] > 500)
    capped = after.filter(big)
    assert capped["rules"].str.contains("small lines").all()
    assert (capped["order_value"] <= 500 + 1e-9).all()
    assert capped["reason_code"].is_in(["ORDER_CAPPED_BY_RULE", "NO_ORDER_CAPPED_BELOW_MINIMUM"]).all()
    untouched = ~glue & (before["order_value"] <= 500)
    assert after.filter(untouched)["quantity"].equals(before.filter(untouched)["quantity"])
    review = after.filter("needs_review")
    assert review.height > 5
    assert ((review["risk"] >= 0.5) & (review["quantity"] > 0)).all()


@pytest.mark.parametrize("others", [{}, {"cap_quantity": 59}, {"cap_stock": 150}])
def test_a_capped_value_holds_where_the_cap_costs_the_price_break(others):
    rows, breaks = make(1_000, seed=5)
    rule = [{"name": "small lines", "when": {}, "then": {"cap_value": 500} | others}]
    before = decide(rows, breaks, AS_OF, config(consolidate=False)).table
    after = decide(rows, breaks, AS_OF, config(consolidate=False, rules=rule)).table
    assert (after["order_value"] <= 500 + 1e-9).all()
    fewer = ((after["quantity"] < before["quantity"]) & (after["quantity"] > 0)).to_numpy()
    dearer = (after["unit_price"] > before["unit_price"]).to_numpy() & fewer
    assert dearer.sum() > 20, "the cap cost them their price break"
    if not others:
        more = after["quantity"].to_numpy() + rows["pack_size"].to_numpy()
        assert (more * after["unit_price"].to_numpy() > 500)[fewer].all(), "a pack more at that price would not fit"


def test_a_barred_supplier_loses_its_lines_to_another_or_to_nobody():
    own = str(ROWS["supplier_id"][10])
    of_supplier = (ROWS["supplier_id"] == own) & ROWS["has_supplier"]
    offers = ROWS.filter(of_supplier).head(4).select("item_id").with_columns(
        supplier_id=pl.lit("OTHER"), lead_time_days=pl.lit(30.0), min_order_qty=pl.lit(1.0), pack_size=pl.lit(1.0),
        purchase_price=pl.lit(99.0), ordering_cost=pl.lit(10.0), lead_time_mean=pl.lit(30.0), accepted_share=pl.lit(1.0), score=pl.lit(0.9),
        measured_days=pl.lit(41.0),
    )  # fmt: skip
    rules = [{"name": "sanctions", "when": {"abc_class": ["A", "B", "C"]}, "then": {"block_supplier": own}}]
    table = _table(offers=offers, rules=rules)
    assert own not in table.filter(pl.col("quantity") > 0)["supplier_id"].to_list()
    with_other = table.filter(pl.col("item_id").is_in(offers["item_id"].to_list()))
    assert with_other["supplier_id"].to_list() == ["OTHER"] * 4
    empty = _table(ROWS.with_columns(on_hand=pl.lit(0.0), due=pl.lit(0.0)), offers=offers, rules=rules)
    bought = (
        empty.filter((pl.col("quantity") > 0) & (pl.col("supplier_id") == "OTHER"))
        .select("expected_on", "agreed_on", "expected_from")
        .unique()
    )
    assert bought.rows() == [(AS_OF + timedelta(days=42), AS_OF + timedelta(days=31), "measured median")]
    assert with_other["supplier_reason"].str.contains("which a rule bars").all()
    assert table.filter(of_supplier)["rules"].str.contains("sanctions").all()
    nobody = table.filter(of_supplier & ~table["item_id"].is_in(offers["item_id"].to_list()))
    assert "NO_ORDER_SUPPLIER_BLOCKED" in nobody["reason_code"].to_list()
    assert not table.filter(ROWS["supplier_id"] != own)["rules"].str.contains("sanctions").any(), (
        "it bars none of theirs"
    )


@pytest.mark.parametrize(
    ("change", "chosen"),
    [
        ({}, "CHEAP"),
        ({"purchase_price": 9.9}, "S1"),  # saves less than asked for
        ({"lead_time_mean": 20.0}, "S1"),  # slower: the protection interval would not hold
        ({"lead_time_mean": 14.4}, "CHEAP"),
        ({"lead_time_mean": None}, "S1"),  # nobody knows how slow
        ({"score": 0.69}, "S1"),  # much worse
        ({"score": 0.71}, "CHEAP"),
        ({"accepted_share": 0.7}, "S1"),  # cheap, but a third is refused
        ({"min_order_qty": 4_000.0}, "S1"),  # its minimum would lie for years
        ({"purchase_price": 0.0}, "S1"),
    ],
)
def test_landed_cost_chooses_among_the_good_and_quick(change, chosen):
    row = ROWS.filter("has_supplier").head(1).with_columns(
        supplier_id=pl.lit("S1"), purchase_price=pl.lit(10.0), on_hand=pl.lit(0.0), discontinued_on=pl.lit(None, pl.Date)
    )  # fmt: skip
    base = {
        "item_id": row["item_id"][0], "supplier_id": "S1", "lead_time_days": 14.0, "min_order_qty": 1.0, "pack_size": 1.0,
        "purchase_price": 10.0, "ordering_cost": 40.0, "lead_time_mean": 14.0, "accepted_share": 1.0, "score": 0.8,
        "measured_days": None,
    }  # fmt: skip
    offers = pl.DataFrame([base, base | {"supplier_id": "CHEAP", "purchase_price": 8.0} | change])
    decision = _table(row, offers).row(0, named=True)
    assert decision["supplier_id"] == chosen
    assert (decision["supplier_reason"] != "") == (chosen == "CHEAP")
    assert decision["landed_cost"] > 0


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        (0.0, 8.0, r"Supplier CHEAP instead of S1, which has no price: landed cost 8\.\d+ a unit, no slower"),
        (
            0.028,
            0.02,
            r"Supplier CHEAP instead of S1: landed cost 0\.0\d\d\d? a unit instead of 0\.0\d\d\d?, no slower",
        ),
    ],
)
def test_the_choice_of_another_supplier_is_shown_in_figures(own, other, words):
    row = ROWS.filter("has_supplier").head(1).with_columns(
        supplier_id=pl.lit("S1"), purchase_price=pl.lit(own), on_hand=pl.lit(0.0), discontinued_on=pl.lit(None, pl.Date),
        ordering_cost=pl.lit(0.01),
    )  # fmt: skip
    base = {
        "item_id": row["item_id"][0], "supplier_id": "S1", "lead_time_days": 14.0, "min_order_qty": 1.0, "pack_size": 1.0,
        "purchase_price": own, "ordering_cost": 0.01, "lead_time_mean": 14.0, "accepted_share": 1.0, "score": 0.8, "measured_days": None,
    }  # fmt: skip
    offers = pl.DataFrame([base, base | {"supplier_id": "CHEAP", "purchase_price": other}])
    assert re.fullmatch(words, _table(row, offers)["supplier_reason"][0])


def test_a_price_break_of_cents_is_shown_in_figures():
    row = ROWS.filter("has_supplier").head(1).with_columns(
        purchase_price=pl.lit(0.028), on_hand=pl.lit(0.0), discontinued_on=pl.lit(None, pl.Date), created_on=pl.lit(None, pl.Date),
    )  # fmt: skip
    steps = row.select("item_id", "supplier_id", min_qty=pl.lit(70.0), unit_price=pl.lit(0.025))
    decision = decide(row, steps, AS_OF, config()).table.row(0, named=True)
    assert (
        " at 0.025 a unit instead of " in decision["reason"]
        and " at 0.028, which costs less in all" in decision["reason"]
    )


@pytest.mark.parametrize(
    ("measured", "agreed", "expected", "due", "by"),
    [
        (18.2, 14.0, 20, 15, "measured median"),
        (None, 14.0, 15, 15, "agreed lead time"),
        (None, None, 15, 15, "default lead time"),
    ],
)
def test_a_line_is_expected_when_the_vendor_really_delivers(measured, agreed, expected, due, by):
    row = ROWS.filter("has_supplier").head(1).with_columns(
        on_hand=pl.lit(0.0), discontinued_on=pl.lit(None, pl.Date), purchase_price=pl.lit(3.0), created_on=pl.lit(None, pl.Date),
        measured_days=pl.lit(measured, pl.Float64), lead_time_days=pl.lit(agreed, pl.Float64),
    )  # fmt: skip
    decision = _table(row).row(0, named=True)
    days = [(decision[name] - AS_OF).days for name in ("expected_on", "agreed_on")]
    assert (*days, decision["expected_from"]) == (expected, due, by)


def test_order_minimum_is_reached_or_the_order_held():
    low = _table(vendor_terms={"*": {"order_minimum": 3_000.0}})
    orders = low.filter(pl.col("quantity") > 0).group_by("supplier_id").agg(pl.col("order_value").sum())
    assert (orders["order_value"] >= 3_000 - 1e-6).all(), (
        "also where a filled line reaches a price break and costs less"
    )
    plain = _table().group_by("supplier_id").agg(pl.col("order_value").sum())
    assert (plain["order_value"] < 3_000).any(), "some needed filling"
    high = _table(vendor_terms={"*": {"order_minimum": 1e9}})
    assert high["quantity"].sum() == 0
    held = high.filter(pl.col("reason_code") == "NO_ORDER_BELOW_VENDOR_MINIMUM")
    assert held.height == (_table()["quantity"] > 0).sum()


@pytest.mark.parametrize("minimum", [300.0, 700.0, 1_500.0])
def test_an_order_filled_to_its_minimum_is_worth_it_at_the_prices_paid(minimum):
    rows, breaks = make(1_000, seed=5, vendors=400)
    table = decide(rows, breaks, AS_OF, config(vendor_terms={"*": {"order_minimum": minimum}})).table
    filled = table.filter(pl.col("reason_code") == "ORDER_FILLS_VENDOR_MINIMUM")["supplier_id"].unique()
    orders = (
        table.filter(pl.col("supplier_id").is_in(filled.to_list()))
        .group_by("supplier_id")
        .agg(pl.col("order_value").sum())
    )
    assert orders.height > 10
    assert orders["order_value"].min() >= minimum - 1e-6


def test_container_is_filled_by_what_pays_and_never_beyond():
    plain = _table()
    full = _table(vendor_terms={"*": {"container_units": 400, "container_cost": 4_000.0}})
    more = full["quantity"] - plain["quantity"]
    assert (more >= 0).all()
    assert more.sum() > 0
    for name, units in plain.group_by("supplier_id").agg(pl.col("quantity").sum()).iter_rows():
        now = full.filter(pl.col("supplier_id") == name)["quantity"].sum() if name else 0
        assert np.ceil(now / 400) == np.ceil(units / 400), name
    cheap = _table(vendor_terms={"*": {"container_units": 400, "container_cost": 0.0}})
    assert (cheap["quantity"] - plain["quantity"]).sum() < more.sum()


def test_budget_takes_the_best_units_first_and_is_kept():
    free = _table()
    whole = free["order_value"].sum()
    last = -1.0
    for budget in (0.0, 0.1 * whole, 0.5 * whole, 2 * whole):
        made = decide(ROWS, BREAKS, AS_OF, config(budget=budget))
        spent = made.table["order_value"].sum()
        assert spent <= budget + 1e-6
        assert spent > last or budget == 0
        last = spent
        taken = made.units.filter("taken")
        assert taken.height == 0 or taken["cumulative_value"].max() <= budget + 1e-6
        ranks = made.units["saving_per_money"]
        assert ranks.is_sorted(descending=True)
    assert last == pytest.approx(whole)
    nothing = _table(budget=0.0)
    assert nothing["quantity"].sum() == 0
    assert (nothing["reason_code"] == "NO_ORDER_BUDGET_SPENT").sum() == (free["quantity"] > 0).sum()


def test_a_line_cut_by_the_budget_is_not_said_to_be_below_a_reorder_point_it_is_above():
    half = _table(budget=0.5 * _table()["order_value"].sum())
    below = half.filter(pl.col("reason").str.contains("at or below the reorder point"))
    assert (below["inventory_position"] <= below["reorder_point"] + 1e-5).all()
    cut = half.filter(pl.col("reason_code") == "ORDER_CUT_BY_BUDGET")
    assert (cut["inventory_position"] > cut["reorder_point"] + 1e-5).any(), "it had joined another's order"


def _coming(**changes):
    row = ROWS.filter("has_supplier").head(1).with_columns(
        on_hand=pl.lit(2.0), discontinued_on=pl.lit(None, pl.Date), created_on=pl.lit(None, pl.Date), purchase_price=pl.lit(3.0)
    )  # fmt: skip
    base = {
        "due": 0.0,
        "proposed": 0.0,
        "overdue": 0.0,
        "dropped": 0.0,
        "beyond": 0.0,
        "late_po": "",
        "beyond_po": "",
        "oldest_on": None,
        "next_on": None,
    }
    decision = {**base, **changes}
    kinds = {"oldest_on": pl.Date, "next_on": pl.Date}
    return _table(row.with_columns(pl.lit(v, dtype=kinds.get(k)).alias(k) for k, v in decision.items())).row(
        0, named=True
    )


def test_late_lines_first_raise_an_alert_then_are_ordered_again():
    late = _coming(due=900.0, overdue=900.0, late_po="PO-1", oldest_on=date(2026, 6, 24))
    assert (late["quantity"], late["alert_code"]) == (0.0, "EXPEDITE_LATE_LINE")
    assert late["alert"] == "Reschedule: 900 units of order PO-1 are 4 days late and still counted"
    given_up = _coming(dropped=900.0, late_po="PO-1", oldest_on=date(2026, 6, 4))
    assert given_up["quantity"] > 0
    assert given_up["alert"] == "Cancel or reschedule: 900 units of order PO-1 are 24 days late and no longer counted"
    far = _coming(beyond=900.0, beyond_po="PO-2", next_on=date(2026, 8, 30))
    assert far["quantity"] > 0
    assert far["alert"] == "Pull in: 900 units of order PO-2 are due only after the protection interval"
    one = _coming(overdue=1.0, due=1.0, late_po="PO-1", oldest_on=date(2026, 6, 27))
    assert one["alert"] == "Reschedule: 1 unit of order PO-1 is 1 day late and still counted"


def test_own_orders_the_erp_does_not_show_yet_count():
    decision = _coming(proposed=900.0)
    assert decision["quantity"] == 0
    assert decision["inventory_position"] == 902.0
    assert decision["reason"].endswith("; of what is due, 900 are orders of ours the ERP does not show yet")


def test_what_comes_in_fractions_may_fill_an_order_minimum():
    """The second SKU has no order of its own and no least quantity; the first may hold no more."""
    rows, _ = make(2, seed=3, vendors=1)
    rows = rows.with_columns(
        whole=pl.Series([True, False]), has_supplier=True, min_order_qty=pl.lit(None, pl.Float64), purchase_price=pl.lit(2.0),
        pack_size=pl.Series([1.0, None]), reorder_point=pl.lit(20.0), order_up_to=pl.lit(50.0), due=pl.lit(0.0),
        on_hand=pl.Series([0.0, 49.5]), created_on=pl.lit(None, pl.Date), discontinued_on=pl.lit(None, pl.Date),
    )  # fmt: skip
    own = config(consolidate=False, max_quantity=50.0, vendor_terms={"*": {"order_minimum": 105.0}})
    table = decide(rows, pl.DataFrame(schema=BREAKS.schema), AS_OF, own).table
    assert table["quantity"][0] == 50.0 and 2.5 <= table["quantity"][1] <= 5.0
    assert table["reason_code"][1] == "ORDER_FILLS_VENDOR_MINIMUM"
