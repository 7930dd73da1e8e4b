"""Histories far shorter than ``planning.history_days``; when a new model takes the champion's place without a comparison."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from models.catalogue import MAKERS, Options
from models.interface import Interval
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import training
from pipelines.io.registry import Version
from tests.unit.models.panels import catalogue, make

DAY = date(2026, 6, 28)
UNREAD = cast(Any, None)


def _judged(monkeypatch: pytest.MonkeyPatch, champion: Version | None, bucket: str) -> tuple[bool, str]:
    monkeypatch.setattr(training.registry, "champion", lambda: champion)
    promote, reason, _ = training._judge(UNREAD, cast(Any, SimpleNamespace(bucket=bucket)), DAY)
    return promote, reason


def test_the_first_version_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _judged(monkeypatch, None, "day") == (True, "first version")


def test_the_first_on_other_buckets_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    of_days = Version(1, DAY, "champion", {"bucket": "day"})
    assert _judged(monkeypatch, of_days, "week") == (True, "the first on buckets of a week")


def test_a_champion_of_newer_data_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = Version(1, date(2026, 7, 5), "champion", {"bucket": "day"})
    promote, reason = _judged(monkeypatch, newer, "day")
    assert not promote and "newer data (2026-07-05)" in reason


@pytest.mark.parametrize("before", [np.nan, 0.0])
@pytest.mark.parametrize(("known", "origins"), [(20, 0), (90, 1), (120, 2)])
def test_an_erp_that_began_to_sell_months_ago_can_be_trained_on(before: float, known: int, origins: int) -> None:
    demand = catalogue(60, 400)[0].demand
    demand[:, :-known] = before
    panel, interval = make(demand), Interval(np.full(60, 14.0), np.zeros(60))
    names = ("sba", "tsb", "mean_nonzero", "decayed_means", "lightgbm", "xgboost", "lightgbm_quantile")
    competing = {name: MAKERS[name](Options(horizon=28)) for name in names}
    told = training.fit(panel, interval, competing, training.Plan(30, 3, 28))
    assert len(told.origins) == origins and bool(told.scores) == (origins > 1)
    quantiles = told.model.predict_cumulative(panel, interval, LEVELS).quantiles
    assert np.isfinite(quantiles).all() and (quantiles[:, -1] > 0).any()


def test_a_catalogue_without_any_demand_is_forecast_zero() -> None:
    panel, interval = make(np.zeros((40, 200))), Interval(np.full(40, 14.0), np.zeros(40))
    competing = {name: MAKERS[name](Options()) for name in ("sba", "tsb", "mean_nonzero", "decayed_means", "lightgbm")}
    told = training.fit(panel, interval, competing, training.Plan(30, 3, 28))
    assert told.origins == [] and not told.model.predict_cumulative(panel, interval, LEVELS).quantiles.any()


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "lightgbm_quantile"])
@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_what_trains_over_all_skus_takes_the_base_where_there_is_nothing_to_learn(library: str, value: float) -> None:
    panel = make(np.full((40, 200), value))
    path = MAKERS[library](Options()).fit(panel).path(panel, 5)
    assert np.isfinite(path).all() and (path < 0.01).all()
