"""Quantities that no demand can be are hidden, not read and not fatal."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from pipelines.forecast import covariates, panels
from tests.unit.models.panels import AS_OF, make


def test_rows_that_are_no_quantity_are_told_from_the_others() -> None:
    frame = pl.DataFrame({"quantity": [1.0, 0.0, -2.0, None, float("nan"), float("inf")]})
    fine, broken = panels.usable(frame)
    assert fine["quantity"].to_list() == [1.0, 0.0] and broken.height == 4


def test_discounts_lie_beside_their_promotions() -> None:
    panel = replace(make(np.ones((2, 10))), local={"promotion": np.zeros((2, 14), dtype=np.float32)})
    rows = [("I0001", "WH", AS_OF + timedelta(days=2), 0.25), ("I0001", "WH", AS_OF, None), ("NO", "WH", AS_OF, 0.5)]
    schema = {"item_id": pl.String, "location_id": pl.String, "day": pl.Date, "discount_share": pl.Float64}
    told = covariates.discounted(panel, pl.DataFrame(rows, schema=schema, orient="row")).local
    assert list(told) == ["promotion", "discount"]
    assert np.argwhere(told["discount"] > 0).tolist() == [[1, 11]] and told["discount"][1, 11] == 0.25


def test_their_buckets_become_unknown_and_are_counted() -> None:
    panel = make(np.ones((2, 10)))
    day = AS_OF - timedelta(days=4)
    rows = [
        ("I0001", "WH", day),
        ("I0001", "WH", AS_OF),
        ("I0001", "WH", AS_OF - timedelta(days=99)),
        ("NO", "WH", day),
    ]
    broken = pl.DataFrame(rows, schema=["item_id", "location_id", "bucket_on"], orient="row")
    told, counts = panels.hide(panel, broken)
    assert counts.tolist() == [0, 2]
    assert np.flatnonzero(np.isnan(told.demand[1])).tolist() == [5, 9] and np.isfinite(told.demand[0]).all()
    assert np.isfinite(panel.demand).all(), "the panel given is left as it was"
