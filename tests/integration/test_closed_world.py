"""The closed loop's world is the sample's: under the incumbent's own orders it ends with the incumbent's own books."""

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from pipelines.io import erp
from pipelines.sample.balance import balance_errors
from tests.bench.closed_truth import history, make_truth
from tests.bench.closed_world import World, seed

pytestmark = pytest.mark.servers

DAYS = 60


def table(name: str) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(erp.read_arrow(f"select * from {name}")))


def test_under_the_incumbents_orders_it_is_the_incumbents_world(erp_url: str) -> None:
    truth = make_truth(items=40, history=200, days=DAYS, suppliers=8, seed=7)
    frames, held = history(truth)
    seed(frames)
    world = World.begin(truth, held, frames["purchase_order_lines"], frames["purchase_orders"])
    assert (frames["sales"]["updated_at"].max() or 0) <= frames["stock_levels"]["updated_at"].max()  # type: ignore[operator]
    for day in range(truth.start, truth.start + DAYS):
        place(world, day)
        assert world.take_orders(day) == int((truth.theirs.ordered[:, day] > 0).sum())
        world.live(day + 1, day + 1)
    after = slice(truth.start + 1, None)
    assert np.array_equal(world.held[:, after], truth.theirs.on_hand[:, after])
    assert np.array_equal(world.sold[:, after], truth.theirs.sold[:, after])
    assert (world.held[:, after] == 0).any() and world.orders.sum() > 20
    names = ("stock_levels", "sales", "purchase_orders", "purchase_order_lines")
    assert balance_errors(*(table(name) for name in names)).height == 0, "what the ERP booked adds up"
    policies = table("item_policies").sort("item_id")
    assert np.array_equal(policies["reorder_point"].to_numpy() * truth.scale, truth.theirs.reorder_point)


def place(world: World, day: int) -> None:
    """What the incumbent orders on a day, as rows with a key of ours."""
    truth = world.truth
    with erp.transaction() as connection:
        for sku in np.flatnonzero(truth.theirs.ordered[:, day]):
            values = {
                "po": f"OWN-{day}-{sku}",
                "supplier": truth.suppliers.ids[int(truth.rule.supplier[sku])],
                "day": truth.day(day),
                "item": truth.items.ids[int(truth.skus.item[sku])],
                "units": truth.theirs.ordered[sku, day] / truth.scale[sku],
            }
            head = """insert into purchase_orders (po_id, supplier_id, location_id, ordered_on, status, external_ref, updated_at)
                values (:po, :supplier, 'WH-1', :day, 'open', :po, :day)"""
            line = """insert into purchase_order_lines (po_id, line_no, item_id, quantity_ordered, updated_at)
                values (:po, 1, :item, :units, :day)"""
            connection.execute(sa.text(head), values)
            connection.execute(sa.text(line), values)
