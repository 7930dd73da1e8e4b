"""The verdict on a challenger beside the champion, planted better, worse and equal; and what spoke for a version that was taken back."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from models.interface import Interval
from models.recipe import Recipe
from models.store.catalogue import MAKERS, Options
from pipelines.core.panel import Panel
from pipelines.forecast import promotion, scoring, training
from pipelines.forecast.trained import Trained
from pipelines.io.registry import ROLLED_BACK, Version
from tests.unit.models.panels import catalogue

MEMBERS = ("sba", "tsb", "mean_nonzero", "decayed_means", "ses", "naive")
LABEL = "stockproof-forecaster/1"
DAY = date(2026, 6, 28)


@pytest.fixture(scope="module")
def books() -> tuple[Trained, Panel]:
    panel, interval = catalogue(80, 300)[0], Interval(np.full(80, 14.0), np.zeros(80))
    competing = {name: MAKERS[name](Options()) for name in MEMBERS}
    return training.fit(panel, interval, competing, training.TrainingPlan(30, 3, 28)), panel


def serving(recipe: Recipe, trained: Trained, panel: Panel) -> Trained:
    """The training, had it come to another recipe."""
    assert trained.judged_on is not None
    return replace(trained, recipe_judged=recipe, scores=scoring.scores(trained.judged_on, recipe, panel.demand, 30))


def test_a_planted_worse_challenger_is_refused(books: tuple[Trained, Panel]) -> None:
    trained, panel = books
    worse = serving(scoring.single_recipe("naive", trained.recipe_judged), trained, panel)
    verdict = promotion.against(worse, panel, LABEL, trained.recipe_judged)
    assert not verdict.promote and verdict.comparison is not None and verdict.comparison.low > 0
    assert verdict.reason.endswith("not proven better; the champion stays")


def test_a_better_one_is_promoted(books: tuple[Trained, Panel]) -> None:
    trained, panel = books
    verdict = promotion.against(trained, panel, LABEL, scoring.single_recipe("naive", trained.recipe_judged))
    assert verdict.promote and verdict.reason.endswith(": better") and len(verdict.window) == 2


def test_the_champion_itself_is_a_tie_and_stays(books: tuple[Trained, Panel]) -> None:
    trained, panel = books
    verdict = promotion.against(trained, panel, LABEL, trained.recipe_judged)
    assert not verdict.promote and verdict.comparison is not None and verdict.comparison.difference == 0.0


@pytest.mark.parametrize(("over_lead_time", "promoted"), [(1.0, True), (1.01, False)])
def test_better_by_the_week_it_must_be_no_worse_over_the_lead_time(
    books: tuple[Trained, Panel], over_lead_time: float, promoted: bool
) -> None:
    trained, panel = books
    naive = scoring.single_recipe("naive", trained.recipe_judged)
    theirs = serving(naive, trained, panel).scores[-1].scaled_pinball
    planted = replace(trained, scores=[replace(trained.scores[-1], scaled_pinball=theirs * over_lead_time)])
    assert promotion.against(planted, panel, LABEL, naive).promote is promoted


@pytest.mark.parametrize(
    ("trained_on", "refused"), [(DAY, True), (DAY + timedelta(days=7), True), (DAY - timedelta(days=7), False)]
)
def test_a_version_taken_back_is_not_promoted_again_on_the_weeks_that_spoke_for_it(
    monkeypatch: pytest.MonkeyPatch, trained_on: date, refused: bool
) -> None:
    champion = Version(1, DAY - timedelta(days=28), "champion", {"bucket": "day"})
    taken_back = Version(2, trained_on, ROLLED_BACK, {"bucket": "day", "service": "[]"})
    monkeypatch.setattr(promotion.registry, "incumbent", lambda bucket: champion)
    monkeypatch.setattr(promotion.registry, "versions", lambda: [taken_back, champion])
    monkeypatch.setattr(promotion, "_rival", lambda *_: None)
    unjudged = cast(Any, SimpleNamespace(scores=[], judged_on=None))
    panel = cast(Any, SimpleNamespace(bucket="day", length=300, as_of=DAY))
    verdict = promotion.judge(unjudged, panel, DAY)
    assert not verdict.promote and ("taken back" in verdict.reason) is refused
