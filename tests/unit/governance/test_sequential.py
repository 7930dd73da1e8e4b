"""False alarms and detections of the sequential tests, by simulation."""

import numpy as np

from pipelines.governance.sequential import detect, difference_bets, normal_mixture, rank_bets

SEGMENTS, DAYS = 18, 730


def test_two_hundred_quiet_months_raise_no_more_alarms_than_stated() -> None:
    random, alarms, length = np.random.default_rng(1), 0, 376
    for _ in range(16):  # 6,016 days: 200 months
        for _ in range(SEGMENTS):
            quiet = random.normal(-0.15, 0.05, length) + 0.02 * random.standard_t(5, length)
            alarms += len(detect(rank_bets(quiet), SEGMENTS * DAYS).alarms)
    assert alarms <= 16 * length / DAYS


def test_a_segment_that_gets_worse_is_alarmed_once_within_a_week() -> None:
    random = np.random.default_rng(2)
    for _ in range(50):
        values = random.normal(-0.15, 0.05, 120)
        values[90:] += 0.4
        alarms = detect(rank_bets(values), SEGMENTS * DAYS).alarms
        assert len(alarms) >= 1 and 90 <= alarms[0] < 97


def test_a_champion_that_is_just_as_good_is_kept() -> None:
    random, taken = np.random.default_rng(3), 0
    for _ in range(200):
        values = random.normal(0.0, 0.05, 365) + 0.02 * random.standard_t(5, 365)
        taken += bool(detect(difference_bets(values), 365 / 0.05).alarms)
    assert taken <= 200 * 0.05


def test_one_that_becomes_worse_than_its_rival_is_found_within_a_week_whatever_it_won_before() -> None:
    random = np.random.default_rng(4)
    for _ in range(50):
        values = random.normal(-0.2, 0.05, 300)
        values[290:] += 0.6
        alarms = detect(difference_bets(values), 365 / 0.05).alarms
        assert alarms and 290 <= alarms[0] < 297


def test_the_detector_begins_again_after_an_alarm() -> None:
    found = detect(np.full(20, 3.0), 100.0)
    assert len(found.alarms) > 1 and found.statistic[found.alarms[0] + 1] == 3.0


def test_ties_and_short_pasts_are_no_evidence() -> None:
    assert (rank_bets(np.ones(60)) <= 1.0).all()
    assert (rank_bets(np.arange(27.0)) == 1.0).all() and (difference_bets(np.arange(27.0)) == 1.0).all()


def test_the_confidence_sequence_covers_at_every_look() -> None:
    random, missed = np.random.default_rng(5), 0
    for _ in range(200):
        values = random.normal(0.1, 1.0, 200)
        ends = [normal_mixture(values[:t], 0.05) for t in range(20, 201, 10)]
        missed += any(not low <= 0.1 <= high for _, low, high in ends)
    assert missed <= 200 * 0.05
