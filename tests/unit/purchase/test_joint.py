"""Lines that join a supplier's order: those that pay, and never an order of their own."""

import numpy as np
import polars as pl
import pytest

from pipelines.purchase import joint
from pipelines.purchase.decide import decide
from pipelines.purchase.joint import JointTerms, can_order_units
from tests.unit.purchase.catalogue import AS_OF, config, make


def test_joining_adds_lines_but_never_an_order_to_a_supplier_without_one():
    rows, breaks = make(200, seed=2)
    alone, joint = (decide(rows, breaks, AS_OF, config(consolidate=on)).table for on in (False, True))
    joined = joint.filter(pl.col("reason_code") == "ORDER_JOINS_VENDOR_ORDER")
    assert joined.height > 3
    assert set(joined["supplier_id"]) <= set(alone.filter(pl.col("quantity") > 0)["supplier_id"])
    assert (joined["quantity"] <= joined["order_up_to"] - joined["inventory_position"] + 1e-5).all()
    same = joint["reason_code"] != "ORDER_JOINS_VENDOR_ORDER"
    assert joint.filter(same)["quantity"].equals(alone.filter(same)["quantity"])


def test_can_order_levels_at_their_limits():
    def units(vendor=(0, 0, 0), lot=40.0, room=39.0, holding=0.01, line=0.1):
        three = [np.full(3, value) for value in (lot, room, 1.0, 50.0, holding, 0.0)]
        return can_order_units(np.array(vendor), JointTerms(*three), line, 1.0)

    assert (units(line=0.0) > 12).all(), "a further line costs nothing"
    assert units(line=1.0).tolist() == [0, 0, 0]
    assert units(vendor=(0, 1, -1)).tolist() == [0, 0, 0]
    assert units(holding=50.0).tolist() == [0, 0, 0]
    assert (units(line=0.0, room=9.0) <= 9.0).all(), "the smallest line must still fit below the order-up-to level"
    assert units(room=-1.0).tolist() == [0, 0, 0]
    # A minimum of 400 makes orders rare: the same suppliers' orders are no stream of opportunities any more.
    assert units(lot=400.0, holding=0.05).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("share", "others"), [(0.3, 0.05), (0.8, 0.02), (0.5, 1.0), (0.0, 0.1), (0.6, 0.0)])
def test_the_cost_of_a_can_order_level_is_that_of_cycles_played(share, others):
    """Stock drains from S; below the level the first of the others' orders is joined, and at s the SKU orders by itself."""
    cycle, own, line, weight = 40.0, 45.0, 5.0, 0.02
    wait = share * cycle
    next_order = np.random.default_rng(1).exponential(1.0 / others, 400_000) if others else np.full(1, np.inf)
    joins = next_order < wait
    length = cycle - wait + np.minimum(next_order, wait)
    held = cycle * length - length**2 / 2.0
    cost = (line + own * ~joins + weight * held).mean() / length.mean()
    rate = joint._rate(share, np.exp(-others * wait), cycle, others, own, line, weight)
    assert rate == (pytest.approx(cost, rel=0.005), pytest.approx((~joins).mean() / length.mean(), rel=0.02, abs=1e-6))


def test_a_supplier_whose_orders_would_hardly_be_cheaper_is_left_alone(monkeypatch):
    def units():
        three = [np.full(3, value) for value in (40.0, 39.0, 1.0, 50.0, 0.01, 0.0)]
        return can_order_units(np.zeros(3, dtype=np.int64), JointTerms(*three), 0.1, 1.0)

    assert (units() > 0).any()
    monkeypatch.setattr(joint, "SUPPLIER_HURDLE", 0.99)
    assert units().tolist() == [0, 0, 0]
    monkeypatch.setattr(joint, "SUPPLIER_HURDLE", 0.03)
    monkeypatch.setattr(joint, "HURDLE", 0.99)
    assert units().tolist() == [0, 0, 0], "nor is a SKU"
