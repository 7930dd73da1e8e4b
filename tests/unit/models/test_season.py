"""The seasonal index rests on like-for-like data: what looks like a season and is none leaves it flat, and what is one is found."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models import seasonal
from models.season import evidence
from models.season import level as levels
from models.season.like_for_like import alive, cells_of, compared, weeks, weights
from models.season.weekday import weekdays
from pipelines.core.panel import Panel
from tests.unit.models.panels import AS_OF, make

DAYS = 730
AGO = np.arange(DAYS)[::-1]


def _panel(demand: np.ndarray, category: np.ndarray | None = None) -> Panel:
    code = np.zeros(demand.shape[0], dtype=np.int64) if category is None else category
    return replace(make(demand), group=code, statics={"category": code.astype(float)})


def _sold(rate: np.ndarray, skus: int = 20, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(np.broadcast_to(rate, (skus, DAYS))).astype(float)


def _ahead(panel: Panel, days: int = 364) -> np.ndarray:
    """[n, days] index of the coming days, that of the weekday averaged out."""
    index, rows = seasonal.fit(panel).on(panel, days)
    weeks_ = index[rows, panel.length :].reshape(panel.skus, -1, 7).mean(axis=2)
    return np.repeat(weeks_, 7, axis=1)


def _july(days: int = DAYS + 364) -> np.ndarray:
    first = AS_OF - timedelta(days=DAYS - 1)
    return np.array([5.0 if (first + timedelta(days=k)).month == 7 else 1.0 for k in range(days)])


FLAT = {
    "books of a year": np.where(AGO < 365, 5.0, np.nan),
    "books of 120 days": np.where(AGO < 120, 5.0, np.nan),
    "sales doubling each year": 5.0 * 2.0 ** (-AGO / 365),
    "a level doubled 90 days ago": np.where(AGO < 90, 10.0, 5.0),
    "a level doubled a year ago": np.where(AGO < 365, 10.0, 5.0),
    "a closure of 60 days a year ago": np.where((AGO >= 365) & (AGO < 425), 0.0, 5.0),
    "a July in the first of two years alone": np.where((AGO > 690) & (AGO < 722), 20.0, 5.0),
}


@pytest.mark.parametrize("what", FLAT)
def test_what_does_not_repeat_is_no_season(what: str) -> None:
    rate = FLAT[what]
    sold = np.where(np.isfinite(rate), _sold(np.nan_to_num(rate)), np.nan)
    np.testing.assert_allclose(_ahead(_panel(sold)), 1.0, atol=0.05)


def test_a_launch_and_an_opening_change_no_index() -> None:
    sold = _sold(np.full(DAYS, 5.0), 40)
    sold[20:, AGO >= 60] = np.nan
    sold[0] = np.where(AGO < 100, 200.0, np.nan)
    np.testing.assert_allclose(_ahead(_panel(sold)), 1.0, atol=0.05)


def test_a_month_that_comes_back_is_found_at_its_size() -> None:
    july, rate = _july(), 3.0
    ahead = _ahead(_panel(_sold(rate * july[:DAYS])))[0]
    month = july[DAYS:] > 1
    assert ahead[month].mean() / ahead[~month].mean() == pytest.approx(5.0, rel=0.25)


def test_growth_does_not_hide_the_season() -> None:
    days = np.arange(DAYS + 364)
    wave = 1 + 0.5 * np.sin(2 * np.pi * (days - DAYS) / 365.25)
    sold = _sold(3.0 * 2.0 ** (days[:DAYS] / 365) * wave[:DAYS])
    np.testing.assert_allclose(_ahead(_panel(sold))[0], wave[DAYS:], atol=0.15)


def test_one_seasonal_sku_has_its_own_season_and_its_neighbours_none() -> None:
    july = _july()
    sold = _sold(np.full(DAYS, 5.0), 30)
    sold[3] = _sold(5.0 * july[:DAYS], 1, seed=7)[0]
    ahead, month = _ahead(_panel(sold)), july[DAYS:] > 1
    assert ahead[3][month].mean() / ahead[3][~month].mean() > 3.5
    np.testing.assert_allclose(np.delete(ahead, 3, axis=0), 1.0, atol=0.05)


def test_grams_do_not_speak_for_pieces() -> None:
    code = np.append(np.repeat(np.arange(6), 10), 6)
    sold = np.vstack([_sold(np.full(DAYS, 0.3), 60), _sold(20_000.0 * _july()[:DAYS], 1)])
    ahead = _ahead(_panel(sold, code))
    np.testing.assert_allclose(ahead[:60], 1.0, atol=0.05)
    assert ahead[60].max() > 3.0


def test_the_index_does_not_depend_on_the_unit() -> None:
    sold = _sold(3.0 * _july()[:DAYS], 8)
    mixed = sold * np.array([1, 1000, 0.001, 12, 1, 1, 5, 7.0])[:, None]
    np.testing.assert_allclose(_ahead(_panel(mixed)), _ahead(_panel(sold)), rtol=1e-6)


def test_a_category_without_history_has_the_season_that_the_others_share() -> None:
    july, code = _july(), np.repeat(np.arange(8), 5)
    sold = _sold(4.0 * july[:DAYS], 40)
    sold[35:, AGO >= 30] = np.nan
    ahead, month = _ahead(_panel(sold, code)), july[DAYS:] > 1
    assert 2.0 < ahead[39][month].mean() / ahead[39][~month].mean() < 5.5


def test_the_honest_season_of_a_year_is_that_of_the_other_years() -> None:
    wave = np.sin(np.arange(52) / 52 * 2 * np.pi)
    noise = np.random.default_rng(0).normal(0, 0.05, (1, 104))
    counts = np.full((1, 104), 400.0)
    year, cell = np.repeat([0, 1], 52), np.tile(np.arange(52), 2)
    for left_out in (0, 1):
        other = 1 - left_out
        ratios = 1.0 + 0.4 * np.concatenate([wave, wave])[None, :] + noise
        slow, _ = evidence.bands(ratios * counts, counts, year, cell, 52)
        found = evidence.shrunk(slow, np.zeros((1, 52)), left_out)[0]
        assert np.corrcoef(found, slow.deviation[0, other])[0, 1] > 0.9999
        assert 0.8 < found.std() / slow.deviation[0, other].std() < 1.0


def test_seasonality_off_is_off_everywhere() -> None:
    panel = replace(_panel(_sold(3.0 * _july()[:DAYS])), seasonal=False)
    assert (_ahead(panel) == 1.0).all()
    trained = seasonal.fit(replace(panel, seasonal=True))
    assert (trained.on(panel, 40)[0] == 1.0).all(), "a model trained with seasons says none of them, either"


def test_weekdays_are_found_beside_growth_and_a_launch() -> None:
    panel = _panel(_sold(np.ones(DAYS)))
    shape = np.array([1.0, 1.0, 1.0, 1.0, 1.5, 1.5, 0.0])
    day = np.array([start.weekday() for start in panel.starts()])
    sold = _sold(5.0 * 2.0 ** (-AGO / 200) * shape[day])
    sold[:5, AGO >= 33] = np.nan
    code = np.zeros(20, dtype=np.int64)
    np.testing.assert_allclose(weekdays(sold, panel.starts(), code, code)[0], shape, atol=0.08)


def test_cells_of_longer_periods_cover_the_year() -> None:
    starts = [AS_OF + timedelta(days=30 * k) for k in range(12)]
    cell, cells = cells_of(starts, 30)
    assert cells == 12 and sorted(set(cell.tolist())) == list(range(12))


def test_silence_before_a_late_first_sale_is_not_known_and_a_usual_one_is() -> None:
    units = np.zeros((2, 40))
    units[0, 30:] = 5.0
    units[1, [6, 13, 20, 27, 34]] = 1.0
    living = alive(units, np.ones((2, 40)))
    assert not living[0, :30].any() and living[0, 30:].all() and living[1].all()


def test_groups_are_compared_by_the_skus_known_on_both_sides() -> None:
    found = weeks(
        np.vstack([np.full((1, 140), 2.0), np.where(np.arange(140) < 70, np.nan, 40.0)]),
        make(np.ones((1, 140))).starts(),
        1,
    )
    index, counts = compared(found, weights(found), np.zeros(2, dtype=np.int64))
    np.testing.assert_allclose(index[counts > 0], 1.0, rtol=1e-6)


def test_a_jump_is_one_step_of_the_level() -> None:
    time = np.arange(104) / 52
    index = np.where(np.arange(104) < 60, 1.0, 2.0)[None, :]
    level, _ = levels.fitted(index, np.full((1, 104), 200.0), time, curve=False, jumps=True)
    np.testing.assert_allclose(level, index, rtol=0.05)


def test_stretched_ratios_come_back() -> None:
    ratio = np.array([0.0, 0.5, 1.0, 4.0])
    np.testing.assert_allclose(evidence.ratios(evidence.stretched(ratio)), ratio)
