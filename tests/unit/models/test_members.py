"""Every member of the catalogue: what it forecasts, that it survives bad histories, sees nothing later, and can be stored."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.distribution.calibration import identity
from models.hybrid import Hybrid
from models.interface import Interval, Shaped
from models.members import classical, tuning
from models.members.aligned import Aligned
from models.members.bootstrap import WindowBootstrap
from models.members.features import priors
from models.members.hurdle import Hurdle
from models.members.quantiles import QuantileBooster
from models.recipe import Recipe
from models.store.catalogue import MAKERS, Options
from models.store.folder import load, save
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.core.quantiles import LEVELS
from tests.unit.models.panels import catalogue, make

OPTIONS = Options(threads=1, horizon=14)
SMALLER = {"max_rows": 4_000, "rounds": 25}


def _made(name: str, options: Options = OPTIONS) -> Any:
    """A member that trains on little, so that the test is quick."""
    return _smaller(MAKERS[name](options))


def _smaller(member: Any) -> Any:
    if isinstance(member, Aligned):
        return replace(member, member=_smaller(member.member))
    known = {field.name for field in fields(member)}
    return replace(member, **{name: value for name, value in SMALLER.items() if name in known})


@pytest.fixture(scope="module")
def panel() -> Panel:
    return catalogue(120, 280, seed=5)[0]


@pytest.fixture(scope="module")
def mixed() -> Panel:
    """Good histories, and every kind of bad one."""
    good = catalogue(60, 280, seed=6)[0].demand
    bad = [
        np.zeros(280),
        np.full(280, np.nan),
        np.full(280, 1e9),
        np.r_[np.full(279, np.nan), 3.0],
        np.r_[np.zeros(279), 1e9],
        np.where(np.arange(280) % 3 == 0, np.nan, 2.0),
        np.full(280, 4.0),
    ]
    return make(np.vstack([good, *bad]))


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_member_is_finite_and_not_negative(name: str, mixed: Panel) -> None:
    member = _made(name).fit(mixed)
    path = member.path(mixed, 20)
    assert path.shape == (mixed.skus, 20) and np.isfinite(path).all() and (path >= 0).all()
    assert len(member.explain(mixed)) == mixed.skus
    if isinstance(member, Shaped):
        quantiles = member.window_quantiles(mixed, np.full(mixed.skus, 10.5), LEVELS)
        known = np.isfinite(quantiles).all(axis=1)
        assert known.sum() > 50 and (quantiles[known] >= 0).all() and (np.diff(quantiles[known], axis=1) >= 0).all()


@pytest.mark.parametrize("name", sorted(name for name in MAKERS if not MAKERS[name](OPTIONS).joint))
def test_a_sku_is_forecast_the_same_whichever_others_are_asked_for(name: str, panel: Panel) -> None:
    whole, rows = replace(panel, prior=priors(panel)), np.array([50, 3, 77, 10])
    member, width = _made(name).fit(whole), np.full(panel.skus, 10.5)
    np.testing.assert_array_equal(member.path(whole.take(rows), 20), member.path(whole, 20)[rows])
    if isinstance(member, Shaped):
        alone = member.window_quantiles(whole.take(rows), width[rows], LEVELS)
        np.testing.assert_array_equal(alone, member.window_quantiles(whole, width, LEVELS)[rows])
    drivers = member.explain(whole)
    assert member.explain(whole.take(rows)) == [drivers[i] for i in rows]


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_comes_after_the_origin_changes_nothing(name: str, panel: Panel) -> None:
    later = make(np.where(np.arange(280) < 240, panel.demand, 777.0))
    paths = [_made(name).fit(p.until(240)).path(p.until(240), 14) for p in (panel, later)]
    np.testing.assert_array_equal(*paths)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_stored_member_says_the_same(name: str, panel: Panel, tmp_path: Path) -> None:
    interval = Interval(np.full(panel.skus, 12.0), np.full(panel.skus, 1.0))
    names = tuple(dict.fromkeys([name, "decayed_means"]))
    weights = np.tile(np.eye(len(names))[0], (5, 1))
    recipe = Recipe(names, weights, (name,) * 5, ("",) * 5, identity(), identity())
    model = Hybrid(recipe, {n: _made(n) for n in names}).fit(panel, interval)
    again = load(save(model, tmp_path))
    a, b = (m.predict_cumulative(panel, interval, LEVELS) for m in (model, again))
    np.testing.assert_array_equal(a.mean, b.mean)
    np.testing.assert_array_equal(a.quantiles, b.quantiles)
    assert again.explain(panel) == model.explain(panel)


def test_naive_repeats_the_last_bucket_and_seasonal_naive_the_last_week() -> None:
    week = np.array([5.0, 1, 0, 0, 2, 3, 9])
    panel = make(np.tile(week, 10)[None, :])
    assert classical.naive().fit(panel).path(panel, 3).tolist() == [[9.0, 9.0, 9.0]]
    assert classical.SeasonalNaive().fit(panel).path(panel, 9).tolist() == [[*week, 5.0, 1.0]]
    weekly = make(np.arange(60.0)[None, :], bucket="week")
    assert classical.SeasonalNaive().path(weekly, 2).tolist() == [[8.0, 9.0]], "the same weeks of last year"


def test_the_moving_average_is_the_mean_of_thirteen_weeks() -> None:
    panel = make(np.r_[np.full(100, 50.0), np.arange(91.0)][None, :])
    path = classical.moving_average(seasonality=False).fit(panel).path(panel, 2)
    np.testing.assert_allclose(path, np.arange(91.0).mean())


def test_the_weight_is_tuned_to_the_class() -> None:
    """A level that jumps asks for a great weight, noise around a fixed one for a small one."""
    random = np.random.default_rng(3)
    walk = np.maximum(400 + np.cumsum(random.normal(0, 9, (60, 400)), axis=1), 1.0)
    noise = random.poisson(20.0, (60, 400)).astype(float)
    picks = {}
    for name, demand in (("walk", walk), ("noise", noise)):
        fitted = classical.croston(seasonality=False).fit(make(demand))
        assert fitted.chosen is not None
        picks[name] = fitted.chosen[0, 0]
    assert picks["walk"] == max(classical.ALPHAS) and picks["noise"] == min(classical.ALPHAS)


def test_few_windows_keep_the_default_weight() -> None:
    panel = make(np.ones((3, 300)))
    chosen = tuning.tune(lambda d, p, period: np.zeros(d.shape[0]), np.array([[0.1], [0.2]]), panel)
    assert chosen.tolist() == [[0.1]] * 5


def test_bootstrap_quantiles_are_those_of_past_windows() -> None:
    random = np.random.default_rng(1)
    demand = random.poisson(3.0, (30, 700)).astype(float)
    panel = make(demand)
    quantiles = WindowBootstrap().fit(panel).window_quantiles(panel, np.full(30, 7.0), (0.1, 0.5, 0.95))
    future = random.poisson(21.0, 100_000)
    np.testing.assert_allclose(quantiles.mean(axis=0), np.quantile(future, (0.1, 0.5, 0.95)), rtol=0.06)


def test_bootstrap_keeps_silent_where_the_past_holds_too_few_windows() -> None:
    panel = make(np.ones((2, 100)))
    quantiles = WindowBootstrap().fit(panel).window_quantiles(panel, np.array([20.0, 10.0]), (0.5,))
    assert np.isnan(quantiles[0]).all() and quantiles[1, 0] == pytest.approx(10.0)


def test_hurdle_covers_a_window_of_independent_buckets() -> None:
    random = np.random.default_rng(2)
    draw = (random.random((400, 620)) < 0.2) * random.integers(1, 9, (400, 620))
    panel = make(draw[:, :600])
    quantiles = Hurdle().fit(panel).window_quantiles(panel, np.full(400, 20.0), (0.5, 0.9))
    actual = draw[:, 600:].sum(axis=1)
    assert (actual <= quantiles[:, 0]).mean() == pytest.approx(0.53, abs=0.08)
    assert (actual <= quantiles[:, 1]).mean() == pytest.approx(0.9, abs=0.05)


def test_learnt_quantiles_cover_what_follows() -> None:
    whole, after = catalogue(900, 400, seed=8, future=14)
    quantiles = (
        QuantileBooster(rounds=40, max_rows=25_000)
        .fit(whole)
        .window_quantiles(whole, np.full(900, 14.0), (0.5, 0.9, 0.95))
    )
    covered = (after.sum(axis=1)[:, None] <= quantiles).mean(axis=0)
    assert covered[0] > 0.45
    np.testing.assert_allclose(covered[1:], (0.9, 0.95), atol=0.05)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_objectives_lean_the_way_they_promise(library: str, panel: Panel) -> None:
    """3:1 asks for more than the mean, and Poisson for the mean."""
    sums = {}
    for objective in ("tweedie", "poisson", "quantile", "asymmetric"):
        made = replace(_made(library, Options(horizon=14, objective=objective, ratio=3.0)), rounds=60).fit(panel)
        sums[objective] = made.path(panel, 14).sum()
    assert sums["poisson"] == pytest.approx(sums["tweedie"], rel=0.1)
    assert sums["asymmetric"] > 1.15 * sums["tweedie"]
    assert sums["quantile"] != pytest.approx(sums["tweedie"], rel=0.02)


@pytest.mark.parametrize("length", [1, 6, 20])
def test_every_member_lives_with_weeks_and_a_short_past(length: int) -> None:
    short, _ = catalogue(30, length, seed=1, bucket="week")
    for name in MAKERS:
        member = _made(name).fit(short)
        path = member.path(short, 8)
        assert np.isfinite(path).all() and (path >= 0).all(), name
        assert len(member.explain(short)) == 30, name
        if isinstance(member, Shaped):
            quantiles = member.window_quantiles(short, np.full(30, 5.0), (0.5, 0.95))
            assert (np.isnan(quantiles) | (quantiles >= 0)).all(), name


@pytest.fixture(scope="module")
def stored(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stored model of every member that keeps a file of its own."""
    names = ("decayed_means", "lightgbm", "xgboost", "ensemble", "lightgbm_quantile")
    recipe = Recipe(names, np.full((5, 5), 0.2), ("stack",) * 5, ("",) * 5, identity(), identity())
    interval = Interval(np.full(panel.skus, 12.0), np.zeros(panel.skus))
    model = Hybrid(recipe, {name: _made(name) for name in names}).fit(panel, interval)
    return save(model, tmp_path_factory.mktemp("stored"))


