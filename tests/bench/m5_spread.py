"""Quantiles of daily sales at all twelve levels of M5: negative binomials around the summed means, spread as in the daily run."""

from dataclasses import replace

import numpy as np
import polars as pl

from models import seasonal
from models.distribution import negbin, spread
from models.members import features
from pipelines.core.panel import Array, Panel, classify
from tests.bench.m5_score import LEVELS, Score, groups, total

QUANTILES = (0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995)
"""The nine of the competition."""

RECENT = 728
"""Days of history that the spread is learnt on."""


def wspl(panel: Panel, ids: pl.DataFrame, path: Array, judge: Score) -> Array:
    """[12] weighted scaled pinball loss of each level."""
    return np.array([judge.wspl(quantiles(panel, ids, path, keys), QUANTILES, keys) for keys in LEVELS])


def quantiles(panel: Panel, ids: pl.DataFrame, path: Array, keys: tuple[str, ...]) -> Array:
    """Quantiles of one level.

    Args:
        panel: of the items, as it stood at the origin.
        ids: of its rows.
        path: [n, h] expected units.
        keys: one of :data:`tests.bench.m5_score.LEVELS`.

    Returns:
        [g, h, 9] units.
    """
    code = groups(ids, keys)
    first = np.unique(code, return_index=True)[1]
    recent = panel.demand[:, -RECENT:]
    demand = total(np.nan_to_num(recent), code) if keys != LEVELS[-1] else recent[np.argsort(code)]
    mean = total(path, code)
    # Large totals have a season of their own; thin ones share their department's.
    group = np.arange(first.size) if first.size < 100 else panel.group[first]
    part = replace(
        panel, item_ids=panel.item_ids[first], location_ids=panel.location_ids[first], demand=demand, alive=np.isfinite(demand),
        censored=np.zeros(demand.shape, dtype=bool), demand_class=classify(demand), group=group, statics={}, local={}, levels={},
    )  # fmt: skip
    season = seasonal.fit(part)
    past = spread.windows(part, season, features.priors(part), np.ones(part.skus), 91)
    fitted = spread.fit(past)
    variance = fitted.variance(mean, past.compound, past.code, spread.own_factor(past, fitted))
    h = mean.shape[1]
    table = np.tile(np.array(QUANTILES), (5, 1))
    flat = negbin.quantiles(mean.ravel(), variance.ravel(), table, np.repeat(past.code, h), np.ones(mean.size))
    return np.asarray(flat.reshape(-1, h, len(QUANTILES)))
