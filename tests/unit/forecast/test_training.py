"""Histories far shorter than ``planning.history_days``; when a new model takes the champion's place, and in which recipe it meets it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from models.interface import Interval
from models.store import folder as store
from models.store.catalogue import MAKERS, Options
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import promotion, training
from pipelines.io.registry import Version
from tests.unit.models.panels import catalogue, make

DAY = date(2026, 6, 28)
UNREAD = cast(Any, None)


def _judged(monkeypatch: pytest.MonkeyPatch, champion: Version | None, bucket: str) -> tuple[bool, str]:
    monkeypatch.setattr(promotion.registry, "champion", lambda: champion)
    monkeypatch.setattr(promotion.registry, "versions", lambda: [] if champion is None else [champion])
    verdict = promotion.judge(UNREAD, cast(Any, SimpleNamespace(bucket=bucket)), DAY)
    return verdict.promote, verdict.reason


def test_the_first_version_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _judged(monkeypatch, None, "day") == (True, "first version")


def test_the_first_on_other_buckets_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    of_days = Version(1, DAY, "champion", {"bucket": "day"})
    assert _judged(monkeypatch, of_days, "week") == (True, "the first on buckets of a week")


def test_a_training_of_an_earlier_date_than_the_champion_s_serves_the_dates_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = Version(1, date(2026, 7, 5), "champion", {"bucket": "day"})
    verdict = "the first of its date; stockproof-forecaster/1 serves from 2026-07-05 on"
    assert _judged(monkeypatch, newer, "day") == (True, verdict)


@pytest.mark.parametrize("before", [np.nan, 0.0])
@pytest.mark.parametrize(("known", "origins"), [(20, 0), (90, 1), (120, 2)])
def test_an_erp_that_began_to_sell_months_ago_can_be_trained_on(before: float, known: int, origins: int) -> None:
    demand = catalogue(60, 400)[0].demand
    demand[:, :-known] = before
    panel, interval = make(demand), Interval(np.full(60, 14.0), np.zeros(60))
    names = ("sba", "tsb", "mean_nonzero", "decayed_means", "lightgbm", "xgboost", "lightgbm_quantile")
    competing = {name: MAKERS[name](Options(horizon=28)) for name in names}
    fit = training.fit(panel, interval, competing, training.TrainingPlan(30, 3, 28))
    assert len(fit.origins) == origins and bool(fit.scores) == (origins > 1)
    quantiles = fit.model.predict_cumulative(panel, interval, LEVELS).quantiles
    assert np.isfinite(quantiles).all() and (quantiles[:, -1] > 0).any()


def test_a_catalogue_without_any_demand_is_forecast_zero() -> None:
    panel, interval = make(np.zeros((40, 200))), Interval(np.full(40, 14.0), np.zeros(40))
    competing = {name: MAKERS[name](Options()) for name in ("sba", "tsb", "mean_nonzero", "decayed_means", "lightgbm")}
    fit = training.fit(panel, interval, competing, training.TrainingPlan(30, 3, 28))
    assert fit.origins == [] and not fit.model.predict_cumulative(panel, interval, LEVELS).quantiles.any()


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "lightgbm_quantile"])
@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_what_trains_over_all_skus_takes_the_base_where_there_is_nothing_to_learn(library: str, value: float) -> None:
    panel = make(np.full((40, 200), value))
    path = MAKERS[library](Options()).fit(panel).path(panel, 5)
    assert np.isfinite(path).all() and (path < 0.01).all()


SIMPLE = ("sba", "tsb", "mean_nonzero", "decayed_means", "ses")
PLAN = training.TrainingPlan(30, 3, 28)


@pytest.mark.parametrize(("age", "known"), [(7, "judged"), (27, "judged"), (28, "final"), (60, "final")])
def test_a_champion_is_met_in_a_recipe_that_had_not_seen_the_window_that_judges(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, age: int, known: str
) -> None:
    """A champion of last week was chosen and calibrated on three of the four weeks; the new recipe on none of them."""
    panel, interval = catalogue(80, 300)[0], Interval(np.full(80, 14.0), np.zeros(80))
    trained = training.fit(panel, interval, {name: MAKERS[name](Options()) for name in SIMPLE}, PLAN)
    eye = np.eye(len(SIMPLE))
    recipes = {
        kind: replace(trained.recipe_judged, weights=np.tile(eye[at], (5, 1)), methods=(SIMPLE[at],) * 5, segments=None)
        for kind, at in (("judged", 0), ("final", 1))
    }
    model = replace(trained.model, recipe=recipes["final"])
    folder = store.save(model, tmp_path, recipes["judged"])
    champion = Version(3, panel.as_of - timedelta(days=age), "champion", {"bucket": "day"})
    monkeypatch.setattr(promotion.registry, "incumbent", lambda bucket: champion)
    monkeypatch.setattr(promotion.registry, "versions", lambda: [champion])
    monkeypatch.setattr(promotion.registry, "fetch", lambda version, target: folder)
    verdict = promotion.judge(trained, panel, panel.as_of)
    wanted = training.scoring.scores(cast(Any, trained.judged_on), recipes[known], panel.demand, 30)[-1]
    assert verdict.champion is not None and verdict.champion.scaled_pinball == wanted.scaled_pinball
    assert "the champion stockproof-forecaster/3" in verdict.reason
    assert store.load(folder).recipe.methods == recipes["final"].methods, "what serves is as before"


def test_a_model_stored_without_that_recipe_is_met_in_its_own(tmp_path: Path) -> None:
    panel, interval = catalogue(60, 300)[0], Interval(np.full(60, 14.0), np.zeros(60))
    trained = training.fit(panel, interval, {name: MAKERS[name](Options()) for name in SIMPLE}, PLAN)
    assert store.judged(store.save(trained.model, tmp_path)).methods == trained.model.recipe.methods


@pytest.mark.parametrize("known", [20, 90])
def test_without_a_window_to_judge_on_no_booster_serves(known: int) -> None:
    demand = catalogue(200, 400)[0].demand
    demand[:, :-known] = np.nan
    panel, interval = make(demand), Interval(np.full(200, 14.0), np.zeros(200))
    names = ("sba", "tsb", "mean_nonzero", "decayed_means", "lightgbm", "xgboost")
    trained = training.fit(panel, interval, {name: MAKERS[name](Options(horizon=28)) for name in names}, PLAN)
    assert not trained.scores
    assert set(trained.model.recipe.methods) <= {"sba", "tsb", "mean_nonzero"}
    assert trained.model.recipe.segments is None
