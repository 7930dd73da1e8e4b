"""The paired comparison of two forecasters: how often an equal one wins, how often a better one, and that a tie never does."""

import numpy as np
import pytest

from pipelines.forecast.paired import compare

SKUS, WEEKS, TRIES = 300, 4, 200


def losses(random: np.random.Generator, better: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Losses of a new and an old forecaster in one set of weeks: SKUs differ, weeks differ, and a week may suit one of the two."""
    base = random.gamma(4, 0.25, (SKUS, 1)) * np.exp(
        random.normal(0, 0.2, (SKUS, WEEKS)) + random.normal(0, 0.2, WEEKS)
    )
    suits = random.normal(0, 0.015, (2, WEEKS))  # what a week does to all SKUs of one forecaster
    own = np.exp(random.normal(0, 0.1, (2, SKUS, WEEKS)))
    new, old = (base * own[k] * (1 + suits[k]) for k in range(2))
    return new * (1 - better), old


def promoted(better: float, seed: int) -> float:
    random = np.random.default_rng(seed)
    verdicts = [compare(*losses(random, better), 0.05) for _ in range(TRIES)]
    return float(np.mean([verdict is not None and verdict.better for verdict in verdicts]))


def test_an_equal_forecaster_is_promoted_in_at_most_the_stated_share_of_weeks() -> None:
    assert promoted(0.0, 1) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / TRIES)
    assert np.mean([promoted(0.0, seed) for seed in range(2, 6)]) <= 0.05


def test_one_that_is_a_twentieth_better_is_promoted_in_four_of_five_weeks() -> None:
    assert promoted(0.05, 7) >= 0.8


def test_a_worse_one_never_is() -> None:
    assert promoted(-0.05, 8) == 0.0


def test_a_tie_stays() -> None:
    same = np.random.default_rng(3).gamma(2, 1, (50, 4))
    verdict = compare(same, same, 0.05)
    assert verdict is not None and (verdict.difference, verdict.high, verdict.better) == (0.0, 0.0, False)


def test_cells_that_one_of_the_two_was_not_scored_on_count_for_neither() -> None:
    new, old = np.full((20, 4), 1.0), np.full((20, 4), 2.0)
    new[3], old[4, 2] = np.nan, np.nan
    new[4, 2] = 900.0
    verdict = compare(new + 0.01 * np.arange(4), old, 0.05)
    assert verdict is not None and verdict.skus == 19 and verdict.mean_old == 2.0 and verdict.mean_new < 1.1


@pytest.mark.parametrize(("skus", "weeks"), [(20, 2), (1, 4), (20, 0)])
def test_too_few_weeks_or_skus_compare_nothing(skus: int, weeks: int) -> None:
    assert compare(np.ones((skus, weeks)), np.ones((skus, weeks)), 0.05) is None


def test_a_shift_of_one_week_is_no_proof_however_many_skus_show_it() -> None:
    """All the difference lies in one week of four: thousands of SKUs moved together once."""
    random = np.random.default_rng(5)
    old = random.gamma(2, 1, (5000, 4))
    new = old.copy()
    new[:, 1] *= 0.8
    verdict = compare(new, old, 0.05)
    assert verdict is not None and verdict.difference < 0 and not verdict.better
