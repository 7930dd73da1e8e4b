"""The forecaster of review periods: what it knows and when, seasons, zero runs, moments."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from models.period.period_features import Builder, Histories, _calendar, filled, season
from models.period.period_model import PeriodForecaster

AS_OF = date(2026, 6, 28)


def histories(skus: int = 40, periods: int = 120, seed: int = 1) -> Histories:
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 3.0, (skus, 1)) * (1 + 0.5 * np.sin(2 * np.pi * np.arange(periods) / 52.18))
    demand = rng.poisson(rate).astype(float)
    demand[0] = 0.0
    demand[1, :60] = 0.0
    return Histories(demand, AS_OF, 7, np.arange(skus) % 3, np.arange(skus) % 2)


def small(**changes) -> PeriodForecaster:
    return PeriodForecaster(
        3, **{"rounds": 40, "spread_rounds": 20, "learning_rate": 0.1, "leaves": 7, "least_rows": 30, **changes}
    )


def test_rows_of_an_origin_ignore_what_came_later(monkeypatch):
    catalogue = histories()
    later = catalogue.demand.copy()
    later[:, 100:] = 999.0
    sku, origin, step = np.arange(40), np.full(40, 99), np.full(40, 1)
    # The season is learnt of the whole history; here it is held.
    monkeypatch.setattr("models.period.period_features.season", lambda *_: np.ones((40, 123)))
    monkeypatch.setattr("models.period.sharp_season.sharp_season", lambda *_: np.ones((40, 120)))
    monkeypatch.setattr("models.period.own_season.own_season", lambda *_: (np.zeros(0, dtype=int), np.ones((0, 123))))
    parts = [Builder(replace(catalogue, demand=demand), 3) for demand in (catalogue.demand, later)]
    for name in (
        "base", "slope", "level", "noise", "levels", "busy", "since", "gap", "sizes", "spread", "windows", "trends"
    ):  # fmt: skip
        left, right = (getattr(part, name)[..., :100] for part in parts)
        assert np.array_equal(left, right), name
    left, right = (part.rows(sku, origin, step)[0] for part in parts)
    assert np.array_equal(left[1:, 6:], right[1:, 6:])  # the first SKU had never sold by then: it is not forecast


def test_the_rows_are_all_whose_target_is_known_of_skus_that_had_lived_sku_by_sku():
    catalogue = histories()
    demand = catalogue.demand.copy()
    demand[2, 50:70], demand[5] = np.nan, np.nan
    catalogue = replace(catalogue, demand=demand)
    builder, model = Builder(catalogue, 3), small()
    wanted = [
        (i, t, h)
        for i in range(40)
        for t in range(26, 119)
        for h in (1, 2, 3)
        if t + h < 120 and t >= builder.first[i] + model.young and np.isfinite(demand[i, t + h])
    ]
    assert list(zip(*(part.tolist() for part in model._index(catalogue, builder)), strict=True)) == wanted


def test_a_planted_season_is_found_and_has_mean_one():
    catalogue = histories(200, 208)
    factors = season(catalogue, catalogue.demand, 10)
    planted = 1 + 0.5 * np.sin(2 * np.pi * np.arange(218) / 52.18)
    assert np.corrcoef(factors[5], planted)[0, 1] > 0.97
    assert factors[5, -52:].mean() == pytest.approx(1.0, abs=0.05)
    assert np.array_equal(season(histories(5, 60), histories(5, 60).demand, 2), np.ones((5, 62)))


def test_the_same_histories_give_the_same_numbers_on_one_thread_and_two():
    catalogue = histories(20)
    one, two = (small(threads=n, rounds=4, spread_rounds=4).fit(catalogue).predict(catalogue) for n in (1, 2))
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(one.variance, two.variance)
    assert one.mean.shape == (20, 3)
    assert (one.mean[0] == 0).all() and (one.variance[0] == 0).all()
    assert (one.variance[1:] > one.mean[1:]).all()


def test_it_forecasts_better_than_the_last_year_s_mean_and_its_variance_holds():
    catalogue = histories(120, 140)
    known = replace(catalogue, demand=catalogue.demand[:, :137], as_of=AS_OF - timedelta(days=21))
    said = small().fit(known).predict(known)
    actual = catalogue.demand[:, 137:]
    plain = known.demand[:, -52:].mean(axis=1, keepdims=True)
    assert np.abs(actual - said.mean)[1:].mean() < 0.9 * np.abs(actual - plain)[1:].mean()
    z = (actual - said.mean)[1:] / np.sqrt(said.variance[1:])
    assert 0.6 < (z**2).mean() < 1.5


def test_few_rows_keep_the_base_forecast():
    catalogue = histories(6, 40)
    model = small().fit(catalogue)
    assert model.boosters == [] and model.spread is None
    said = model.predict(catalogue)
    base = Builder(catalogue, 3).rows(np.full(3, 2), np.full(3, 39), np.arange(1, 4))[1]
    assert said.mean[2] == pytest.approx(base)
    assert (said.variance[2] > said.mean[2]).all()


def test_closed_periods_are_neither_targets_nor_levels():
    catalogue = histories()
    masked = catalogue.demand.copy()
    masked[:, 110:] = np.nan
    assert np.isfinite(filled(masked)).all()
    assert filled(masked)[5, 115] == pytest.approx(filled(masked)[5, 119])
    sku, origin, step = small()._index(replace(catalogue, demand=masked), Builder(replace(catalogue, demand=masked), 3))
    assert (origin + step).max() == 109
    assert sku.size == step.size


def test_rows_are_capped_and_the_cap_is_drawn_by_the_seed():
    catalogue = histories()
    model = small(max_rows=500)
    first, again = (model._index(catalogue, Builder(catalogue, 3)) for _ in range(2))
    other = replace(model, seed=7)._index(catalogue, Builder(catalogue, 3))
    assert first[0].size == 500
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_below_a_year_and_a_half_nothing_tells_the_week():
    for periods, distinct in ((60, False), (120, True)):
        catalogue = histories(30, periods)
        catalogue = replace(
            catalogue, demand=np.where(np.arange(periods) < 20, 0.0, 5.0) * np.ones((30, 1))
        )  # all SKUs alike
        builder = Builder(catalogue, 3)
        origins = np.array([periods - 20, periods - 10])
        early, late = builder.rows(np.zeros(2, dtype=int), origins, np.ones(2, dtype=int))[0]
        # Each SKU sells 5 a week for long; what still differs is the slow means' memory of the start, and the gap that ended.
        features = np.flatnonzero(~np.isclose(early, late, equal_nan=True))
        calendar = builder.calendar[0]
        assert (np.ptp(calendar) > 0) == distinct
        assert builder.trends.any() == distinct
        assert (7 in features) == distinct  # age


def test_a_short_history_trusts_its_trees_half():
    catalogue = histories(60, 60)
    trained = small().fit(catalogue)
    assert (trained.trust, trained.leaves, trained.young) == (0.5, 15, 2)
    assert small().fit(histories(60, 120)).trust == 1.0
    builder = Builder(catalogue, 3)
    half, whole, none = (replace(trained, trust=trust).predict(catalogue, builder).mean for trust in (0.5, 1.0, 0.0))
    assert np.allclose(half, (whole + none) / 2)


def test_a_planted_jump_of_one_week_moves_a_short_history_s_forecast_little():
    catalogue = histories(200, 52, seed=3)
    shocked = catalogue.demand.copy()
    shocked[:, -1] *= 3.0  # every SKU, one week: a shock of the week, not of the SKU
    before, after = (
        PeriodForecaster(3).fit(replace(catalogue, demand=demand)).predict(replace(catalogue, demand=demand)).mean.sum()
        for demand in (catalogue.demand, shocked)
    )
    assert after < 1.6 * before


@pytest.mark.parametrize(("skus", "periods", "horizon", "sellers"), [(5, 1, 2, 5), (1, 200, 15, 1), (10, 200, 3, 1)])
def test_a_catalogue_too_small_for_trees_takes_the_base(skus: int, periods: int, horizon: int, sellers: int):
    """One period of history; one SKU with a long lead time; one SKU that sells beside nine that did once."""
    demand = np.random.default_rng(3).poisson(4.0, (skus, periods)).astype(float)
    demand[sellers:] = 0.0
    demand[sellers:, : periods // 4] = 1.0
    catalogue = Histories(demand, AS_OF, 7, np.zeros(skus, int), np.zeros(skus, int))
    moments = PeriodForecaster(horizon).fit(catalogue).predict(catalogue)
    assert np.isfinite(moments.mean).all() and np.isfinite(moments.variance).all()
    assert moments.mean[0].min() > 1.0 and (moments.variance >= moments.mean).all()


@pytest.mark.parametrize(("days", "year"), [(1, 365), (7, 52), (14, 26), (30, 12), (91, 4)])
def test_last_year_is_a_year_ago_whatever_the_review_period_and_never_after_the_origin(days: int, year: int):
    length = 2 * year + 9
    demand = np.arange(1.0, length + 1)[None, :]
    built = Builder(Histories(demand, AS_OF, days, np.zeros(1, int), np.zeros(1, int)), 8)
    for step in (1, 3, 8):
        origin, none = np.array([length - 1]), np.zeros(1, int)
        around, _ = built._last_year(none, origin + step, np.array([step]), np.ones(1))
        years = -(-(step + 1) // year)
        newest = np.exp(around[0]) * 1.1 - 0.1 + 1.0  # demand of the last of the three periods averaged
        assert newest == pytest.approx(length + step - years * year + 1) and newest <= length


@pytest.mark.parametrize("days", [1, 7, 14, 30])
def test_paydays_are_those_of_the_period_that_ends_on_the_as_of_date(days: int):
    catalogue = Histories(np.ones((1, 3)), AS_OF, days, np.zeros(1, int), np.zeros(1, int))
    spans = [[AS_OF - timedelta(days=back * days + n) for n in range(days)] for back in (2, 1, 0, -1)]
    early = [np.mean([day.day <= 10 for day in span]) for span in spans]
    assert _calendar(catalogue, 1)[1].tolist() == pytest.approx(early)


def test_pieces_are_counted_one_by_one_to_the_bit():
    catalogue = histories(20)
    plain, counted = (
        small(rounds=4, spread_rounds=4).fit(each).predict(each) for each in (catalogue, catalogue.counted())
    )
    assert np.array_equal(plain.mean, counted.mean) and np.array_equal(plain.variance, counted.variance)


@pytest.mark.parametrize("factor", [0.001, 0.37e-6])
def test_demand_in_kilograms_is_forecast_as_the_same_in_tonnes(factor):
    pieces = histories(200)
    kilograms = replace(pieces, demand=pieces.demand * 1.37)
    tonnes = replace(kilograms, demand=kilograms.demand * factor)
    one, other = (small().fit(each).predict(each) for each in (kilograms.counted(), tonnes.counted()))
    assert other.mean / factor == pytest.approx(one.mean, rel=0.02)
    assert other.variance / factor**2 == pytest.approx(one.variance, rel=0.05)
    # And nearly as the same in pieces.
    whole = small().fit(pieces).predict(pieces)
    sold = slice(2, None)
    assert one.mean[sold] / 1.37 == pytest.approx(whole.mean[sold], rel=0.25, abs=0.05)
    assert np.sqrt(one.variance[sold].mean()) / 1.37 == pytest.approx(np.sqrt(whole.variance[sold].mean()), rel=0.1)


@pytest.mark.parametrize("days", [3, 6, 10, 18])
def test_a_young_sku_is_forecast_by_the_days_it_has_lived(days: int):
    """5 a day beside SKUs of years: its first week counts as far as it had lived in it."""
    demand = np.random.default_rng(2).poisson(35.0, (60, 110)).astype(float)
    weeks, over = divmod(days - 1, 7)
    demand[0] = 0.0
    demand[0, 110 - weeks :] = 35.0
    demand[0, 109 - weeks] = 5.0 * (over + 1)
    share = np.ones(60)
    share[0] = (over + 1) / 7
    young = replace(Histories(demand, AS_OF, 7, np.zeros(60, int), np.zeros(60, int)), share=share)
    assert small().fit(young).predict(young).mean[0] == pytest.approx(35.0, rel=0.25)


def test_one_order_in_a_first_week_is_no_rate_of_that_week():
    demand = np.random.default_rng(2).poisson(1.0, (60, 110)).astype(float)
    demand[0] = 0.0
    demand[0, -1] = 1.0
    share = np.ones(60)
    share[0] = 1 / 7
    young = replace(Histories(demand, AS_OF, 7, np.zeros(60, int), np.zeros(60, int)), share=share)
    assert small().fit(young).predict(young).mean[0].max() < 1.5


def test_openings_launches_and_an_item_in_grams_are_no_season():
    rng = np.random.default_rng(8)
    demand = rng.poisson(30.0, (60, 156)).astype(float)
    demand[:20, :150] = 0.0  # a store that opened six weeks ago
    demand[20:40, :104] = 0.0
    demand[40] = 20_000.0 * (1 + 3 * (np.arange(156) % 52 < 5))
    place = np.repeat([0, 1, 2], 20)
    factors = season(Histories(demand, AS_OF, 7, np.arange(60) % 3, place), demand, 4)
    assert factors[np.arange(60) != 40] == pytest.approx(
        1.0, abs=0.3
    )  # one SKU of twenty is no more than that in its group
