"""The serving forecaster: shapes, sanity, calibration, bad input, and its folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import hybrid
from models.distribution import blend, negbin
from models.distribution.blend import Blend
from models.distribution.calibration import KNOTS, Calibration, identity, share
from models.distribution.spread import Spread
from models.hybrid import Hybrid, Recipe
from models.interface import Interval
from models.interval_sums import cumulative_mean
from models.members import classical
from models.members.boosted import Booster
from models.members.bootstrap import WindowBootstrap
from models.members.classical import Decayed
from models.members.hurdle import Hurdle
from models.members.quantiles import QuantileBooster
from models.store import folder as store
from pipelines.core.errors import StockproofError
from pipelines.core.panel import CLASSES, Panel
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import router
from tests.unit.models.panels import catalogue, make


def _week(n: int, days: float = 14.0, std: float = 0.0) -> Interval:
    return Interval(np.full(n, days), np.full(n, std))


def test_lead_time_demand_is_calibrated_where_the_day_s_quantiles_summed_are_not() -> None:
    panel, after = catalogue(1500, 400, seed=3, future=14)
    plain = Recipe(("decayed_means",), np.ones((5, 1)), ("decayed_means",) * 5, ("",) * 5, identity(), identity())
    model = Hybrid(plain, {"decayed_means": Decayed()}).fit(panel, _week(1500))
    forecast = model.predict_cumulative(panel, _week(1500), LEVELS)
    demand = after.sum(axis=1)
    variance, _ = model.window_variance(panel, forecast.mean, _week(1500))
    below, upto = negbin.cdf(demand, forecast.mean, variance, negbin.units_of(panel.demand))
    assert share(below, upto, np.array([0.95]))[0] == pytest.approx(0.95, abs=0.02)
    summed = model.predict(panel, 14, (0.95,)).quantiles[:, :, 0].sum(axis=1)
    assert (demand <= summed).mean() > 0.985


def test_an_uncertain_lead_time_widens_the_distribution_and_keeps_the_mean() -> None:
    panel, _ = catalogue(40)
    model = hybrid.fallback(30, "test").fit(panel, _week(40))
    sure, unsure = (model.predict_cumulative(panel, _week(40, std=s), LEVELS) for s in (0.0, 5.0))
    np.testing.assert_allclose(sure.mean, unsure.mean)
    rate = sure.mean / 14
    np.testing.assert_allclose(unsure.std**2, sure.std**2 + (5 * rate) ** 2)
    assert (unsure.quantiles[:, -1] >= sure.quantiles[:, -1]).all()


@pytest.mark.parametrize("member", [Hurdle(), WindowBootstrap()])
def test_the_deviation_is_that_of_the_member_whose_quantiles_are_used(member) -> None:
    """A negative binomial fitted to all members says nothing of one that speaks a distribution of its own."""
    panel, _ = catalogue(60, 400)
    alone = np.repeat([[1.0, 0.0]], 5, axis=0)
    recipe = Recipe((member.name, "decayed_means"), alone, (member.name,) * 5, ("",) * 5, identity(), identity())
    model = Hybrid(recipe, {member.name: member, "decayed_means": Decayed()}).fit(panel, _week(60, 28.0))
    model = replace(model, window_spread=Spread(np.full(5, 400.0), np.full(5, 9.0)))  # as wrong as can be
    fine = tuple(np.round((np.arange(200) + 0.5) / 200, 6))
    for std in (0.0, 7.0):
        forecast = model.predict_cumulative(panel, _week(60, 28.0, std), fine)
        own = forecast.quantiles.std(axis=1)
        assert forecast.std[own > 1] == pytest.approx(own[own > 1], rel=0.15)


def test_the_deviation_of_a_blend_is_that_of_its_quantiles() -> None:
    """Rules with a normal safety stock read the deviation, others the quantiles: both must be of one distribution."""
    panel, _ = catalogue(60, 400)
    names = ("decayed_means", blend.MEMBER)
    recipe = Recipe(
        names, np.repeat([[1.0, 0.0]], 5, axis=0), ("decayed_means",) * 5, ("",) * 5, identity(), identity()
    )
    wide = Calibration(np.ones(5), np.tile(0.5 + 0.8 * (KNOTS - 0.5), (5, 1)))  # of the blend as a whole
    recipe = replace(recipe, blend=Blend(np.full(5, blend.SHARE), wide, ("half",) * 5))
    members = {"decayed_means": Decayed(), blend.MEMBER: QuantileBooster(rounds=8, max_rows=4000)}
    model = Hybrid(recipe, members).fit(panel, _week(60, 28.0))
    model = replace(
        model, window_spread=Spread(np.full(5, 90.0), np.full(5, 2.0))
    )  # far from what the learnt half says
    fine = tuple(np.round((np.arange(200) + 0.5) / 200, 6))
    for std in (0.0, 7.0):
        forecast = model.predict_cumulative(panel, _week(60, 28.0, std), fine)
        own = forecast.quantiles.std(axis=1)
        assert (own > 1).sum() > 40 and forecast.std[own > 1] == pytest.approx(own[own > 1], rel=0.15)


def test_cumulative_mean_counts_the_last_bucket_in_part_and_goes_on_beyond_the_path() -> None:
    path = np.array([[1.0, 2.0, 3.0]] * 3)
    flat, one = np.ones((1, 9)), np.zeros(3, dtype=np.int64)
    assert cumulative_mean(path, np.array([1.0, 2.5, 5.0]), 7, flat, one).tolist() == [1.0, 4.5, 10.0]


BAD = {
    "all zeros": np.zeros(200),
    "one sale": np.r_[np.zeros(150), 5.0, np.zeros(49)],
    "constant": np.full(200, 3.0),
    "huge": np.full(200, 1e9),
    "unknown": np.full(200, np.nan),
    "gaps": np.where(np.arange(200) % 3 == 0, np.nan, 2.0),
    "young": np.r_[np.full(195, np.nan), [1.0] * 5],
    "a spike of a billion": np.r_[np.zeros(199), 1e9],
}


def test_bad_histories_get_a_named_fallback_and_never_spoil_the_batch() -> None:
    good, _ = catalogue(20)
    panel = make(np.vstack([good.demand, *BAD.values()]))
    model = hybrid.fallback(30, "registry is down").fit(panel, _week(panel.skus))
    daily, total = model.predict(panel, 28, LEVELS), model.predict_cumulative(panel, _week(panel.skus), LEVELS)
    for values in (daily.mean, daily.quantiles, total.mean, total.std, total.quantiles):
        assert np.isfinite(values).all() and (values >= 0).all()
    assert (np.diff(daily.quantiles, axis=2) >= 0).all() and (np.diff(total.quantiles, axis=1) >= 0).all()
    methods = dict(zip(BAD, model.assign(panel).methods[20:], strict=True))
    why = dict(zip(BAD, model.assign(panel).reasons[20:], strict=True))
    assert (methods["all zeros"], methods["young"], methods["unknown"]) == (
        "no_demand",
        "decayed_means",
        "decayed_means",
    )
    assert "fewer than 30" in why["young"] and "registry is down" in why["constant"]
    zero = list(BAD).index("all zeros") + 20
    assert total.quantiles[zero].sum() == 0
    assert total.mean[20 + list(BAD).index("constant")] == pytest.approx(42, rel=0.15)


def test_a_new_item_starts_from_its_group_and_soon_speaks_for_itself() -> None:
    demand = np.full((9, 200), 6.0)
    demand[7:] = np.nan
    demand[8, -2:] = 0.0
    panel = make(demand)
    path = Decayed().fit(panel).path(panel, 7)
    assert path[7].mean() == pytest.approx(6.0)
    assert 0.1 < path[8].mean() < 1.0, "two silent days where a sale a day is usual"


BOOSTED = ("xgboost", "xgboost", "lightgbm", "mean_nonzero", "mean_nonzero")
"""Method of each class."""


def _trained(panel) -> Hybrid:
    members = {
        "sba": classical.sba(),
        "tsb": classical.tsb(),
        "mean_nonzero": classical.mean_nonzero(),
        "decayed_means": Decayed(),
        "lightgbm": Booster("lightgbm", rounds=10, max_rows=4000),
        "xgboost": Booster("xgboost", rounds=10, max_rows=4000),
    }
    at = [tuple(members).index(name) for name in BOOSTED]
    recipe = replace(router.start(tuple(members)), weights=np.eye(len(members))[at], methods=BOOSTED)
    return Hybrid(recipe, members).fit(panel, _week(panel.skus))


def test_a_stored_forecaster_says_the_same(tmp_path: Path) -> None:
    panel, _ = catalogue(80, 260)
    model = _trained(panel)
    again = store.load(store.save(model, tmp_path / "model"))
    np.testing.assert_array_equal(again.path(panel, 30), model.path(panel, 30))
    a, b = (m.predict_cumulative(panel, _week(80), LEVELS).quantiles for m in (model, again))
    np.testing.assert_array_equal(a, b)
    assert again.explain(panel) == model.explain(panel)


def _of_categories(categories: list[str], demand: np.ndarray) -> Panel:
    """A panel whose groups are its categories, coded by rank as the marts' are."""
    names, codes = np.unique(categories, return_inverse=True)
    known = {"group": tuple(names.tolist()), "category": tuple(names.tolist())}
    return replace(make(demand), group=codes, statics={"category": codes.astype(float)}, names=known)


