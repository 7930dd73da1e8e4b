"""mlforecast on lead-time demand: a global LightGBM on the lags of window sums, a quantile objective each level, or conformal intervals."""

import warnings

import numpy as np
import polars as pl

from pipelines.core.panel import Array
from pipelines.forecast.metrics import LEVELS

WAYS = ("quantile objective", "quantile objective, series scaled", "conformal intervals")


def on_windows(history: Array, width: Array, way: str, threads: int) -> Array:
    """Quantiles of the next window's demand, from the series of past window sums.

    Args:
        history: [n, T] units, NaN before the first demand.
        width: [n] buckets of a window.
        way: one of :data:`WAYS`.
        threads: CPU threads.

    Returns:
        [n, q] units on metrics.LEVELS; NaN where the library returns nothing for a series (too short for its lags).
    """
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExpandingMean, RollingMean
    from mlforecast.target_transforms import LocalStandardScaler
    from mlforecast.utils import PredictionIntervals

    plain = {"n_estimators": 120, "learning_rate": 0.06, "verbosity": -1, "n_jobs": threads, "min_child_samples": 40}
    conformal = way == "conformal intervals"
    models = (
        {"mean": LGBMRegressor(**plain)}
        if conformal
        else {f"q{k}": LGBMRegressor(objective="quantile", alpha=level, **plain) for k, level in enumerate(LEVELS)}
    )
    engine = MLForecast(
        models=models, freq=1, lags=[1, 2, 3], num_threads=threads,
        lag_transforms={1: [RollingMean(window_size=3, min_samples=1), ExpandingMean()]},
        target_transforms=[LocalStandardScaler()] if way.endswith("scaled") or conformal else None,
    )  # fmt: skip
    frame = _sums(history, width, 8 if conformal else 4)
    widths = [round(200 * level - 100, 4) for level in LEVELS[1:]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine.fit(
            frame, static_features=[], prediction_intervals=PredictionIntervals(n_windows=2, h=1) if conformal else None
        )
        forecast = engine.predict(1, level=widths) if conformal else engine.predict(1)
    columns = ["mean", *(f"mean-hi-{w}" for w in widths)] if conformal else [f"q{k}" for k in range(len(LEVELS))]
    out = np.full((history.shape[0], len(LEVELS)), np.nan)
    out[forecast["unique_id"].to_numpy()] = forecast.select(columns).to_numpy()
    return np.maximum(np.maximum.accumulate(out, axis=1), 0.0)


def _sums(history: Array, width: Array, fewest: int) -> pl.DataFrame:
    """Long frame of the window sums of series that have at least ``fewest``."""
    parts = []
    for i in range(history.shape[0]):
        known = np.nan_to_num(history[i, np.argmax(np.isfinite(history[i])) :])
        w = int(width[i])
        count = known.size // w
        if count >= fewest:
            sums = known[known.size - count * w :].reshape(count, w).sum(axis=1)
            parts.append(pl.DataFrame({"unique_id": np.full(count, i), "ds": np.arange(count), "y": sums}))
    return pl.concat(parts)
