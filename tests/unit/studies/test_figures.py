"""Figures of a study against sums by hand, and the coverage of their intervals."""

import numpy as np
import polars as pl
import pytest

from pipelines.studies import figures, groups, sampling, sides


def rows(policy, variant, **columns):
    base = {
        "location_id": "w",
        "weight": 1.0,
        "stratum": "s",
        "category": "c",
        "supplier_id": "v",
        "days": 100,
        "lost_units": 0.0,
    }
    return pl.DataFrame(
        [
            {**base, "policy": policy, "variant": variant, **dict(zip(columns, values, strict=True))}
            for values in zip(*columns.values(), strict=True)
        ]
    )


FIGURES = (
    "item_id",
    "stockout_days",
    "demand_units",
    "sold_units",
    "stock_value_days",
    "holding_cost",
    "shortage_cost",
    "ordering_cost",
    "total_cost",
    "orders",
)


def columns(*skus):
    return dict(zip(FIGURES, zip(*skus, strict=True), strict=True))


def books():
    real = columns(("a", 20, 50.0, 50.0, 40_000.0, 10.0, 0.0, 30.0, 40.0, 6))
    rule = columns(("a", 10, 60.0, 48.0, 30_000.0, 9.0, 24.0, 25.0, 58.0, 5))
    ours = columns(
        ("a", 5, 60.0, 57.0, 20_000.0, 6.0, 6.0, 10.0, 22.0, 2), ("b", 0, 40.0, 40.0, 10_000.0, 3.0, 0.0, 5.0, 8.0, 1)
    )
    return pl.concat(
        [rows("recorded", "", **real), rows("incumbent", "ours", **rule), rows("candidate", "ours", **ours)]
    )


def drawn():
    return pl.DataFrame({"stratum": ["s", "s"], "weight": [1.0, 1.0]})


def test_metrics_by_hand_with_changes_on_common_skus_alone():
    of = sides.sides(books().with_columns(weight=1.0), "ours", drawn(), whole=True, calendar=100, confidence=0.95)
    # Each side's only SKU stands for both of its stratum where the other was left out: here sides are compared SKU by SKU.
    found = sides.metrics(of)
    assert found["service_level"]["simulated"] == pytest.approx(1 - 5 / 200)
    assert found["fill_rate"]["simulated"] == pytest.approx(97 / 100)
    assert found["inventory_value"]["simulated"] == pytest.approx(300.0)
    assert found["fill_rate"]["real"] is None and found["total_cost"]["real"] is None
    assert found["stockout_rate"]["reduction"] == pytest.approx(
        0.75
    )  # b has no books: it is in no comparison with them
    assert found["inventory_value"]["reduction"] == pytest.approx(0.5)
    assert found["service_level"]["improvement"] == pytest.approx(15.0)
    assert found["total_cost"]["against_incumbent"]["reduction"] == pytest.approx((58.0 - 22.0) / 58.0)


def test_weights_of_skus_left_out_go_to_the_others_of_their_stratum():
    drawn = pl.DataFrame({"stratum": ["x", "x", "x", "y"], "weight": [5.0, 5.0, 5.0, 2.0]})
    left = pl.DataFrame({"stratum": ["x", "y"], "weight": [5.0, 2.0]})
    assert figures.redistributed(left, drawn)["weight"].to_list() == [15.0, 2.0]


def catalogue(count=1200):
    rng = np.random.default_rng(5)
    size = rng.gamma(0.7, 40.0, count)
    out, real = rng.binomial(100, 0.03, count), rng.binomial(100, 0.08, count)
    frame = {
        "item_id": [f"i{n:05d}" for n in range(count)],
        "location_id": ["w"] * count,
        "demand_class": rng.choice(["smooth", "lumpy"], count),
        "abc_class": np.where(size > 60, "A", np.where(size > 15, "B", "C")),
        "annual_sales_value": size,
        "our_out": out,
        "real_out": real,
        "stock": size * rng.uniform(0.5, 1.0, count),
        "real_stock": size * rng.uniform(0.8, 1.4, count),
    }
    return pl.DataFrame(frame)


def side(of, policy, out, stock):
    zero = {name: pl.lit(0.0) for name in figures.TOTALS}
    return of.with_columns(**zero).with_columns(
        policy=pl.lit(policy),
        variant=pl.lit("" if policy == "recorded" else "ours"),
        days=pl.lit(100),
        stockout_days=pl.col(out),
        stock_value_days=pl.col(stock) * 100.0,
        orders=pl.col(out),
    )


def test_the_interval_of_each_extrapolated_figure_covers_the_full_run_as_often_as_it_states():
    """500 resamples: real side and reductions included, 92 to 98 percent each."""
    whole = catalogue()
    metrics = {metric.name: metric for metric in figures.METRICS}
    wanted = [
        ("stockout_rate", "value"),
        ("inventory_value", "value"),
        ("inventory_value", "real"),
        ("stockout_rate", "change"),
        ("inventory_value", "change"),
        ("service_level", "change"),
    ]
    everything = whole.with_columns(weight=1.0, stratum=pl.lit("all"))

    def estimates(of, census):
        ours, real = side(of, "candidate", "our_out", "stock"), side(of, "recorded", "real_out", "real_stock")
        at = figures.design(ours, whole=False, calendar=100, confidence=0.95)
        found = []
        for name, what in wanted:
            metric = metrics[name]
            found.append(
                figures.change(ours, real, metric, at)
                if what == "change"
                else figures.side(real if what == "real" else ours, metric, at)
            )
        return found

    truth = [one.value for one in estimates(everything, True)]
    hits = np.zeros(len(wanted))
    for seed in range(500):
        found = estimates(sampling.draw(whole, "stratified", 200, seed), False)
        hits += [one.low <= value <= one.high for one, value in zip(found, truth, strict=True)]
    assert np.all(hits / 500 >= 0.92) and np.all(hits / 500 <= 0.98), dict(zip(wanted, hits / 500, strict=True))


def test_figures_of_a_group_are_the_metrics_of_its_skus():
    rng = np.random.default_rng(6)
    base = catalogue(60).with_columns(
        category=pl.lit("c"),
        supplier_id=pl.Series(rng.choice(["v1", "v2", "v3"], 60)),
        weight=pl.Series(rng.uniform(1, 3, 60)),
        stratum=pl.lit("s"),
        unit_price=pl.lit(1.0),
    )
    rule = side(base, "incumbent", "real_out", "stock").with_columns(total_cost=pl.Series(rng.gamma(2.0, 9.0, 60)))
    parts = (
        side(base, "candidate", "our_out", "stock"),
        side(base[5:], "recorded", "real_out", "real_stock"),
        rule[:50],
    )
    whole = sides.Sides(*parts, whole=False, calendar=100, confidence=0.95)
    found = groups.breakdown(whole, "supplier", by="stockout_reduction")
    assert [row["stockout_reduction"] for row in found] == sorted(
        (row["stockout_reduction"] for row in found), reverse=True
    )
    for row in found:
        own = (part.filter(pl.col("supplier_id") == row["supplier"]) for part in parts)
        one = sides.Sides(*own, whole=False, calendar=100, confidence=0.95)
        wanted = sides.metrics(one, intervals=False)
        for name in groups.SHORT:
            assert row[name] == pytest.approx(wanted[name]), (row["supplier"], name)