@pytest.mark.parametrize("stored", [False, True])
def test_a_category_keeps_its_season_where_another_one_ends_or_begins(tmp_path: Path, stored: bool) -> None:
    """Codes are ranks of names: the morning's catalogue, without what was discontinued, has others than the training's."""
    day, n = np.arange(280) % 7, 40
    week = {"bolts": day == 0, "nuts": day == 3, "tape": day == 5}
    random = np.random.default_rng(2)
    names = [name for name in week for _ in range(n)]
    demand = np.stack([random.poisson(1.0 + 9.0 * week[name]) for name in names]).astype(float)
    whole = _of_categories(names, demand)
    kinds = {"decayed_means": Decayed(), "lightgbm": Booster("lightgbm", rounds=20)}
    recipe = Recipe(tuple(kinds), np.full((5, 2), 0.5), ("stack",) * 5, ("",) * 5, identity(), identity())
    model = Hybrid(recipe, dict(kinds)).fit(whole, _week(3 * n))
    if stored:
        model = store.load(store.save(model, tmp_path))
    wanted = model.path(replace(whole, prior=np.ones((3 * n, 2))), 7)
    left = _of_categories(names[n:], demand[n:])  # bolts are gone: nuts have their code
    np.testing.assert_array_equal(model.path(replace(left, prior=np.ones((2 * n, 2))), 7), wanted[n:])
    more = _of_categories(["anchors", *names], np.vstack([demand[:1], demand]))  # not known to the training
    path = model.path(replace(more, prior=np.ones((3 * n + 1, 2))), 7)
    np.testing.assert_array_equal(path[1:], wanted)
    assert path[0].std() < wanted[0].std(), "a category that nothing was learnt of has the season of the whole"
    few, all_ = (model.predict_cumulative(p, _week(p.skus, 3.0), LEVELS).mean for p in (left, whole))
    np.testing.assert_allclose(few, all_[n:], rtol=0.01)
    assert [sorted(drivers) for drivers in model.explain(left)] == [
        sorted(drivers) for drivers in model.explain(whole)[n:]
    ]


