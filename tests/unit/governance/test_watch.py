"""Drift by segment and the proof against a champion, on planted streams of scores."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.governance import watch

FIRST = date(2026, 1, 1)
CLASSES, PLACES = ("smooth", "lumpy", "erratic"), ("C1", "C2", "C3")


def stream(
    days: int, *, seed: int = 1, worse_from: int | None = None, by: float = 1.8, version: str = "m/2"
) -> pl.DataFrame:
    """Outcomes by run and cell: a champion a seventh better than the simple method; lumpy items by ``by`` worse from a day on."""
    random, rows = np.random.default_rng(seed), []
    for t in range(days):
        for c, name in enumerate(CLASSES):
            for p, place in enumerate(PLACES):
                base = 30 * (1 + 0.2 * c) * np.exp(random.normal(0, 0.1))
                lost = base * 0.86 * np.exp(random.normal(0, 0.06))
                if worse_from is not None and t >= worse_from and name == "lumpy":
                    lost *= by
                cell = {
                    "scored_on": FIRST + timedelta(days=t),
                    "demand_class": name,
                    "category": place,
                    "abc_class": "ABC"[p],
                    "windows": 60,
                    "mean": 100.0,
                    "demand": float(random.poisson(100)),
                }
                rows += [
                    {**cell, "role": "serving", "model_version": version, "pinball": lost},
                    {**cell, "role": "simple", "model_version": "ewma", "pinball": base},
                ]
    return pl.DataFrame(rows)


def alarms(rows: pl.DataFrame, days: range, false_alarm_days: int = 730) -> list[tuple[int, watch.Alarm]]:
    """Alarms as the daily runs raise them: (day, alarm)."""
    found: list[tuple[int, watch.Alarm]] = []
    for t in days:
        today = FIRST + timedelta(days=t)
        known = rows.filter(pl.col("scored_on") <= today)
        if found:
            known = known.filter(pl.col("scored_on") > FIRST + timedelta(days=found[-1][0]))
        found += [(t, a) for a in watch.drift(known, today, None, false_alarm_days)]
    return found


def test_a_planted_degradation_of_one_segment_is_one_alarm_of_that_segment_within_seven_days() -> None:
    found = alarms(stream(97, worse_from=90), range(88, 97))
    assert len(found) == 1
    day, alarm = found[0]
    assert 90 <= day < 97 and (alarm.kind, alarm.dimension, alarm.segment) == ("score", "demand_class", "lumpy")


def test_quiet_days_raise_no_alarm() -> None:
    assert alarms(stream(120, seed=7), range(60, 120, 3)) == []


def test_a_champion_worse_than_the_simple_method_in_a_suspect_segment_is_proven_so() -> None:
    rows, today = stream(97, worse_from=90), FIRST + timedelta(days=96)
    proof = watch.worse(rows, today, "m/2", FIRST + timedelta(days=60), [("demand_class", "lumpy")], 0.05)
    assert proof is not None and (proof.rival, proof.segment) == ("the simple method", "lumpy")
    assert proof.runs <= 7 and proof.share > 0.2 and proof.evidence >= proof.threshold


def test_a_champion_as_good_as_it_was_is_not() -> None:
    rows, today = stream(120, seed=3), FIRST + timedelta(days=119)
    assert watch.worse(rows, today, "m/2", FIRST, [("demand_class", name) for name in CLASSES], 0.05) is None


def test_a_segment_without_an_alarm_is_no_suspect() -> None:
    rows, today = stream(97, worse_from=90, by=1.4), FIRST + timedelta(days=96)
    assert watch.worse(rows, today, "m/2", FIRST, [], 0.05) is None


def test_the_version_before_is_a_rival_where_it_forecast_beside() -> None:
    rows = stream(60)
    beside = rows.filter(pl.col("role") == "simple").with_columns(
        role=pl.lit("shadow"), model_version=pl.lit("m/1"), pinball=pl.col("pinball") * 0.5
    )
    proof = watch.worse(pl.concat([rows, beside]), FIRST + timedelta(days=59), "m/2", FIRST, [], 0.05)
    assert proof is not None and proof.rival == "m/1" and proof.share > 0.5
