"""The guard holds its error rate, and lets a real saving through."""

import numpy as np
import pytest

from pipelines.replay import guard


def noise(kind, rng, skus=600, days=365):
    if kind == "normal":
        return rng.normal(0, 1, (skus, days))
    if kind == "rare and large":
        return rng.gamma(0.02, 50, (skus, days)) - 1
    steps, series = rng.normal(0, 1, (skus, days)), np.zeros((skus, days))
    for t in range(1, days):
        series[:, t] = 0.8 * series[:, t - 1] + steps[:, t]
    return series


@pytest.mark.parametrize("kind", ["normal", "rare and large", "day after day"])
def test_without_a_saving_at_most_one_in_twenty_switches(kind):
    _, low, _ = guard.saving_interval(noise(kind, np.random.default_rng(4)), 0.95, seed=1)
    assert guard.switches(low).mean() <= 0.05


@pytest.mark.parametrize("kind", ["normal", "rare and large", "day after day"])
def test_a_clear_saving_passes(kind):
    days = noise(kind, np.random.default_rng(4))
    mean, low, high = guard.saving_interval(days + 0.8 * days.std(), 0.95, seed=1)
    assert guard.switches(low).mean() >= 0.9
    assert ((low <= mean + 1e-9) & (mean - 1e-9 <= high)).mean() >= 0.99


def test_too_short_a_past_never_switches():
    _, low, high = guard.saving_interval(np.ones((1, 3 * guard.BLOCK_DAYS + 27)), 0.95, seed=1)
    assert (low[0], high[0]) == (-np.inf, np.inf)


def test_a_sku_alone_has_the_interval_it_has_among_others():
    days = noise("normal", np.random.default_rng(9), skus=7)
    whole, alone = guard.saving_interval(days, 0.9, seed=3), guard.saving_interval(days[2:3], 0.9, seed=3)
    assert np.allclose([x[2] for x in whole], [x[0] for x in alone], rtol=0, atol=1e-12)


def by_hand(days, seed, tail=0.025, block=guard.BLOCK_DAYS):
    """One SKU's interval, written down plainly: median over where the blocks begin."""
    blocks = len(days) // block
    ring = days[len(days) - blocks * block :]
    ends = []
    for shift in range(0, block, guard.STEP_DAYS):
        means = np.roll(ring, shift).reshape(blocks, block).mean(axis=1)
        error = means.std(ddof=1) / np.sqrt(blocks)
        t = []
        for counts in guard.weights(blocks, seed):
            drawn = np.repeat(means, counts.astype(int))
            spread = drawn.std() / np.sqrt(blocks - 1)
            t.append((drawn.mean() - means.mean()) / spread if spread > 1e-6 * error else 0.0)
        high, low = np.quantile(t, [tail, 1 - tail])
        ends.append((means.mean() - low * error, means.mean() - high * error))
    return np.median(ends, axis=0)


def test_the_interval_is_the_one_written_down_plainly():
    days = noise("rare and large", np.random.default_rng(5), skus=3, days=260)
    _, low, high = guard.saving_interval(days, 0.95, seed=1)
    assert np.allclose(np.stack([low, high], axis=1), [by_hand(one, 1) for one in days], rtol=1e-9)


def test_a_week_more_seldom_turns_a_choice():
    """Where blocks begin moves with the as-of date: with one beginning, 17 % of these SKUs changed sides within the week."""
    days = noise("day after day", np.random.default_rng(6), skus=400, days=260) + 0.5
    weeks = (np.ascontiguousarray(days[:, end - 253 : end]) for end in (253, 260))
    before, after = (guard.switches(guard.saving_interval(week, 0.95, seed=1)[1]) for week in weeks)
    assert 0.2 < before.mean() < 0.8
    assert (before != after).mean() < 0.06
