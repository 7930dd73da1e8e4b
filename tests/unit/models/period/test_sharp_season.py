"""The season of single periods: by other years alone, and what it does for a peak of one week."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.period.period_features import Builder, Histories, season
from models.period.period_model import PeriodForecaster
from models.period.sharp_season import sharp_season, sharpened

AS_OF = date(2026, 11, 15)
YEARS, PEAK = 4, 4.0


def weekly(peaks: bool = True, skus: int = 60, seed: int = 3) -> Histories:
    """Weeks of SKUs that sell four times as much in the week about 25 November, if ``peaks``."""
    rng, length = np.random.default_rng(seed), 52 * YEARS
    histories = Histories(np.zeros((skus, length)), AS_OF, 7, np.arange(skus) % 2, np.zeros(skus, dtype=int))
    rate = rng.gamma(4.0, 5.0, (skus, 1)) * np.where(peaks & at_peak(histories)[:length], PEAK, 1.0)
    return replace(histories, demand=rng.poisson(rate).astype(float))


def at_peak(histories: Histories, horizon: int = 0) -> np.ndarray:
    return np.array([(day.month, 22 <= day.day <= 28) == (11, True) for day in histories.middles(horizon)])


def test_a_peak_of_one_week_is_sharper_than_by_five_periods_and_has_lower_shoulders():
    histories = weekly()
    coming = np.flatnonzero(at_peak(histories, 8))[-1]
    sharp, smooth = (np.median(factors(histories, histories.demand, 8), axis=0) for factors in (sharp_season, season))
    assert coming >= histories.shape[1]
    assert sharp[coming] > 1.25 * smooth[coming]
    assert sharp[coming + 2] < 0.8 * smooth[coming + 2]


def test_a_factor_does_not_hold_the_demand_of_its_own_year():
    histories = weekly(peaks=False)
    week, other_year = 100, 152
    spiked = histories.demand.copy()
    spiked[:, week] *= 10
    before, after = (sharp_season(histories, demand, 4) for demand in (histories.demand, spiked))
    assert after[:, week] / before[:, week] == pytest.approx(np.ones(60), rel=0.12)
    assert (after[:, other_year] / before[:, other_year]).min() > 1.5


def test_nothing_is_seasonal_in_a_year_and_a_half():
    histories = weekly()
    short = replace(histories, demand=histories.demand[:, -70:])
    assert (sharp_season(short, short.demand, 6) == 1.0).all()


def test_periods_of_which_no_other_year_is_known_have_no_season():
    histories = weekly()
    years = replace(histories, demand=histories.demand[:, -80:])
    factors = np.median(sharp_season(years, years.demand, 0), axis=0)
    other = factors[32:48]  # their days lie in neither the year before nor the year after
    assert np.ptp(other) < 0.01
    assert np.ptp(factors[:20]) > 0.02


def test_the_sharpened_rows_differ_in_what_rests_on_the_season_alone():
    builder = Builder(weekly(), 4)
    other = sharpened(builder)
    assert other.levels is builder.levels
    assert not np.allclose(other.base, builder.base)
    assert other.season.shape == builder.season.shape


def test_a_peak_of_one_week_is_forecast_nearer_to_its_height_and_its_neighbours_to_theirs():
    """The peak is two weeks ahead: four times the usual week."""
    histories = weekly()
    model = PeriodForecaster(3, rounds=60, learning_rate=0.1, leaves=7, least_rows=30, spread_rounds=20).fit(histories)
    usual = histories.demand[:, ~at_peak(histories)].mean(axis=1).sum()
    both, smooth = (each.predict(histories).mean.sum(axis=0) / usual for each in (model, replace(model, sharp=[])))
    assert at_peak(histories, 3)[-3:].tolist() == [False, True, False]
    assert smooth[1] * 1.05 < both[1] < PEAK


def test_where_no_season_is_known_one_booster_forecasts_the_mean():
    histories = weekly()
    short = replace(histories, demand=histories.demand[:, -70:])
    assert PeriodForecaster(3, rounds=5, spread_rounds=5).fit(short).sharp == []
