"""Quantities that no demand can be are hidden, not read and not fatal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.forecast import covariates, panels
from tests.unit.models.panels import AS_OF, make


def test_rows_that_are_no_quantity_are_separated_from_the_others() -> None:
    frame = pl.DataFrame({"quantity": [1.0, 0.0, -2.0, None, float("nan"), float("inf")]})
    fine, broken = panels.usable(frame)
    assert fine["quantity"].to_list() == [1.0, 0.0] and broken.height == 4


def test_discounts_lie_beside_their_promotions() -> None:
    panel = replace(make(np.ones((2, 10))), local={"promotion": np.zeros((2, 14), dtype=np.float32)})
    rows = [("I0001", "WH", AS_OF + timedelta(days=2), 0.25), ("I0001", "WH", AS_OF, None), ("NO", "WH", AS_OF, 0.5)]
    schema = {"item_id": pl.String, "location_id": pl.String, "day": pl.Date, "discount_share": pl.Float64}
    usable = covariates.discounted(panel, pl.DataFrame(rows, schema=schema, orient="row")).local
    assert list(usable) == ["promotion", "discount"]
    assert np.argwhere(usable["discount"] > 0).tolist() == [[1, 11]] and usable["discount"][1, 11] == 0.25


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
    usable, counts = panels.hide(panel, broken)
    assert counts.tolist() == [0, 2]
    assert np.flatnonzero(np.isnan(usable.demand[1])).tolist() == [5, 9] and np.isfinite(usable.demand[0]).all()
    assert np.isfinite(panel.demand).all(), "the panel given is left as it was"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings are read again at each change, and as they were afterwards."""
    settings.load.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.load.cache_clear()


def _set(environment: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        environment.setenv(f"STOCKPROOF_{name}", value)
    settings.load.cache_clear()


def _read(environment: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """What a panel of one SKU with a promotion from the 90th to the 98th day ahead knows of the future."""
    sku = pl.DataFrame({
        "item_id": ["a"], "location_id": ["W"], "category": ["c"], "unit_price": [2.0], "created_on": [AS_OF], "discontinued_on": [None],
        "books_from": [None], "first_demand_on": [AS_OF], "demand_class": ["smooth"], "lead_time_mean": [3.0],
        "lead_time_std": [1.0], "is_active": [True],
    })  # fmt: skip
    days = [AS_OF + timedelta(days=k) for k in range(90, 99)]
    tables = {
        "to_regclass": pl.DataFrame({"there": [False]}),
        "dim_sku": sku,
        "fct_demand": pl.DataFrame(
            {"item_id": ["a"], "location_id": ["W"], "bucket_on": [AS_OF], "quantity": [1.0], "is_stockout": [False]}
        ),
        "fct_promotion": pl.DataFrame({"item_id": "a", "location_id": "W", "day": days, "discount_share": 0.2}),
        "dim_calendar": pl.DataFrame({"bucket_on": days[-1:], "events": ["fair"]}),
    }
    environment.setattr(panels.warehouse, "read", lambda query, **_: next(v for k, v in tables.items() if k in query))
    environment.setattr(panels.last_run, "with_rows", lambda *_: AS_OF)
    panel = panels.read(AS_OF, active_only=True)
    return {name: values.reshape(-1)[panel.length :] for name, values in {**panel.local, **panel.calendar}.items()}


def test_a_promotion_that_ends_within_a_long_horizon_ends(environment: pytest.MonkeyPatch) -> None:
    """Models take the last bucket known for all that follow: 98 days would promote the rest of the year."""
    _set(environment, PLANNING__HORIZON_DAYS="180")
    ahead = _read(environment)
    assert all(values.size >= 180 for values in ahead.values())
    assert ahead["promotion"].sum() == 9 and ahead["promotion"][-1] == 0 and ahead["event"][-1] == 0
    _set(environment, PLANNING__HORIZON_DAYS="28")
    assert _read(environment)["promotion"].size == 98


def test_a_training_is_another_one_where_its_objective_s_cost_ratio_is(environment: pytest.MonkeyPatch) -> None:
    def hashed(objective: str, target: str, ratio: str) -> str:
        costs = {
            "COSTS__SERVICE_TARGET": target,
            "COSTS__SERVICE_FACTOR": "null",
            "COSTS__STOCKOUT_TO_OVERSTOCK_RATIO": ratio,
        }
        _set(environment, FORECAST__OBJECTIVE=objective, **costs)
        return panels.config_hash()

    assert hashed("quantile", "0.75", "3") != hashed("quantile", "0.9", "9")
    assert hashed("tweedie", "0.75", "3") == hashed("tweedie", "0.9", "9"), "no model is trained on it"


def test_a_renamed_event_is_other_data() -> None:
    one = replace(make(np.ones((2, 10))), events=np.array([0] * 8 + [1, 1]))
    two = replace(one, events=np.array([0] * 8 + [1, 2]))
    assert panels.data_hash(one) != panels.data_hash(two)


@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_a_seed_that_a_library_would_refuse_is_refused_at_the_start(environment: pytest.MonkeyPatch, seed: str) -> None:
    environment.setenv("STOCKPROOF_FORECAST__SEED", seed)
    with pytest.raises(StockproofError, match=r"forecast.seed"):
        settings.load()
