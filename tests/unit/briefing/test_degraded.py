"""The sentence on a degraded day: which steps failed, in words, and who decides in their place."""

import doctest

import pytest

from pipelines.briefing import degraded
from pipelines.briefing.degraded import STEPS, Day, sentence


def test_nothing_failed_nothing_said():
    assert sentence(Day((), 9, {"reorder_point": 3})) == ""


def test_a_day_without_a_trained_model_is_named_whether_a_step_failed_or_not():
    simple = "o trained model served, so 2,016 SKUs are forecast by simple statistics and their lines say why"
    assert sentence(Day((), 2016, without_model=2016)) == f"N{simple}."
    assert f"the replay failed; every line to order has its passport all the same; n{simple}; no other" in sentence(
        Day(("replay",), 2016, without_model=2016)
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (
            Day(("vendors",), 2016, measured_on=["2026-06-21"]),
            "Degraded run: the measurement of the vendors failed; lines are expected by the vendors' lead times as measured on 2026-06-21; "
            "no other level had to step in for any of the 2,016 SKUs.",
        ),
        (
            Day(("vendors", "policy"), 9, {"safety_stock": 9}),
            "Degraded run: the measurement of the vendors and the setting of the policies failed; lines are expected by the agreed lead "
            "times; "
            "9 of 9 SKUs are decided by the next level (9 by a safety stock over the past's mean), and each of their lines says why.",
        ),
        (
            Day(("plan_replay", "replay"), 9, unproven=4),
            "Degraded run: the replay failed; 4 lines to order have no passport of today, and the choice of the last run that replayed "
            "their SKUs stands; no other level had to step in for any of the 9 SKUs.",
        ),
        (
            Day(("replay",), 9),
            "Degraded run: the replay failed; every line to order has its passport all the same; "
            "no other level had to step in for any of the 9 SKUs.",
        ),
    ],
)
def test_each_step_has_its_consequence(day, expected):
    assert sentence(day) == expected


@pytest.mark.parametrize("step", [*STEPS, "a_new_one"])
def test_every_step_that_fails_is_named(step):
    assert STEPS.get(step, "the step a_new_one") in sentence(Day((step,), 1))


def test_doctests():
    assert doctest.testmod(degraded).failed == 0
