"""The gate over a catalogue's forecasts: planted divergences stop the day, what companies do does not."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.forecast.catalogue_gate import Limits, check, figures
from tests.unit.models.panels import make

LIMITS = Limits(3.0, 0.25, 3.0)
SKUS, LENGTH, DAYS = 100, 730, 21


def panel(factor: np.ndarray | float = 1.0) -> Panel:
    rate = np.exp(np.linspace(-2.0, 3.0, SKUS))[:, None]
    return make(np.random.default_rng(3).poisson(rate * factor, (SKUS, LENGTH)).astype(float))


def right(histories: Panel) -> tuple[np.ndarray, np.ndarray]:
    mean = histories.demand[:, -91:].mean(axis=1) * DAYS
    return mean, np.sqrt(mean + 0.3 * mean**2)


def judged(histories: Panel, mean: np.ndarray, std: np.ndarray) -> None:
    check(histories, mean, std, np.full(SKUS, float(DAYS)), LIMITS, "forecaster/1")


def test_a_sound_forecast_passes() -> None:
    histories = panel()
    judged(histories, *right(histories))


@pytest.mark.parametrize(("factor", "words"), [(4.0, "above the limit of 3.00"), (0.2, "below the limit of 0.33")])
def test_a_forecast_far_from_quarter_and_year_is_named_by_figure_limit_and_remedy(factor: float, words: str) -> None:
    histories = panel()
    mean, std = right(histories)
    with pytest.raises(StockproofError, match="times its last quarter and") as caught:
        judged(histories, factor * mean, factor * std)
    assert words in caught.value.message and "gate_ratio" in (caught.value.remedy or "")


def test_a_season_that_last_year_knew_passes() -> None:
    peak = np.ones(LENGTH)
    peak[LENGTH - 364 : LENGTH - 364 + DAYS] = 6.0
    histories = panel(peak)
    mean, std = right(histories)
    judged(histories, 5.5 * mean, 5.5 * std)


def test_deviations_of_many_means_stop_the_day() -> None:
    histories = panel()
    mean, std = right(histories)
    with pytest.raises(StockproofError, match="standard deviation of more than 3 means"):
        judged(histories, mean, np.where(np.arange(SKUS) % 2 == 0, 20 * mean, std))


def test_nothing_for_half_of_what_sells_stops_the_day() -> None:
    histories = panel()
    mean, std = right(histories)
    with pytest.raises(StockproofError, match="forecast to sell nothing"):
        judged(histories, np.where(np.arange(SKUS) % 2 == 0, 0.0, mean), std)


def test_an_item_in_grams_does_not_speak_for_the_catalogue() -> None:
    histories = panel()
    demand = histories.demand.copy()
    demand[0] = 20_000.0 + np.random.default_rng(1).normal(0, 2_000, LENGTH)
    histories = replace(histories, demand=demand)
    mean, std = right(histories)
    mean[0] *= 8.0
    judged(histories, mean, std)


def test_a_catalogue_of_few_sellers_is_not_judged() -> None:
    histories = panel()
    demand = np.where(np.arange(SKUS)[:, None] < 90, 0.0, histories.demand)
    histories = replace(histories, demand=demand)
    mean, std = right(histories)
    judged(histories, 9 * mean, std)


def test_a_shorter_history_is_compared_with_its_quarter_alone() -> None:
    histories = panel()
    short = histories.until(200)
    mean, std = right(short)
    assert figures(short, mean, std, np.full(SKUS, float(DAYS)), 3.0).year is None
    with pytest.raises(StockproofError, match=r"[34]\.\d\d times its last quarter, above"):
        judged(short, 4 * mean, std)
