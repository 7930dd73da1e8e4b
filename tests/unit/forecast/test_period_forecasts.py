"""The histories that forecasts of review periods start from."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from models.period.period_model import PeriodForecaster
from pipelines.forecast.period_forecasts import histories, none_of_the_gone

AS_OF = date(2026, 6, 28)


def marts(factor: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SKUs and what they sold a week, in units of which ``factor`` are one of A's pieces."""
    rng = np.random.default_rng(7)
    skus = pl.DataFrame(
        {
            "item_id": ["A", "B", "C"],
            "location_id": "W",
            "category": ["x", "x", "y"],
            "first_demand_on": [AS_OF - timedelta(days=839)] * 3,
        }
    )
    demand = skus.select("item_id", "location_id").join(pl.DataFrame({"periods_back": np.arange(120)}), how="cross")
    quantity = rng.gamma(2.0, 6.0, demand.height) * factor
    closed = np.where(rng.random(demand.height) < 0.1, 0.4, 0.0)
    shares = [
        pl.Series("quantity", quantity),
        pl.Series("closed_share", closed),
        pl.Series("closed_quantity", quantity * closed),
    ]
    return skus, demand.with_columns(shares)


@pytest.mark.parametrize("factor", [0.001, 1e-6])
def test_a_week_s_demand_is_forecast_alike_whatever_it_is_booked_in(factor: float) -> None:
    one, other = (
        PeriodForecaster(2, seed=1).fit(known).predict(known)
        for known in (histories(*marts(scale), AS_OF, 7) for scale in (1.0, factor))
    )
    assert other.mean / factor == pytest.approx(one.mean, rel=1e-4)
    assert other.variance / factor**2 == pytest.approx(one.variance, rel=1e-4)
    # A gamma of this shape: mean 12, variance 72 a week.
    assert one.mean.mean() == pytest.approx(12.0, rel=0.25)
    assert one.variance.mean() == pytest.approx(72.0, rel=0.4)


def test_what_ended_has_no_demand_in_coming_periods() -> None:
    rows = pl.DataFrame(
        {
            "item_id": ["a", "a", "b"],
            "location_id": ["w", "w", "w"],
            "period": [1, 2, 1],
            "mean": [0.2, 0.3, 4.0],
            "std": [0.5, 0.6, 2.0],
        }
    )
    panel = SimpleNamespace(item_ids=np.array(["a", "b"]), location_ids=np.array(["w", "w"]))
    found = none_of_the_gone(rows, panel, np.array([True, False]))  # type: ignore[arg-type]
    assert found["mean"].to_list() == [0.0, 0.0, 4.0]
    assert found["std"].to_list() == [0.0, 0.0, 2.0]
    assert found.columns == rows.columns
