"""statsforecast's members on lead-time demand, each with its own intervals, in the two ways its users have."""

import warnings
from typing import Any

import numpy as np

from pipelines.forecast.metrics import LEVELS

_WIDTHS = [round(200 * level - 100, 4) for level in LEVELS[1:]]


def members(season: int) -> list[Any]:
    """Models with native intervals, and intermittent ones with conformal intervals (their only kind)."""
    from statsforecast.models import (
        ADIDA,
        IMAPA,
        TSB,
        AutoETS,
        CrostonSBA,
        DynamicOptimizedTheta,
        HistoricAverage,
        SeasonalNaive,
        SimpleExponentialSmoothingOptimized,
        WindowAverage,
    )
    from statsforecast.utils import ConformalIntervals

    def conformal() -> Any:
        return ConformalIntervals(n_windows=4, h=1)

    return [
        HistoricAverage(),
        AutoETS(season_length=1, model="ZNN", alias="ETS"),
        AutoETS(season_length=1, alias="AutoETS"),
        DynamicOptimizedTheta(season_length=1),
        SeasonalNaive(season_length=max(season, 1)),
        SimpleExponentialSmoothingOptimized(prediction_intervals=conformal()),
        WindowAverage(6, prediction_intervals=conformal()),
        CrostonSBA(prediction_intervals=conformal()),
        TSB(0.2, 0.1, prediction_intervals=conformal()),
        IMAPA(prediction_intervals=conformal()),
        ADIDA(prediction_intervals=conformal()),
    ]


def on_windows(history: np.ndarray, width: np.ndarray, model: Any) -> np.ndarray:
    """Quantiles from the series of past window sums, one step ahead: the direct way.

    Args:
        history: [n, T] units, NaN before the first demand.
        width: [n] buckets of a window.
        model: one of :func:`members`.

    Returns:
        [n, q] units on metrics.LEVELS; NaN where the model refuses the series.
    """
    out = np.full((history.shape[0], len(LEVELS)), np.nan)
    for i in range(history.shape[0]):
        known = np.nan_to_num(history[i, np.argmax(np.isfinite(history[i])) :])
        count = known.size // int(width[i])
        if count < 2:
            continue
        sums = known[known.size - count * int(width[i]) :].reshape(count, int(width[i])).sum(axis=1)
        out[i] = _one(model, sums, 1)
    return out


def on_buckets(history: np.ndarray, width: np.ndarray, model: Any) -> np.ndarray:
    """Quantiles from the path per bucket, its variances added as if buckets were independent; native intervals only."""
    out = np.full((history.shape[0], len(LEVELS)), np.nan)
    from scipy.stats import norm

    for i in range(history.shape[0]):
        known = np.nan_to_num(history[i, np.argmax(np.isfinite(history[i])) :])
        forecast = _forecast(model, known, int(width[i]), [68.27])
        if forecast is not None:
            std = np.sqrt(((forecast["hi-68.27"] - forecast["mean"]) ** 2).sum())
            out[i] = np.maximum(forecast["mean"].sum() + std * norm.ppf(LEVELS), 0.0)
    return out


def _one(model: Any, sums: np.ndarray, step: int) -> np.ndarray:
    forecast = _forecast(model, sums, step, _WIDTHS)
    if forecast is None:
        return np.full(len(LEVELS), np.nan)
    values = [
        forecast["mean"][0],
        *(
            forecast[f"hi-{width:g}"][0] if f"hi-{width:g}" in forecast else forecast[f"hi-{width}"][0]
            for width in _WIDTHS
        ),
    ]
    return np.maximum(np.maximum.accumulate(values), 0.0)


def _forecast(model: Any, y: np.ndarray, h: int, level: list[float]) -> dict[str, np.ndarray] | None:
    """None where the model refuses the series (too short, constant)."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            forecast = model.forecast(y=y.astype(np.float64), h=h, level=level)
        except Exception:
            return None
    return forecast if all(np.isfinite(v).all() for v in forecast.values()) else None
