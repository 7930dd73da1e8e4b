"""On sample ERPs of several sizes every planted counting error is flagged, and nothing else, once validation took the faulty rows out."""

import json

import polars as pl
import pytest

from pipelines.replay.calibrate import JUMP, kinds, mismatches
from pipelines.sample import dirty
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import generate

SKU = ["item_id", "location_id"]


def without(frames, table, kind):
    """The table as validation leaves it."""
    keys = pl.DataFrame([json.loads(key) for key in frames["planted"].filter(pl.col("kind") == kind)["key"]])
    dates = [pl.col(name).str.to_date() for name in keys.columns if name.endswith("_on")]
    return frames[table].join(keys.with_columns(dates), on=keys.columns, how="anti") if keys.height else frames[table]


def as_marts(frames):
    """Stock counts, demand by day (returns deducted, not below zero) and receipts, as the marts hold them."""
    sales = without(frames, "sales", dirty.SPIKE).unique()
    sales = sales.filter(~pl.col("item_id").str.starts_with("ITEM-UNKNOWN"))
    demand = sales.group_by(*SKU, pl.col("sold_on").alias("day")).agg(
        pl.col("quantity").sum().clip(lower_bound=0.0),
        (-pl.col("quantity").clip(upper_bound=0.0)).sum().alias("returned"),
    )
    lines = frames["purchase_order_lines"].join(frames["purchase_orders"].select("po_id", "location_id"), on="po_id")
    received = lines.filter(pl.col("received_on").is_not_null())
    return without(frames, "stock_levels", dirty.NEGATIVE_STOCK), demand, received


@pytest.mark.parametrize(("items", "stores", "seed"), [(240, 0, 42), (90, 2, 7), (400, 0, 3)])
def test_every_counting_error_and_nothing_else(items, stores, seed):
    frames = generate(
        SampleConfig(items=items, stores=stores, seed=seed, days=300, suppliers=15, counting_error_share=0.03)
    )
    planted = frames["counting_errors"].select(*SKU, "counted_on", "difference").sort(*SKU)
    assert planted.height >= 5
    found = kinds(mismatches(*as_marts(frames))).sort(*SKU)
    assert found.select(SKU).rows() == planted.select(SKU).rows()
    assert set(found["kind"]) == {JUMP}
    assert found["first_on"].to_list() == planted["counted_on"].to_list()
    # On a day of returns without sales some of the difference may have been returned goods; never more than all of it.
    assert (found["units"].abs() <= planted["difference"].abs() + 1e-9).all()
