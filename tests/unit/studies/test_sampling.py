"""Samples speak for the catalogue with honest intervals; the result document keeps its promises."""

import numpy as np
import polars as pl
import pytest

from pipelines.core.errors import StockproofError
from pipelines.studies import sampling


def catalogue(count=600):
    rng = np.random.default_rng(4)
    return pl.DataFrame(
        {
            "item_id": [f"i{n:04d}" for n in range(count)],
            "location_id": ["w"] * count,
            "demand_class": rng.choice(["smooth", "lumpy", "intermittent"], count, p=[0.1, 0.3, 0.6]),
            "abc_class": rng.choice(["A", "B", "C"], count),
            "annual_sales_value": rng.gamma(0.5, 100, count),
        }
    )


def test_a_stratified_sample_gives_each_stratum_its_share_and_weights_add_up():
    whole = catalogue()
    drawn = sampling.draw(whole, "stratified", 90, seed=1)
    assert drawn.height == 90
    assert drawn["weight"].sum() == pytest.approx(whole.height)
    assert drawn["item_id"].is_sorted()
    for (stratum,), group in drawn.group_by("stratum"):
        assert group["weight"].n_unique() == 1 and group.height >= 2, stratum
    assert drawn.equals(sampling.draw(whole, "stratified", 90, seed=1))
    assert not drawn.equals(sampling.draw(whole, "stratified", 90, seed=2))


def test_all_and_top():
    whole = catalogue(50)
    assert sampling.draw(whole, "stratified", 80, 1).height == 50
    assert set(sampling.draw(whole, "all", 1, 1)["weight"]) == {1.0}
    best = sampling.draw(whole, "top", 5, 1)
    assert set(best["item_id"]) == set(whole.sort("annual_sales_value", descending=True).head(5)["item_id"])
    with pytest.raises(StockproofError, match="no SKU"):
        sampling.draw(whole.clear(), "all", 5, 1)
