"""The ERP's rule stays where the guard kept it, and nowhere else."""

import polars as pl

from pipelines.policy.incumbent import kept

POLICIES = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "location_id": ["w"] * 4,
        "policy": ["base_stock"] * 4,
        "level": ["policy"] * 4,
        "reorder_point": [1.0, 2.0, 3.0, 4.0],
        "order_up_to": [5.0, 6.0, 7.0, 8.0],
        "safety_stock": [0.5] * 4,
        "reason": ["forecast"] * 4,
    }
)
ROWS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "location_id": ["w"] * 4,
        "reorder_point": [10.0, 20.0, None, 40.0],
        "order_up_to": [30.0, 50.0, None, 60.0],
        "forecast_mean": [4.0, 4.0, 4.0, None],
        "is_unknown": [False] * 4,
    }
)
CHOICES = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "location_id": ["w"] * 4,
        "choice": ["incumbent", "ours", "incumbent", "incumbent"],
        "reason": ["not proven"] * 4,
    }
)


def test_the_erps_rule_stays_with_the_reason_of_the_guard():
    found = {row["item_id"]: row for row in kept(POLICIES, CHOICES, ROWS).iter_rows(named=True)}
    assert {
        name: found["a"][name] for name in ("policy", "level", "reorder_point", "order_up_to", "safety_stock", "reason")
    } == {
        "policy": "min_max",
        "level": "reorder_point",
        "reorder_point": 10.0,
        "order_up_to": 30.0,
        "safety_stock": 6.0,
        "reason": "not proven",
    }
    assert found["b"]["policy"] == "base_stock"
    assert found["c"]["reorder_point"] == 3.0  # no rule to keep
    assert (found["d"]["reorder_point"], found["d"]["safety_stock"]) == (40.0, 0.5)  # no forecast to measure it by


def test_without_a_replay_ours_stands():
    assert kept(POLICIES, CHOICES.clear(), ROWS).equals(POLICIES)


def test_the_erps_rule_stays_where_nothing_is_known_of_the_past():
    unknown = ROWS.with_columns(is_unknown=pl.col("item_id").is_in(["b", "c"]))
    found = {row["item_id"]: row for row in kept(POLICIES, CHOICES.clear(), unknown).iter_rows(named=True)}
    assert (found["b"]["reorder_point"], found["b"]["order_up_to"]) == (20.0, 50.0)
    assert found["c"]["reorder_point"] == 3.0  # no rule to keep
    assert found["a"]["policy"] == "base_stock"
