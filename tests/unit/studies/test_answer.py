"""The answer of a large study is a small document, and its sums are those of its groups."""

import json

import jsonschema
import numpy as np
import polars as pl
import pytest

from pipelines.settings import ROOT
from pipelines.studies import answer, figures
from pipelines.studies.question import read, variants

ITEMS, SUPPLIERS, DAYS = 10_000, 1_000, 365
HEAD = {"simulation_id": "0" * 36, "status": "completed", "name": "large", "author": "a", "tags": [], "as_of": "2026-06-28",
        "start_date": "2025-06-29", "end_date": "2026-06-28", "items_total": ITEMS, "days_total": DAYS}  # fmt: skip


@pytest.fixture(scope="module")
def large():
    """A study of 10,000 items of 1,000 suppliers under three policies."""
    rng = np.random.default_rng(8)
    question = read({"policies": ["ours", "base_stock", "min_max"], "days": DAYS})
    skus = pl.DataFrame(
        {
            "item_id": [f"ITEM-{n:06d}" for n in range(ITEMS)],
            "location_id": ["WH-1"] * ITEMS,
            "category": [f"Category of goods {n % 40}" for n in range(ITEMS)],
            "supplier_id": [f"SUPPLIER-{n % SUPPLIERS:04d}" for n in range(ITEMS)],
            "demand_class": [("smooth", "lumpy", "erratic", "intermittent")[n % 4] for n in range(ITEMS)],
            "abc_class": [("A", "B", "C")[n % 3] for n in range(ITEMS)],
            "stratum": ["s"] * ITEMS,
            "weight": [1.0] * ITEMS,
            "unit_price": rng.gamma(2.0, 9.0, ITEMS),
        }
    )
    sides = [
        ("recorded", ""),
        *((policy, one.label) for one in variants(question) for policy in ("candidate", "incumbent")),
    ]
    rows = pl.concat(
        [
            skus.with_columns(
                *(
                    pl.Series(name, rng.gamma(1.5, 80.0, ITEMS))
                    for name in (*figures.TOTALS, "lost_units_low", "lost_units_high")
                ),
                policy=pl.lit(policy),
                variant=pl.lit(variant),
            ).with_columns(days=pl.lit(DAYS), stockout_days=pl.Series(rng.integers(0, 30, ITEMS)))
            for policy, variant in sides
        ]
    )
    failing = skus.head(0).select("item_id", "location_id", pl.lit("x").alias("kind"), "stratum", "weight")
    return answer.document(HEAD, question, rows, failing, skus.select("stratum", "weight"), ITEMS, 0.95)


def test_the_answer_of_ten_thousand_items_is_below_a_megabyte_and_of_the_published_schema(large):
    text = json.dumps(large)
    assert len(text.encode()) < 1_000_000
    jsonschema.validate(json.loads(text), json.loads((ROOT / "docs" / "study-answer.schema.json").read_text()))
    assert large["breakdown_groups"]["supplier"] == SUPPLIERS and len(large["supplier_breakdown"]) == answer.MOST_GROUPS


def test_categories_of_a_large_answer_sum_to_the_global_figures(large):
    for metric in ("inventory_value", "total_orders", "total_cost"):
        groups = sum(group[metric]["simulated"] for group in large["category_breakdown"])
        assert groups == pytest.approx(large["global_metrics"][metric]["simulated"], rel=1e-6)
