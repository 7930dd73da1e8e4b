"""Costs that imply another service level than the target are named in the answer."""

import polars as pl

from pipelines import settings
from pipelines.studies.cost_notes import notes
from pipelines.studies.question import read


def config(objective="tweedie"):
    known = settings.load()
    costs = known.costs.model_copy(update={"service_target": 0.95})
    planning = known.planning.model_copy(update={"review_period_days": 7})
    return known.model_copy(
        update={
            "costs": costs,
            "planning": planning,
            "forecast": known.forecast.model_copy(update={"objective": objective}),
        }
    )


def skus(*shortage_costs, own=True):
    rows = {
        "shortage_cost": [float(cost) for cost in shortage_costs],
        "holding_cost_per_day": 1.0,
        "has_own_costs": own,
    }
    return pl.DataFrame(rows)


def test_own_costs_that_imply_the_target_need_no_note():
    assert notes(skus(133), read({}), config()) == []
    assert notes(skus(7, own=False), read({}), config()) == []


def test_own_costs_apart_from_the_target_are_stated_with_what_they_imply():
    (note,) = notes(skus(133, 7, 21), read({}), config())
    assert "2 of 3 SKUs" in note and "from 50.0% to 75.0%" in note and "95.0%" in note


def test_the_costs_of_the_question_count():
    assert notes(skus(7), read({"change": {"shortage_cost_factor": 19.0}}), config()) == []
    assert notes(skus(133), read({"change": {"service_target": 0.8}}), config())


def test_boosters_that_learn_three_to_one_are_named_where_the_study_asks_for_them():
    (note,) = notes(skus(133), read({"retrain_days": 28}), config("asymmetric"))
    assert "3 to 1" in note and "75.0%" in note
    assert notes(skus(133), read({}), config("asymmetric")) == []
    assert notes(skus(133), read({"retrain_days": 28}), config()) == []