def test_explain_names_the_boosters_drivers() -> None:
    panel, _ = catalogue(80, 260)
    drivers = _trained(panel).explain(panel)
    chosen = {name for one in drivers for name in one}
    methods = {BOOSTED[CLASSES.index(c)] for c in panel.demand_class.astype(str)}
    assert {f"{m}.weight" for m in methods} <= chosen
    assert all(len(one) >= 2 for one in drivers)


def test_training_twice_gives_the_same_model() -> None:
    panel, _ = catalogue(80, 260)
    np.testing.assert_array_equal(_trained(panel).path(panel, 28), _trained(panel).path(panel, 28))


def test_a_booster_sees_nothing_after_its_origin() -> None:
    panel, _ = catalogue(60, 260)
    later = make(np.where(np.arange(260) < 220, panel.demand, 1e6))
    paths = [Booster("lightgbm", rounds=10).fit(p.until(220)).path(p.until(220), 28) for p in (panel, later)]
    np.testing.assert_array_equal(*paths)


@pytest.mark.parametrize("content", ["{", '{"format": 99}', '{"format": 1}'])
def test_a_broken_folder_is_refused_with_a_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(StockproofError, match="stored model") as fault:
        store.load(tmp_path)
    assert "training" in fault.value.remedy


def test_asking_before_fitting_is_refused() -> None:
    panel, _ = catalogue(5)
    with pytest.raises(StockproofError, match="before it was fitted"):
        Booster("lightgbm").path(panel, 3)
