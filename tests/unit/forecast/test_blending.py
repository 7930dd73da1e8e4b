"""Where the learnt quantiles enter, and that what is judged is what is served."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from models.distribution import blend
from models.distribution.blend import GRID, Blend
from models.distribution.calibration import KNOTS, Calibration, identity, share
from models.hybrid import Hybrid
from models.interface import Interval
from models.members import classical
from models.members.classical import Decayed
from models.members.quantiles import QuantileBooster
from models.recipe import Recipe
from models.store import folder as store
from pipelines.core.panel import CLASSES, Array
from pipelines.forecast import backtest, blending, pooling, predictions
from pipelines.forecast.metrics import LEVELS
from pipelines.forecast.pooling import Pool
from tests.unit.models.panels import catalogue

CODE = CLASSES.index("intermittent")
MEMBERS = ("tsb", blend.MEMBER)
RECIPE = Recipe(MEMBERS, np.tile([1.0, 0.0], (5, 1)), ("tsb",) * 5, ("why",) * 5, identity(), identity())


def _pool(stack: float, learnt: float, origins: int = 4, skus: int = 300, seed: int = 0) -> Pool:
    """Poisson windows: the mix of members is off by one factor, the learnt quantiles by another."""
    random = np.random.default_rng(seed)
    true = np.tile(np.exp(random.normal(1.5, 0.8, skus)), origins)
    n = true.size
    quantiles = stats.poisson(learnt * true[:, None]).ppf(np.array(GRID))
    return Pool(
        np.stack([stack * true, true], axis=1),
        random.poisson(true).astype(float),
        np.stack([np.ones(n), np.zeros(n)]),
        np.maximum(true, 0.5),
        np.ones(n),
        np.full(n, CODE),
        np.tile(np.arange(skus), origins),
        np.repeat(np.arange(origins), skus),
        true / 14,
        {blend.MEMBER: quantiles},
    )


def test_errors_that_cancel_are_blended_and_the_reason_tells_the_gain() -> None:
    decided = blending.decide(_pool(1.3, 0.7), RECIPE, 60)
    assert decided.share.tolist() == [0, 0, blend.SHARE, 0, 0]
    assert "half of the distribution from lightgbm_quantile: -" in decided.reasons[CODE]
    assert "for intermittent demand over 4 backtest windows, standard error" in decided.reasons[CODE]


def test_what_clearly_makes_it_worse_stays_out() -> None:
    decided = blending.decide(_pool(1.0, 3.0), RECIPE, 60)
    assert not decided.share.any() and decided.reasons == ("",) * 5


@pytest.mark.parametrize("pool", [_pool(1.3, 0.7, origins=1), _pool(1.3, 0.7, origins=2, skus=20)])
def test_one_window_or_a_handful_of_skus_prove_nothing(pool: Pool) -> None:
    assert not blending.decide(pool, RECIPE, 60).share.any()


def test_without_the_member_or_where_it_is_silent_nothing_is_blended() -> None:
    pool = _pool(1.3, 0.7)
    silent = replace(pool, shapes={blend.MEMBER: np.full_like(pool.shapes[blend.MEMBER], np.nan)})
    for one in (replace(pool, shapes={}), silent):
        assert not blending.decide(one, RECIPE, 60).share.any()


def test_the_blend_as_a_whole_is_recalibrated() -> None:
    """Both halves lie too low in every window: their mix would cover too little."""
    pool = _pool(0.75, 0.75)
    decided = blending.decide(pool, RECIPE, 60)
    code, unit = pool.code, pool.unit
    base = stats.poisson(pool.means[:, :1]).ppf(np.array(GRID))
    before = share(*blend.transform(base, pool.demand, unit), np.array([0.95]))[0]
    grid = blend.mixed(decided, base, pool.shapes[blend.MEMBER], code, GRID)
    after = share(*blend.transform(grid, pool.demand, unit), np.array([0.95]))[0]
    assert before < 0.90 and after == pytest.approx(0.95, abs=0.015)


def test_the_learnt_member_is_no_candidate_for_the_whole() -> None:
    assert set(pooling.losses(_pool(1.0, 1.0), MEMBERS)) == {"tsb"}


def _blended() -> Recipe:
    curves = np.tile(KNOTS**1.2, (5, 1))
    mix = Blend(np.full(5, blend.SHARE), Calibration(np.ones(5), curves), ("because",) * 5)
    members = ("tsb", "decayed_means", blend.MEMBER)
    return Recipe(
        members, np.tile([1.0, 0.0, 0.0], (5, 1)), ("tsb",) * 5, ("why",) * 5, identity(), identity(), blend=mix
    )


def _fitted(length: int) -> tuple[Hybrid, dict[str, object], object, Interval, Array]:
    panel, _ = catalogue(300, 300, seed=9)
    members = {
        "tsb": classical.tsb(),
        "decayed_means": Decayed(),
        blend.MEMBER: QuantileBooster(rounds=10, max_rows=8000),
    }
    interval = Interval(np.full(300, 14.0), np.zeros(300))
    past = panel.until(length)
    return Hybrid(_blended(), dict(members)).fit(past, interval), members, panel, interval, past


def test_what_the_backtest_judges_is_what_is_served(tmp_path: Path) -> None:
    model, members, panel, interval, past = _fitted(280)
    evidence = backtest.collect(panel, interval, members, 280, 14)
    judged = predictions.lead_time(evidence, model.recipe, 30)
    served = model.predict_cumulative(past, interval, LEVELS).quantiles
    np.testing.assert_allclose(judged.quantiles(LEVELS), served)
    assert (np.diff(served, axis=1) >= 0).all() and (served >= 0).all()
    again = store.load(store.save(model, tmp_path / "model"))
    np.testing.assert_array_equal(again.predict_cumulative(past, interval, LEVELS).quantiles, served)
    plain = replace(model, recipe=replace(model.recipe, blend=blend.nothing()))
    assert (plain.predict_cumulative(past, interval, LEVELS).quantiles != served).any()


def test_each_sku_names_the_blend_and_a_wider_lead_time_widens_it() -> None:
    model, _, _, interval, past = _fitted(300)
    assigned = model.assign(past)
    mixed = assigned.share > 0
    assert mixed.any() and all(reason.endswith("why; because") for reason in assigned.reasons[mixed])
    drivers = model.explain(past)
    assert all(drivers[i][f"{blend.MEMBER}.share"] == blend.SHARE for i in np.flatnonzero(mixed))
    sure, unsure = (
        model.predict_cumulative(past, replace(interval, std=np.full(300, s)), LEVELS).quantiles for s in (0.0, 6.0)
    )
    assert unsure[:, -1].sum() > 1.05 * sure[:, -1].sum()
