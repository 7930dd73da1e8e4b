"""What became of the SKUs that a challenger served: planted differences of loss, cost and fill."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.core.draw import places
from pipelines.governance import split

FIRST = date(2026, 6, 1)


def skus(count: int) -> pl.DataFrame:
    return pl.DataFrame({
        "item_id": [f"I{n:04d}" for n in range(count)], "location_id": ["W"] * count, "stratum": ["ABC"[n % 3] for n in range(count)],
    })  # fmt: skip


def test_the_draw_is_even_over_strata_and_holds_for_those_that_have_a_place() -> None:
    whole = skus(300)
    drawn = places(whole, "m/2", whole.head(0))
    inside = drawn.filter(pl.col("place") < 0.2)
    assert dict(inside.group_by("stratum").len().iter_rows()) == {"A": 20, "B": 20, "C": 20}
    more = places(skus(330), "m/2", drawn)
    assert more.height == 30 and set(more["item_id"]) & set(drawn["item_id"]) == set()
    other = places(whole, "m/3", whole.head(0)).filter(pl.col("place") < 0.2)
    assert set(other["item_id"]) != set(inside["item_id"]), "another challenger draws other SKUs"


def arms(count: int, effect: float, seed: int = 1) -> pl.DataFrame:
    """Cost a day of SKUs: strata and SKUs differ much, the split by a little."""
    random = np.random.default_rng(seed)
    level = np.exp(random.normal(0, 1, count))
    inside = random.random(count) < 0.2
    return pl.DataFrame({
        "stratum": ["ABC"[n % 3] for n in range(count)], "arm": np.where(inside, "challenger", "champion").astype(str),
        "before": level + random.normal(0, 0.05, count), "after": level + random.normal(0, 0.05, count) + effect * inside,
    })  # fmt: skip


@pytest.mark.parametrize(("effect", "winner"), [(-0.05, "challenger"), (0.05, "champion")])
def test_a_planted_difference_of_cost_is_found_although_skus_differ_by_far_more(effect: float, winner: str) -> None:
    found = split.outcome(arms(1500, effect), "cost a day")
    assert found is not None and found.winner == winner and found.low < effect < found.high


def test_more_fill_is_better() -> None:
    found = split.outcome(arms(1500, 0.05), "fill rate")
    assert found is not None and found.winner == "challenger"


def test_arms_that_are_alike_are_called_different_in_a_twentieth_of_splits_at_most() -> None:
    found = [split.outcome(arms(300, 0.0, seed), "cost a day") for seed in range(200)]
    assert np.mean([one is not None and one.winner != "open" for one in found]) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def test_too_few_skus_say_nothing() -> None:
    assert split.outcome(arms(12, 5.0), "cost a day") is None


@pytest.mark.parametrize(("ratio", "winner"), [(0.8, "challenger"), (1.25, "champion"), (1.0, "open")])
def test_losses_are_paired_run_by_run(ratio: float, winner: str) -> None:
    random = np.random.default_rng(4)
    rows = []
    for t in range(80):
        week = np.exp(random.normal(0, 0.3))  # moves both
        for role, version, factor in (("serving", "m/1", 1.0), ("shadow", "m/2", ratio), ("shadow", "m/0", 9.0)):
            lost = 30 * week * factor * np.exp(random.normal(0, 0.03))
            rows.append((FIRST + timedelta(days=t), role, version, 100, lost))
    stream = pl.DataFrame(rows, schema=["scored_on", "role", "model_version", "windows", "pinball"], orient="row")
    found = split.loss(stream, "m/2")
    assert found is not None and found.winner == winner and found.of == 80
    assert split.loss(stream.head(9), "m/2") is None
