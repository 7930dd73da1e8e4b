"""The evaluation: leak-free rolling origins, the rule for all-zero series, members' own distributions, users' targets."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from models.distribution.calibration import identity
from models.recipe import Recipe
from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.forecast import evaluation_report, members, scoring, training
from pipelines.forecast.metrics import FINE, LEVELS
from pipelines.forecast.predictions import WindowForecast
from pipelines.forecast.scoring import PerSku
from tests.unit.models.panels import catalogue, make


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_FORECAST__MEMBERS", '["ses", "hurdle"]')
        settings.load.cache_clear()
        yield
    settings.load.cache_clear()


@pytest.fixture(scope="module")
def judged(quick: None) -> evaluation_report.Evaluation:
    return evaluation_report.judge(_catalogue(), ABC, PLAN)


PLAN = training.TrainingPlan(30, 2, 14)
ABC = np.array(["A", "B"] * 60)


def _catalogue(skus: int = 120):
    panel, _ = catalogue(skus, 260, seed=4)
    demand = panel.demand.copy()
    demand[:3] = 0.0
    return make(demand)


def test_every_origin_is_judged_on_what_its_choice_had_not_seen(judged: evaluation_report.Evaluation) -> None:
    panel, evaluation = _catalogue(), judged
    assert len(evaluation.origins) == 2 and evaluation.origins[0] < evaluation.origins[1] < panel.as_of
    assert evaluation.left_out == 3
    changed = panel.demand.copy()
    changed[:, -evaluation.window :] = 500.0
    later = evaluation_report.judge(make(changed), ABC, PLAN)
    first = pl.col("origin") == evaluation.origins[0]
    assert evaluation.scores.filter(first).equals(later.scores.filter(first)), (
        "what came later changes no earlier score"
    )
    assert not evaluation.scores.filter(~first).equals(later.scores.filter(~first))
    assert set(evaluation.by_member["member"]) == {
        "hybrid",
        "sba",
        "tsb",
        "mean_nonzero",
        "decayed_means",
        "ses",
        "hurdle",
    }
    assert evaluation.picture[:4] == b"\x89PNG"


def test_classes_and_abc_classes_add_up(judged: evaluation_report.Evaluation) -> None:
    evaluation = judged.overall.filter(pl.col("horizon") == "week 2")
    whole = evaluation.filter((pl.col("demand_class") == "all") & (pl.col("abc_class") == "all"))["skus"][0]
    assert evaluation.filter((pl.col("demand_class") != "all") & (pl.col("abc_class") == "all"))["skus"].sum() == whole
    assert evaluation.filter((pl.col("demand_class") == "all") & (pl.col("abc_class") != "all"))["skus"].sum() == whole


def test_weeks_are_calibrated_like_lead_times() -> None:
    evaluation = evaluation_report.judge(_catalogue(700), np.array(["A"] * 700), PLAN).overall
    whole = evaluation.filter((pl.col("demand_class") == "all") & (pl.col("abc_class") == "all"))
    assert set(whole["horizon"]) == {"lead time", "week 1", "week 2"}
    np.testing.assert_allclose(whole["coverage_95"].to_numpy(), 0.95, atol=0.03)


def test_too_short_a_history_is_refused_with_a_remedy() -> None:
    panel = make(np.ones((5, 40)))
    with pytest.raises(StockproofError, match="no window to judge on") as fault:
        evaluation_report.judge(panel, np.array(["A"] * 5), PLAN)
    assert "backtest_origins" in fault.value.remedy


def test_a_window_hidden_by_a_stockout_of_all_skus_judges_nobody() -> None:
    demand = catalogue(1, 260, seed=4)[0].demand
    demand[:, -20:] = np.nan
    evaluation = evaluation_report.judge(make(demand), np.array(["A"]), PLAN)
    assert len(evaluation.origins) == 1 and evaluation.scores["origin"].n_unique() == 1
    demand[:, 150:] = np.nan
    with pytest.raises(StockproofError, match="no window to judge on"):
        evaluation_report.judge(make(demand), np.array(["A"]), PLAN)


def test_targets_look_at_the_top_fifth_and_at_smooth_items() -> None:
    n = 10
    values = {"mae": np.arange(10.0), "mape": np.r_[np.full(5, 0.2), np.full(5, np.nan)]}
    evaluation = PerSku(
        np.r_[np.zeros(5, int), np.full(5, 2)], np.ones(n, bool), values, np.array(["x"] * n, dtype=object)
    )
    rows = evaluation_report.targets(evaluation, np.arange(10.0)).to_dicts()
    assert rows[0]["value"] == 8.5 and not rows[0]["met"]
    assert rows[1]["value"] == pytest.approx(0.2) and rows[1]["met"]
    lumpy = PerSku(np.full(n, 3), np.ones(n, bool), values, np.array(["x"] * n, dtype=object))
    row = evaluation_report.targets(lumpy, np.arange(10.0)).to_dicts()[1]
    assert (row["value"], row["met"]) == (None, None), "no smooth item misses nothing"


def test_a_member_s_own_distribution_is_scored_in_place_of_the_negative_binomial() -> None:
    recipe = Recipe(("a",), np.ones((5, 1)), ("a",) * 5, ("",) * 5, identity(), identity())
    shape = np.stack([np.linspace(1.0, 99.0, len(FINE)), np.full(len(FINE), np.nan)])
    window = WindowForecast(
        np.array([50.0, 50.0]),
        np.array([200.0, 0.0]),
        np.array([50.0, 50.0]),
        np.zeros(2, int),
        np.ones(2),
        recipe,
        shape,
    )
    evaluation = window.quantiles(LEVELS)
    assert evaluation[0, -1] == np.floor(shape[0, FINE.index(0.99)] + 0.5) and 60 < evaluation[1, -1] < 75
    assert window.covered(0.95).tolist() == [0.0, 1.0]


@pytest.fixture
def afterwards() -> Iterator[None]:
    """Settings are read again once a test has changed the environment."""
    yield
    settings.load.cache_clear()


def test_an_unknown_member_is_refused_by_name(afterwards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_FORECAST__MEMBERS", '["prophecy"]')
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match="prophecy") as fault:
        members.configured()
    assert "lightgbm" in fault.value.remedy


def test_trained_members_stay_out_where_the_ensemble_is_off(afterwards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_FORECAST__MEMBERS", '["lightgbm", "adida"]')
    monkeypatch.setenv("STOCKPROOF_FORECAST__ENSEMBLE", "false")
    settings.load.cache_clear()
    assert list(members.configured()) == ["sba", "tsb", "mean_nonzero", "decayed_means", "adida"]


def test_the_method_of_a_class_is_named_where_it_is_one() -> None:
    values = {
        name: np.ones(4)
        for name in ("scaled_pinball", "scaled_crps", "rmsse", "coverage_95", "mae", "mape", "mean", "demand")
    }
    method = np.array(["tsb", "tsb", "sba", "tsb"], dtype=object)
    evaluation = PerSku(np.array([0, 0, 1, 1]), np.ones(4, bool), values, method)
    assert [row.method for row in scoring.summary(evaluation)] == ["tsb", "hybrid", "hybrid"]
