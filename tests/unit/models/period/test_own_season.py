"""A SKU whose years agree in something that its category does not has a season of its own."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.period.own_season import own_season
from models.period.period_features import Builder, Histories
from models.period.sharp_season import sharpened
from pipelines.core.seeds import generator

SKUS, WEEKS = 6, 156


def july_beside_flat() -> Histories:
    """Six SKUs of one category; the last sells three times as much in July."""
    histories = Histories(
        np.zeros((SKUS, WEEKS)), date(2026, 6, 28), 7, np.zeros(SKUS, dtype=int), np.zeros(SKUS, dtype=int)
    )
    rate = np.full((SKUS, WEEKS), 70.0)
    rate[-1, in_july(histories, 0)] *= 3.0
    return replace(histories, demand=generator(2, "own season").poisson(rate).astype(float))


def in_july(histories: Histories, horizon: int) -> np.ndarray:
    return np.array([day.month == 7 for day in histories.middles(horizon)])


def test_a_seasonal_item_in_a_flat_category_has_its_own_season_and_its_neighbours_have_none() -> None:
    histories = july_beside_flat()
    rows, factors = own_season(histories, 8)
    assert rows.tolist() == [SKUS - 1]
    coming = in_july(histories, 8)
    coming[:WEEKS] = False
    assert factors[0, coming].mean() / factors[0, ~in_july(histories, 8)].mean() == pytest.approx(3.0, rel=0.25)


def test_both_forecasters_of_the_mean_see_it() -> None:
    builder = Builder(july_beside_flat(), 4)
    for each in (builder, sharpened(builder)):
        assert np.array_equal(each.season[-1], builder.own[1][0])


def test_a_factor_of_the_past_does_not_hold_its_own_year() -> None:
    histories = july_beside_flat()
    newest = np.flatnonzero(in_july(histories, 0))[-2:]
    demand = histories.demand.copy()
    demand[-1, newest] *= 1.3
    before, after = (
        own_season(replace(histories, demand=each), 0)[1][0, newest] for each in (histories.demand, demand)
    )
    assert after == pytest.approx(before, rel=0.05)


def test_a_year_and_a_quarter_of_books_shows_no_season() -> None:
    histories = july_beside_flat()
    rows, factors = own_season(replace(histories, demand=histories.demand[:, -65:]), 2)
    assert rows.size == 0 and factors.shape == (0, 67)
