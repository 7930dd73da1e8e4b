"""Lines that join a supplier's order: those that pay, and never an order of their own."""

import numpy as np
import polars as pl

from pipelines.purchase.decide import decide
from pipelines.purchase.joint import Terms, can_order_units
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
        return can_order_units(np.array(vendor), Terms(*three), line, 1.0)

    assert (units(line=0.0) > 12).all(), "a further line costs nothing"
    assert units(line=1.0).tolist() == [0, 0, 0]
    assert units(vendor=(0, 1, -1)).tolist() == [0, 0, 0]
    assert units(holding=50.0).tolist() == [0, 0, 0]
    assert (units(line=0.0, room=9.0) <= 9.0).all(), "the smallest line must still fit below the order-up-to level"
    assert units(room=-1.0).tolist() == [0, 0, 0]
    # A minimum of 400 makes orders rare: the same suppliers' orders are no stream of opportunities any more.
    assert units(lot=400.0, holding=0.05).tolist() == [0, 0, 0]
