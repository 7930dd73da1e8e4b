"""Which bundle serves a morning, and what it says; where none fits, the fallbacks, which say why."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from models import hybrid
from models.hybrid import Hybrid
from models.interface import CumulativeDistribution, Distribution, Interval
from pipelines import settings
from pipelines.briefing.degraded import FALLBACK_MODEL
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import bundle, detail, period_forecasts, training
from pipelines.forecast.bundle import Bundle
from pipelines.io import registry
from pipelines.io.registry_versions import Version

FALLBACK: Final = FALLBACK_MODEL

IN_THE_RUN: Final = "trained in the run"
"""Model version of review periods where no registered one fits."""


@dataclass(frozen=True)
class Fetched:
    """The version of a date.

    Attributes:
        version: None where none serves.
        bundle: loaded; None where there is none, or it cannot be read.
        why: why there is no bundle; empty where there is one.
    """

    version: Version | None
    bundle: Bundle | None
    why: str

    @property
    def label(self) -> str:
        """Name of the version."""
        return self.version.label if self.version else ""


@contextmanager
def fetched(as_of: date, bucket: str) -> Iterator[Fetched]:
    """The version that serves a date, loaded; its files stay while the context is open."""
    with tempfile.TemporaryDirectory() as scratch:
        yield _fetch(as_of, bucket, Path(scratch))


def _fetch(as_of: date, bucket: str, scratch: Path) -> Fetched:
    try:
        version = registry.champion_as_of(as_of, bucket)
        if version is None:
            return Fetched(None, None, _none_of_the_date(as_of, bucket))
        return Fetched(version, bundle.load(registry.download(version, scratch)), "")
    except StockproofError as fault:
        return Fetched(None, None, fault.message)


def fitting(found: Fetched, panel: Panel) -> Fetched:
    """The same, without its bundle where that must not serve these histories."""
    if found.bundle is None or found.version is None:
        return found
    why = bundle.refusal(found.label, dict(found.version.tags), found.bundle, panel, found.version.trained_as_of)
    return Fetched(found.version, None, why) if why else found


def model(found: Fetched, panel: Panel, interval: Interval) -> tuple[Hybrid, str, str]:
    """(the forecaster that serves, its version, why): the bundle's, else the fallback fitted on the spot, with the reason."""
    if found.bundle is not None:
        return found.bundle.model, found.label, "champion"
    return training.calibrated_fallback(panel, interval, found.why), FALLBACK, found.why


def periods(found: Fetched, as_of: date, items: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """(rows of plan.period_forecasts by the bundle's forecaster, or by one trained here; why the bundle's does not serve)."""
    if found.bundle is None:
        rows, _ = period_forecasts.rows(as_of, items)
        return _versioned(rows, IN_THE_RUN), found.why
    try:
        rows, why = period_forecasts.rows(as_of, items, found.bundle.period)
    except StockproofError:
        raise
    except Exception as fault:  # whatever a library finds wrong with stored trees must not cost the morning's orders
        rows, _ = period_forecasts.rows(as_of, items)
        why = f"{found.label} failed on review periods: {type(fault).__name__}: {fault}".splitlines()[0][:200]
    return _versioned(rows, IN_THE_RUN if why else found.label), why


def _versioned(rows: pl.DataFrame, version: str) -> pl.DataFrame:
    return rows.with_columns(model_version=pl.lit(version))


def _none_of_the_date(as_of: date, bucket: str) -> str:
    """Why no version serves, and what to do where there is one that knows too much."""
    why = f"no model trained on or before {as_of} on buckets of a {bucket} is registered"
    later = registry.champion_after(as_of, bucket)
    if later is None:
        return why
    return (
        f"{why}; {later.label} is of {later.trained_as_of} and is not used for an earlier date, since it has seen what came after it: "
        f"`stockproof run training --as-of {as_of}` trains one for the date"
    )


@dataclass(frozen=True)
class Said:
    """All that a model says of a morning.

    Attributes:
        buckets: demand of each bucket of ``planning.horizon_days``.
        protection: demand over the protection interval.
        drivers: [n] JSON objects.
    """

    buckets: Distribution
    protection: CumulativeDistribution
    drivers: list[str]


def answered(
    serving: tuple[Hybrid, str, str], panel: Panel, interval: Interval, levels: tuple[float, ...]
) -> tuple[Said, tuple[Hybrid, str, str]]:
    """What the serving model says of all it is asked, or the fallback where the model fails at any part of it.

    Args:
        serving: the model, its version and why it serves.
        panel: histories of the active SKUs.
        interval: protection intervals.
        levels: of the protection interval's quantiles, ascending.

    Returns:
        (what was said, who said it: model, version and why).
    """
    asked, version, _ = serving
    try:
        return ask(asked, panel, interval, levels), serving
    except Exception as fault:  # whatever a library finds wrong with a stored model must not cost the morning's orders
        if version == FALLBACK:
            raise
        why = f"{version} failed on today's data: {type(fault).__name__}: {fault}".splitlines()[0][:200]
    simple = training.calibrated_fallback(panel, interval, why)
    return ask(simple, panel, interval, levels), (simple, FALLBACK, why)


def ask(asked: Hybrid, panel: Panel, interval: Interval, levels: tuple[float, ...], *, drivers: bool = True) -> Said:
    """Ask a model; without drivers it need not explain itself."""
    horizon = max(settings.load().planning.horizon_days // DAYS_IN[panel.bucket], 1)
    longest = min(int(np.ceil(interval.mean.max(initial=1.0))), hybrid.LONGEST_WEEKS * panel.period)
    path = asked.path(panel, max(horizon, longest))
    return Said(
        asked.around(panel, path[:, :horizon], LEVELS),
        asked.cumulative_around(panel, path, interval, levels),
        detail.drivers(asked, panel) if drivers else [],
    )
