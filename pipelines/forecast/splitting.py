"""The forecasts of a morning as tables: the champion's, of a share of the SKUs the challenger's; and beside them what the other said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from models.hybrid import ZERO_METHOD, Hybrid
from models.interface import CumulativeDistribution, Interval
from pipelines import settings
from pipelines.core.draw import KEY
from pipelines.core.panel import Array, Panel
from pipelines.forecast import panels, period_forecasts, sanity, served, shadow, share, share_tables
from pipelines.forecast.frames import cumulative_frame, daily_frame, on_grid
from pipelines.forecast.served import FALLBACK
from pipelines.forecast.shadow import Beside

SERVED: Final = ("plan.forecasts", "plan.lead_time_forecasts", "plan.period_forecasts")


@dataclass(frozen=True)
class Morning:
    """What serves a date, and what it said.

    Attributes:
        panel: histories of the active SKUs.
        unusable: [n] buckets of each SKU whose quantity could not be used.
        interval: protection intervals.
        said: by the model that serves.
        model: the model.
        version: its label.
        why: why it serves.
        code: code that trained it.
        by_period: rows of plan.period_forecasts.
        period_why: why the bundle's forecaster of review periods does not serve; empty where it does.
    """

    panel: Panel
    unusable: Array
    interval: Interval
    said: served.Said
    model: Hybrid
    version: str
    why: str
    code: str
    by_period: pl.DataFrame
    period_why: str


@dataclass(frozen=True)
class Split:
    """Rows of a morning.

    Attributes:
        served: rows of :data:`SERVED` by table.
        beside: rows of the shadow's tables; none where no other version forecasts.
        ends: [n, 2] ends of the interval over the protection interval, of the version that serves the SKU.
        drivers: [n] JSON objects of the same.
        inside: [n] SKUs that the challenger serves.
    """

    served: dict[str, pl.DataFrame]
    beside: dict[str, pl.DataFrame]
    ends: Array
    drivers: list[str]
    inside: Array


def split(
    morning: Morning, beside: Beside | None, as_of: date, items: Sequence[str], low_high: tuple[float, float]
) -> Split:
    """Who serves which SKU, as rows.

    Args:
        morning: what serves, and what it said.
        beside: the other version; None where there is none.
        as_of: the run's date.
        items: items asked for; empty: all.
        low_high: probabilities of the ends of the interval.
    """
    panel, code = morning.panel, morning.code
    at_work = beside is not None and beside.contends and morning.version != FALLBACK
    inside = _inside(panel, as_of, beside.version) if beside and at_work else np.zeros(panel.skus, dtype=bool)
    data_hash = panels.data_hash(panel)
    champion: tuple[pl.DataFrame, ...] = _frames(
        morning, morning.said, morning.model, (morning.version, data_hash, code)
    )
    ends, drivers = _ends(morning.said.protection, low_high), morning.said.drivers
    by_period, other = morning.by_period.with_columns(data_hash=pl.lit(data_hash), code_version=pl.lit(code)), {}
    if beside is not None:
        challenger = _frames(morning, beside.said, beside.model, (beside.version, data_hash, beside.code))
        steps = panel.skus and champion[0].height // panel.skus
        masks = (np.repeat(inside, steps), inside)
        other = {
            table: share.mixed(second, first, mask).with_columns(share.arms(mask, at_work=at_work))
            for table, first, second, mask in zip(shadow.TABLES, champion, challenger, masks, strict=True)
        }
        champion = tuple(
            share.mixed(first, second, mask) for first, second, mask in zip(champion, challenger, masks, strict=True)
        )
        if inside.any():
            ends = np.where(inside[:, None], _ends(beside.said.protection, low_high), ends)
            drivers = [beside.said.drivers[i] if inside[i] else drivers[i] for i in range(panel.skus)]
            by_period = _periods(by_period, morning, beside, as_of, items, inside)
    rows = (*champion, by_period)
    frames = {
        table: frame.with_columns(_arms(frame, panel, inside, at_work=at_work))
        for table, frame in zip(SERVED, rows, strict=True)
    }
    return Split(frames, other, ends, drivers, inside)


def _inside(panel: Panel, as_of: date, challenger: str) -> Array:
    """[n] SKUs whose place in the draw is below the share."""
    drawn = share_tables.drawn(as_of, challenger)
    within = drawn.filter(pl.col("place") < settings.load().governance.challenger_share)
    joined = _keys(panel).join(within, on=KEY, how="left", maintain_order="left")
    return joined["place"].is_not_null().to_numpy()


def _frames(
    morning: Morning, said: served.Said, model: Hybrid, trace: tuple[str, str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of plan.forecasts and plan.lead_time_forecasts; ``trace``: version, fingerprint of the data, code."""
    version, data_hash, code = trace
    named = {"data_hash": pl.lit(data_hash), "code_version": pl.lit(code)}
    panel, interval = morning.panel, morning.interval
    daily = daily_frame(panel, said.buckets).with_columns(model_version=pl.lit(version), **named)
    lead = cumulative_frame(panel, on_grid(said.protection), interval, model, version, morning.unusable)
    return daily, lead.with_columns(**named)


def _ends(protection: CumulativeDistribution, low_high: tuple[float, float]) -> Array:
    _, quantiles = sanity.tidy(protection.mean, protection.quantiles)
    return quantiles[:, [protection.levels.index(level) for level in low_high]]


def _periods(
    champion: pl.DataFrame, morning: Morning, beside: Beside, as_of: date, items: Sequence[str], inside: Array
) -> pl.DataFrame:
    """Rows of plan.period_forecasts, of some SKUs by the challenger's bundle."""
    rows, _ = served.periods(beside.found, as_of, items)
    gone = beside.model.assign(morning.panel).methods == ZERO_METHOD
    rows = period_forecasts.none_of_the_gone(rows, morning.panel, gone)
    trace = {"data_hash": champion["data_hash"][0] if champion.height else "", "code_version": beside.code}
    rows = rows.with_columns(**{name: pl.lit(value) for name, value in trace.items()})
    keys = _keys(morning.panel).filter(pl.Series(inside))
    return pl.concat([
        champion.join(keys, on=KEY, how="anti", maintain_order="left"),
        rows.select(champion.columns).join(keys, on=KEY, how="semi", maintain_order="left"),
    ])  # fmt: skip


def _arms(frame: pl.DataFrame, panel: Panel, inside: Array, *, at_work: bool) -> pl.Series:
    keys = _keys(panel).with_columns(inside=pl.Series(inside))
    joined = frame.select(KEY).join(keys, on=KEY, how="left", maintain_order="left")
    return share.arms(joined["inside"].fill_null(value=False).to_numpy(), at_work=at_work)


def _keys(panel: Panel) -> pl.DataFrame:
    return pl.DataFrame({"item_id": panel.item_ids.astype(str), "location_id": panel.location_ids.astype(str)})
