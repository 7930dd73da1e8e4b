"""Trees retrained on the way know nothing of what came after, and speak of the days an order protects."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.period.period_model import PeriodForecaster
from pipelines.replay.candidates import BOOSTED, CANDIDATES, DECAYED, of
from pipelines.replay.policies import PolicyTerms, known
from pipelines.replay.retrained import EARLIEST, NONE_LATE, Late, Sold, daily_rates, means, of_days
from pipelines.studies.queries.kept import late
from tests.unit.replay.test_known_history import world

SKUS, PERIODS = 40, 60


@pytest.fixture(scope="module")
def sold():
    rng = np.random.default_rng(5)
    quantity = rng.poisson(rng.gamma(1.0, 4.0, (SKUS, 1)), (SKUS, PERIODS)).astype(float)
    closed = np.where(rng.random(quantity.shape) < 0.03, 0.8, 0.0)
    return Sold(
        quantity,
        closed,
        np.where(closed > 0, quantity, 0.0),
        date(2026, 6, 28),
        7,
        np.arange(SKUS) % 3,
        np.arange(SKUS) % 2,
    )


@pytest.fixture(scope="module")
def forecasts(sold):
    return means(sold, 3, 13, seed=1)


def test_what_is_sold_later_changes_no_earlier_forecast(sold, forecasts):
    for period in (EARLIEST - 1, 30, 41, PERIODS - 2):
        later = np.arange(PERIODS) > period
        other = replace(sold, quantity=np.where(later, 99.0, sold.quantity), closed=np.where(later, 0.9, sold.closed))
        changed = means(other, 3, 13, seed=1)
        assert np.array_equal(changed[:, : period + 1], forecasts[:, : period + 1], equal_nan=True)
        assert not np.array_equal(changed[:, period + 1 :], forecasts[:, period + 1 :])


def test_nothing_is_forecast_before_the_first_training(forecasts):
    assert np.isnan(forecasts[:, : EARLIEST - 1]).all()
    assert (forecasts[:, EARLIEST - 1 :] >= 0).all()


def test_a_training_date_forecasts_as_the_forecaster_alone(sold, forecasts):
    for period in (EARLIEST - 1, EARLIEST + 12):
        alone = PeriodForecaster(3, seed=1).fit(sold.until(period)).predict(sold.until(period))
        assert forecasts[:, period] == pytest.approx(alone.mean)


def test_rates_equal_the_day_by_day_sum():
    rng = np.random.default_rng(2)
    forecast, protection = rng.gamma(2.0, 3.0, (5, 4, 6)), rng.integers(1, 60, (5, 4)).astype(float)
    rates = daily_rates(forecast, protection, 7)
    for n in range(5):
        for e in range(4):
            days = [forecast[n, e, min(day // 7, 5)] / 7 for day in range(int(protection[n, e]))]
            assert rates[n, e] == pytest.approx(np.mean(days))


def test_every_day_reads_the_newest_period_that_was_over():
    ends = np.arange(30)
    periods = of_days(ends, 30, 7, 4)
    for end, period in zip(ends, periods, strict=True):
        closed = [p for p in range(4) if 29 - 7 * (3 - p) <= end]
        assert period == (max(closed) if closed else -1)


def test_candidates_of_trees_are_offered_where_they_were_forecast():
    w = world(np.random.default_rng(0))
    ones = np.ones(w.demand.shape[0])
    terms = PolicyTerms(50 * ones, 0.02 * ones, 5 * ones, 6 * ones, 0.95, 7)
    forecast = np.full((w.demand.shape[0], 18, 3), 14.0)
    forecast[:, :10] = np.nan
    plain, boosted = known(w, terms), known(w, terms, forecast)
    assert (of(plain), of(boosted)[3:]) == (CANDIDATES, CANDIDATES)
    reviews = boosted.mean[BOOSTED]
    assert reviews[:, -1] == pytest.approx(2.0)
    assert np.array_equal(reviews[:, 0], plain.mean[DECAYED][:, 0])  # not trained yet: the decayed mean stands in
    for name, rate in plain.mean.items():
        assert np.array_equal(boosted.mean[name], rate)
    assert not np.array_equal(boosted.by(BOOSTED).spread, boosted.by(DECAYED).spread)
    default = of(boosted)[0].levels(boosted)
    assert (default.order_up_to[:, -1] > default.reorder[:, -1]).all()


def test_a_count_that_comes_later_changes_no_earlier_forecast(sold):
    # Two days of period 30 were empty, as the count of period 34 showed; without it they were days without demand.
    closed, held = sold.closed.copy(), sold.held.copy()
    closed[:, 30], held[:, 30] = 0.0, 0.0
    unaware = means(replace(sold, closed=closed, held=held), 3, 13, seed=1)
    closed[3, 30] = 2 / 7
    day = np.array([3, 3])
    late = Late(day, np.full(2, 30), np.full(2, 34), np.zeros(2))
    by_hindsight, honest = (
        means(replace(sold, closed=closed, held=held, late=found), 3, 13, seed=1) for found in (NONE_LATE, late)
    )
    assert not np.array_equal(by_hindsight[3, 30:34], unaware[3, 30:34])
    assert np.array_equal(honest[:, :34], unaware[:, :34], equal_nan=True)
    assert np.array_equal(honest[:, 34:], by_hindsight[:, 34:])


def test_only_days_that_a_later_count_corrected_after_stock_was_found_are_late():
    first = date(2026, 6, 1)
    days = [first + timedelta(days=n) for n in range(28)]
    skus = pl.DataFrame({"sku": [0, 1, 2], "item_id": ["A", "B", "C"], "location_id": "W"})
    uncounted = pl.DataFrame(
        [
            ("A", days[5], 2.0),  # the last sale, after a count that found stock: corrected on day 16
            ("A", days[13], 0.0),
            ("A", days[14], 0.0),  # corrected within the same week
            ("B", days[9], 0.0),  # after an empty count
            ("C", days[20], 0.0),  # corrected after the last day
        ],
        schema=["item_id", "day", "quantity"],
        orient="row",
    ).with_columns(location_id=pl.lit("W"))
    counts = pl.DataFrame(
        [
            ("A", days[1], 4.0),
            ("A", days[16], 0.0),
            ("B", days[8], 0.0),
            ("B", days[20], 0.0),
            ("C", days[1], 9.0),
            ("C", days[27] + timedelta(days=3), 0.0),
        ],
        schema=["item_id", "counted_on", "on_hand"],
        orient="row",
    ).with_columns(location_id=pl.lit("W"))
    found = late(skus, uncounted, counts, days[-1], 7, 4)
    rows = sorted(
        zip(*(values.tolist() for values in (found.sku, found.period, found.corrected, found.held)), strict=True)
    )
    assert rows == [(0, 0, 2, 2.0), (0, 1, 2, 0.0), (2, 2, 4, 0.0)]
    assert late(skus, uncounted.clear(), counts.clear(), days[-1], 7, 4).sku.size == 0


@pytest.mark.parametrize("factor", [1000.0, 1e6])
def test_demand_in_kilograms_is_forecast_as_the_same_in_tonnes(sold, factor):
    kilograms = replace(sold, quantity=sold.quantity * 1.5 + 0.25 * (sold.quantity > 0), held=sold.held * 1.5)
    tonnes = replace(kilograms, quantity=kilograms.quantity / factor, held=kilograms.held / factor)
    one, other = (means(each, 3, 13, seed=1) for each in (kilograms, tonnes))
    assert other * factor == pytest.approx(one, rel=0.05, nan_ok=True)
