"""WRMSSE and WSPL over the twelve levels of M5, weights as published (Makridakis, Spiliotis & Assimakopoulos 2022, IJF 38)."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.core.panel import Array
from tests.bench.m5_data import prices, sales

LEVELS: tuple[tuple[str, ...], ...] = (
    (), ("state_id",), ("store_id",), ("cat_id",), ("dept_id",), ("state_id", "cat_id"), ("state_id", "dept_id"), ("store_id", "cat_id"),
    ("store_id", "dept_id"), ("item_id",), ("item_id", "state_id"), ("item_id", "store_id"),
)  # fmt: skip


def groups(ids: pl.DataFrame, keys: Sequence[str]) -> Array:
    """[n] code of each series' group at a level."""
    if not keys:
        return np.zeros(ids.height, dtype=np.int64)
    return ids.select(pl.struct(*keys).rank("dense").alias("g"))["g"].to_numpy().astype(np.int64) - 1


def total(values: Array, group: Array) -> Array:
    """[g, t] sums of rows by group."""
    out = np.zeros((int(group.max()) + 1, values.shape[1]))
    np.add.at(out, group, values)
    return out


class Score:
    """Scores forecasts of the 28 days after an origin.

    Args:
        origin: last day known; the days after it must be in the data.
    """

    def __init__(self, origin: int) -> None:
        self.ids, units = sales()
        self.past, self.actual = units[:, :origin].astype(float), units[:, origin : origin + 28].astype(float)
        price = prices(self.ids, origin, origin)[:, -28:]
        self.value = (np.nan_to_num(price) * self.past[:, -28:]).sum(axis=1)

    def wrmsse(self, forecast: Array) -> Array:
        """[12] weighted root mean squared scaled error of each level.

        Args:
            forecast: [30490, 28] units.
        """
        out = []
        for keys in LEVELS:
            group = groups(self.ids, keys)
            weight = np.bincount(group, self.value) / self.value.sum()
            scale = _mean_change(total(self.past, group), 2)
            error = ((total(self.actual, group) - total(forecast, group)) ** 2).mean(axis=1)
            out.append(float((weight * np.sqrt(error / scale)).sum()))
        return np.array(out)

    def wspl(self, quantiles: Array, levels: Sequence[float], keys: Sequence[str]) -> float:
        """Weighted scaled pinball loss of one level.

        Args:
            quantiles: [g, 28, q] units.
            levels: q probabilities.
            keys: one of :data:`LEVELS`.
        """
        group = groups(self.ids, keys)
        weight = np.bincount(group, self.value) / self.value.sum()
        scale = _mean_change(total(self.past, group), 1)
        error = total(self.actual, group)[:, :, None] - quantiles
        level = np.array(levels)
        loss = np.maximum(level * error, (level - 1) * error).mean(axis=(1, 2))
        return float((weight * loss / scale).sum())


def _mean_change(past: Array, power: int) -> Array:
    """[g] mean absolute (or squared) day-to-day change since the first sale."""
    started = np.cumsum(past > 0, axis=1) > 0
    steps = np.where(started[:, :-1], np.abs(np.diff(past, axis=1)) ** power, 0.0)
    return np.asarray(np.maximum(steps.sum(axis=1) / np.maximum(started[:, :-1].sum(axis=1), 1), 1e-9))
