"""Choices per class and per volume, the guard's interval, and what a planner reads about them."""

import numpy as np
import pytest

from models.distribution.calibration import identity
from models.recipe import Recipe, Segments, from_json, segment_codes, to_json, volume_cuts
from pipelines.core.panel import CLASSES
from pipelines.forecast import pooling, router
from pipelines.forecast.metrics import FINE
from pipelines.forecast.pooling import Pool

MEMBERS = ("sba", "tsb", "mean_nonzero", "other")
INTERMITTENT = CLASSES.index("intermittent")


def _pool(skus: int = 400, origins: int = 3, seed: int = 0) -> tuple[Pool, np.ndarray]:
    """Poisson windows of intermittent SKUs whose members all know the truth but for what a test spoils; and the true means."""
    random = np.random.default_rng(seed)
    true = np.tile(np.exp(random.normal(0.5, 1.0, skus)), origins)
    n = true.size
    demand = random.poisson(true).astype(float)
    terms = np.stack([np.ones(n), np.zeros(n)])
    means = np.repeat(true[:, None], len(MEMBERS), axis=1)
    code, sku = np.full(n, INTERMITTENT), np.tile(np.arange(skus), origins)
    origin = np.repeat(np.arange(origins), skus)
    return Pool(means, demand, terms, np.maximum(true, 0.5), np.ones(n), code, sku, origin, true / 14, {}), true


def _spoilt(pool: Pool, **factors: np.ndarray | float) -> Pool:
    means = pool.means.copy()
    for name, factor in factors.items():
        means[:, MEMBERS.index(name)] *= factor
    return Pool(**{**pool.__dict__, "means": means})


def test_the_interval_covers_the_true_difference_and_draws_skus_whole() -> None:
    random = np.random.default_rng(1)
    inside = 0
    for k in range(60):
        shared = np.random.default_rng(k).normal(0.0, 1.0, 80)
        difference = np.repeat(shared, 5) + 0.1
        low, high = router.interval(difference, np.repeat(np.arange(80), 5))
        inside += low <= 0.1 <= high
    assert inside >= 52, "five alike windows of a SKU count as one"
    low, high = router.interval(random.normal(-1, 0.1, 500), np.arange(500))
    assert low < -1 < high < 0


def test_many_skus_take_the_normal_interval_and_agree_with_the_bootstrap() -> None:
    random = np.random.default_rng(2)
    difference, sku = random.normal(0.3, 2.0, 9000), np.arange(9000) // 2
    wide = router.interval(difference, sku)
    few = router.interval(difference[:7000], sku[:7000])
    assert wide[0] < 0.3 < wide[1]
    assert (wide[1] - wide[0]) == pytest.approx(few[1] - few[0], rel=0.2)


def test_the_guard_keeps_the_simple_method_against_a_gain_that_may_be_chance() -> None:
    pool, true = _pool()
    helped, hurt = np.arange(100, 125), np.arange(200, 221)
    factor = np.ones(true.size)
    factor[helped] = (0.5 * true + 0.5 * pool.demand)[helped] / true[helped]
    factor[hurt] = (1.5 * true - 0.5 * pool.demand)[hurt].clip(0.01) / true[hurt]
    spoilt = _spoilt(pool, other=factor)
    losses = pooling.losses(spoilt, MEMBERS)
    assert losses["other"].mean() < losses["tsb"].mean(), "better, but not for certain"
    picked = router._choose_class(spoilt, INTERMITTENT, MEMBERS)
    assert picked.method == "tsb" and "nothing beat tsb for certain" in picked.reason


def test_a_certain_winner_takes_the_class_and_its_reason_gives_the_interval() -> None:
    pool, _ = _pool()
    picked = router._choose_class(_spoilt(pool, tsb=2.0, sba=2.0, mean_nonzero=2.0), INTERMITTENT, MEMBERS)
    assert picked.method in ("other", "stack") and picked.weights.argmax() == MEMBERS.index("other")
    assert "less scaled pinball loss than tsb over 1200 backtest windows (" in picked.reason
    assert "at 95% confidence" in picked.reason


def test_a_volume_where_another_member_wins_goes_its_own_way() -> None:
    pool, _ = _pool(1200)
    large = pool.rate >= 0.2
    spoilt = _spoilt(pool, tsb=2.0, mean_nonzero=2.0, other=np.where(large, 3.0, 1.0), sba=np.where(large, 1.0, 2.0))
    picks = [router._choose_class(spoilt, INTERMITTENT, MEMBERS)]
    of_volume = spoilt.rows(large)
    fine = router._choose_segment(of_volume, 3 * INTERMITTENT, MEMBERS, router.Pick(np.eye(4)[3], "other", "above"))
    assert fine.method == "sba" and fine.reason.startswith("intermittent, high volume: sba has")
    small = router._choose_segment(spoilt.rows(~large), 3 * INTERMITTENT + 2, MEMBERS, picks[0])
    assert small is picks[0], "where nothing is certain the class's choice stands"


def test_no_volume_pays_for_the_others_gain() -> None:
    """The class's winner loses to the simple method in one volume, though not by enough to be certain."""
    pool, _ = _pool(120, 2)
    spoilt = _spoilt(pool, other=1.25, sba=3.0, mean_nonzero=3.0)
    fine = router._choose_segment(spoilt, 3 * INTERMITTENT, MEMBERS, router.Pick(np.eye(4)[3], "other", "above"))
    assert fine.method == "tsb"


def test_a_member_with_a_distribution_of_its_own_is_judged_by_it() -> None:
    pool, true = _pool(300)
    poisson = np.random.default_rng(5).poisson(true[:, None], (true.size, 4000))
    right = np.quantile(poisson, FINE, axis=1).T
    shaped = Pool(**{**_spoilt(pool, other=5.0).__dict__, "shapes": {"other": right}})
    picked = pooling.losses(shaped, MEMBERS)
    assert picked["other"].mean() == pytest.approx(picked["tsb"].mean(), rel=0.02)
    silent = Pool(**{**shaped.__dict__, "shapes": {"other": np.full_like(right, np.nan)}})
    assert pooling.losses(silent, MEMBERS)["other"].mean() > 2 * picked["tsb"].mean()


def test_a_recipe_with_segments_gives_each_sku_its_own_row_and_survives_json() -> None:
    weights = np.tile(np.eye(2)[0], (15, 1))
    weights[6] = (0.0, 1.0)
    methods, reasons = ["a"] * 15, ["class"] * 15
    methods[6], reasons[6] = "b", "intermittent, high volume"
    fine = Segments((5.0, 1.0), weights, tuple(methods), tuple(reasons))
    recipe = Recipe(("a", "b"), weights[:5], ("a",) * 5, ("class",) * 5, identity(), identity(), fine)
    for picked in (recipe, from_json(to_json(recipe))):
        rows, names, why = picked.rows(np.array([2, 2]), np.array([7.0, 2.0]))
        assert rows.tolist() == [[0.0, 1.0], [1.0, 0.0]] and names.tolist() == ["b", "a"]
        assert why.tolist() == ["intermittent, high volume", "class"] and picked.used() == {"a", "b"}


def test_volume_bins_are_the_first_fifth_and_the_next_three_tenths() -> None:
    rate = np.r_[np.arange(1.0, 101.0), np.zeros(30)]
    codes = segment_codes(np.zeros(130, dtype=int), rate, volume_cuts(rate))
    assert np.bincount(codes).tolist() == [20, 30, 80]
