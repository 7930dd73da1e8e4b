"""The interval of the realised saving covers the true one whenever it is looked at."""

import numpy as np

from pipelines.operations.realised import confidence

WORLDS, SKUS, BEFORE, WEEKS = 300, 500, 16, 26


def worlds(
    saving: float, seed: int = 1, control: float = 0.2
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weekly costs of SKUs that differ in size by orders of magnitude, whose costs persist from week to week, and who save differently.

    Returns mean cost before (R, N), mean cost up to each week (WEEKS, R, N), who follows us (R, N), strata (N,), the true saving (R,).
    """
    rng = np.random.default_rng(seed)
    size = rng.lognormal(0.0, 1.0, (WORLDS, SKUS))
    own = np.clip(saving + rng.normal(0.0, 0.15, (WORLDS, SKUS)), -1.0, 0.95)
    noise = np.zeros((BEFORE + WEEKS, WORLDS, SKUS))
    state = rng.normal(0.0, 1.0, (WORLDS, SKUS))
    for week in range(BEFORE + WEEKS):
        state = 0.6 * state + 0.8 * rng.normal(0.0, 1.0, (WORLDS, SKUS))
        noise[week] = np.exp(0.7 * state - 0.245)
    stratum = np.arange(SKUS) % 2
    draw = rng.random((WORLDS, SKUS))
    ours = np.ones((WORLDS, SKUS), bool)
    for one in (0, 1):
        some = np.flatnonzero(stratum == one)
        rank = draw[:, some].argsort(axis=1).argsort(axis=1)
        ours[:, some] = rank >= round(control * some.size)
    weekly = size * noise
    weekly[BEFORE:] *= np.where(ours, 1 - own, 1.0)
    so_far = weekly[BEFORE:].cumsum(axis=0) / np.arange(1, WEEKS + 1)[:, None, None]
    true = 1 - (size * (1 - own) * ours).sum(axis=1) / (size * ours).sum(axis=1)
    return weekly[:BEFORE].mean(axis=0), so_far, ours, stratum, true


def bounds(saving: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower and upper ends by week and world (WEEKS, R), and the true saving (R,)."""
    base, so_far, ours, stratum, true = worlds(saving, seed)
    low, high = [], []
    _, first = confidence.log_ratio(so_far[0], base, ours, stratum)
    for cost in so_far:
        theta, error = confidence.log_ratio(cost, base, ours, stratum)
        half = confidence.half_width(error, first)
        low.append(1 - np.exp(theta + half))
        high.append(1 - np.exp(theta - half))
    return np.array(low), np.array(high), true


def test_the_interval_covers_the_true_saving_at_all_looks_together() -> None:
    low, high, true = bounds(0.24)
    covered = ((low <= true) & (true <= high)).all(axis=0).mean()
    assert 0.93 <= covered <= 0.97, covered


def test_a_brownian_motion_leaves_the_bound_with_the_stated_probability() -> None:
    """The bound itself, on its own scale: information grows a hundredfold in 2,000 looks."""
    rng, information = np.random.default_rng(7), np.geomspace(1.0, 100.0, 2_000)
    steps = rng.standard_normal((2_000, information.size)) * np.sqrt(np.diff(np.r_[0.0, information]))
    estimate = steps.cumsum(axis=1) / information
    half = confidence.half_width(1 / np.sqrt(information), np.ones(information.size))
    outside = (np.abs(estimate) > half).any(axis=1).mean()
    assert 0.02 <= outside <= 0.05, "most of the 5 % within a hundredfold, the rest later"


def test_a_fixed_interval_would_not() -> None:
    """The test above could fail: 1.96 standard errors, looked at every week, cover less."""
    base, so_far, ours, stratum, true = worlds(0.24)
    inside = np.ones(WORLDS, bool)
    for cost in so_far:
        theta, error = confidence.log_ratio(cost, base, ours, stratum)
        inside &= np.abs(theta - np.log(1 - true)) <= 1.96 * error
    assert inside.mean() < 0.9


def test_no_saving_is_seldom_called_one() -> None:
    low, high, _ = bounds(0.0, seed=2)
    saved, lost = (low > 0).any(axis=0), (high < 0).any(axis=0)
    assert (saved | lost).mean() <= 0.05
    assert max(saved.mean(), lost.mean()) <= 0.04, "2.5 % each, and 300 worlds leave two standard errors of 0.9 %"