@pytest.mark.parametrize("spoilt", ["missing", "empty", "half", "other"])
def test_a_file_that_is_not_as_it_was_written_is_named_before_a_library_reads_it(stored: Path, spoilt: str) -> None:
    files = sorted(stored.iterdir())
    assert len(files) == 1 + 1 + 1 + 2 + 8
    for path in files:
        whole = path.read_bytes()
        if spoilt == "missing":
            path.unlink()
        else:
            path.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "other": b"[1, 2]"}[spoilt])
        with pytest.raises(StockproofError, match="cannot be read") as fault:
            load(stored)
        assert path.name == "model.json" or path.name in str(fault.value)
        path.write_bytes(whole)
    load(stored)


def test_a_model_stored_before_files_were_listed_is_read_and_its_broken_trees_named(stored: Path) -> None:
    content = json.loads((stored / "model.json").read_text())
    (stored / "model.json").write_text(json.dumps({name: value for name, value in content.items() if name != "files"}))
    load(stored)
    for name in ("lightgbm.txt", "ensemble_forest.npz"):
        whole = (stored / name).read_bytes()
        (stored / name).write_bytes(b"")
        with pytest.raises(StockproofError, match="cannot be read"):
            load(stored)
        (stored / name).write_bytes(whole)
    (stored / "model.json").write_text(json.dumps(content))
