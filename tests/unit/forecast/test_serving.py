"""MLflow's own predict: daily histories in, quantiles of lead-time demand out, whatever buckets the model was trained on."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.interface import Interval
from models.store import folder as store
from pipelines.core.calendar import DAYS_IN, Bucket
from pipelines.core.panel_frames import build
from pipelines.forecast import training
from pipelines.forecast.covariates import discounted
from pipelines.forecast.serving import predict_frame

AS_OF, DAYS, SKUS = date(2026, 6, 28), 364, 40


def _frame() -> pl.DataFrame:
    """Two units a day on average."""
    random = np.random.default_rng(3)
    days = [AS_OF - timedelta(days=k) for k in range(DAYS)]
    return pl.DataFrame(
        {
            "item_id": np.repeat([f"I{n}" for n in range(SKUS)], DAYS),
            "location_id": ["W"] * (SKUS * DAYS),
            "day": days * SKUS,
            "quantity": random.poisson(2.0, SKUS * DAYS).astype(float),
            "protection_days": [14] * (SKUS * DAYS),
        }
    )


def _model(folder: Path, frame: pl.DataFrame, bucket: Bucket) -> Path:
    sku = (
        frame.group_by("item_id", "location_id")
        .agg(first_demand_on=pl.col("day").min())
        .with_columns(
            category=pl.lit(""),
            unit_price=pl.lit(1.0),
            demand_class=pl.lit("smooth"),
            lead_time_mean=pl.lit(7.0),
            lead_time_std=pl.lit(0.0),
            **{name: pl.lit(None, pl.Date) for name in ("created_on", "discontinued_on", "books_from")},
        )
    )
    demand = frame.select("item_id", "location_id", "quantity", bucket_on="day", is_stockout=pl.lit(False))
    empty = pl.DataFrame(schema={"item_id": pl.String, "location_id": pl.String, "day": pl.Date})
    events = pl.DataFrame(schema={"bucket_on": pl.Date, "events": pl.String})
    panel = build(sku, demand, empty, events, as_of=AS_OF, bucket=bucket, history_days=DAYS, future=14)
    panel = discounted(panel, empty.with_columns(discount_share=pl.lit(None, pl.Float64)))
    interval = Interval(np.full(SKUS, 14.0 / DAYS_IN[bucket]), np.zeros(SKUS))
    return store.save(training.calibrated_fallback(panel, interval, "test"), folder)


@pytest.mark.parametrize("bucket", ["day", "week"])
def test_two_weeks_of_demand_are_two_weeks_in_days_and_in_weeks(tmp_path: Path, bucket: Bucket) -> None:
    frame = _frame()
    served = predict_frame(bucket, _model(tmp_path / "model", frame, bucket), frame.to_pandas())
    assert served["mean"].mean() == pytest.approx(28.0, rel=0.1)
    assert served["std"].mean() == pytest.approx(
        np.sqrt(28.0), rel=0.1
    )  # Poisson; spread learnt of weeks is too narrow for days
    assert (served["q500"] <= served["q950"]).all()
