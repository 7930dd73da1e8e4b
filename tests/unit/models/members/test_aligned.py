"""Totals and alignment: what the calendar says of a total reaches its SKUs."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from models.members import aligned
from models.members.aligned import Aligned, align
from models.members.classical import Decayed
from models.totals import ridge
from tests.unit.models.panels import catalogue

START = date(2024, 1, 1)
ALONE = np.array([-1])


def _calendar(span: int, events: dict[int, int] | None = None) -> ridge.Calendar:
    codes = np.zeros(span, dtype=np.int64)
    for at, code in (events or {}).items():
        codes[at] = code
    return ridge.Calendar([START + timedelta(days=k) for k in range(span)], codes, 7)


def _series(span: int, seed: int = 0) -> np.ndarray:
    day = np.arange(span)
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.03, span))
    return 500 * (1 + 0.3 * (day % 7 >= 5)) * (1 + 0.2 * np.sin(2 * np.pi * day / 365.25)) * noise


def test_weekday_and_time_of_year_are_foretold() -> None:
    y = _series(728 + 28)
    forecast = ridge.forecast(y[None, :728], np.zeros((1, 756)), ALONE, _calendar(756))[0]
    assert np.abs(forecast / y[728:] - 1).mean() < 0.04


def test_an_event_seen_before_is_foretold_and_its_neighbours_are_not_touched() -> None:
    y = _series(756)
    events = {100: 1, 300: 1, 500: 1, 700: 1, 740: 1}
    for at in events:
        y[at] *= 1.8
    forecast = ridge.forecast(y[None, :728], np.zeros((1, 756)), ALONE, _calendar(756, events))[0]
    assert forecast[12] / y[740] == pytest.approx(1, abs=0.12)
    assert np.abs(np.delete(forecast / y[728:], 12) - 1).max() < 0.15


def test_a_promoted_share_moves_the_total() -> None:
    y = _series(756)
    flag = (np.arange(756) // 28 % 3 == 0).astype(float)
    y *= 1 + 0.5 * flag
    forecast = ridge.forecast(y[None, :728], flag[None, :], ALONE, _calendar(756))[0]
    assert np.abs(forecast / y[728:] - 1).mean() < 0.05


def test_closed_days_do_not_sink_the_forecast() -> None:
    y = _series(756)
    y[[359, 725]] = 0.0
    forecast = ridge.forecast(y[None, :728], np.zeros((1, 756)), ALONE, _calendar(756))[0]
    assert np.abs(forecast / y[728:] - 1).mean() < 0.08


def test_a_thin_group_learns_the_event_from_its_parent() -> None:
    whole = _series(756)
    events = {100: 1, 300: 1, 500: 1, 740: 1}
    for at in events:
        whole[at] *= 1.8
    part = whole * 0.05 * np.exp(np.random.default_rng(3).normal(0, 0.6, 756))
    both, calendar = np.stack([whole, part])[:, :728], _calendar(756, events)
    errors = []
    for parent in (-1, 0):
        forecast = ridge.forecast(both, np.zeros((2, 756)), np.array([-1, parent]), calendar)[1]
        errors.append(np.abs(forecast / (whole[728:] * 0.05 * np.exp(0.18)) - 1).mean())
    assert errors[1] < errors[0]


def _grouped(skus: int = 80, length: int = 400):
    panel, after = catalogue(skus, length, seed=4, future=14)
    group = np.arange(skus) % 4
    scaled = replace(panel, demand=panel.demand * 10, levels={"all": np.zeros(skus, int), "group": group}, group=group)
    return scaled, after * 10, group


def test_aligned_sums_come_near_the_totals_foretold() -> None:
    panel, after, group = _grouped()
    path = Decayed().fit(panel).path(panel, 14)
    moved = align(panel, path * 0.7)
    sums = np.array([moved[group == g].sum() for g in range(4)])
    actual = np.array([after[group == g].sum() for g in range(4)])
    assert np.abs(sums / actual - 1).max() < 0.15
    ratio = moved / (path * 0.7)
    np.testing.assert_allclose(ratio[group == 1], np.broadcast_to(ratio[1], ratio[group == 1].shape))
    assert ratio.min() >= aligned.BOUNDS[0] and ratio.max() <= aligned.BOUNDS[1] + 1e-9


def test_thin_totals_and_short_histories_align_nothing() -> None:
    panel, _, _ = _grouped()
    path = np.ones((80, 5))
    assert align(replace(panel, demand=panel.demand * 1e-3), path) is path
    assert align(panel.until(100), path) is path
    assert align(replace(panel, levels={}), path) is path


def test_alignment_sees_nothing_after_its_origin() -> None:
    panel, _, _ = _grouped()
    late = panel.demand.copy()
    late[:, 300:] *= 50
    first, second = (p.until(300) for p in (panel, replace(panel, demand=late)))
    np.testing.assert_array_equal(
        Aligned(Decayed()).fit(first).path(first, 14), Aligned(Decayed()).fit(second).path(second, 14)
    )
