"""A decision's row: position, price, date, risk, and a sentence with the numbers."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.purchase import codes, risk
from pipelines.purchase.job import table
from pipelines.purchase.reasons import SENTENCES

AS_OF = date(2026, 6, 28)
GRID = np.linspace(0, 28, len(LEVELS))


def rows(**changes):
    base = {
        "item_id": ["a"], "location_id": ["w"], "policy": ["base_stock"], "level": ["policy"],
        "reorder_point": [25.0], "order_up_to": [26.0],
        "safety_stock": [12.0], "protection_days": [14], "supplier_id": ["S1"], "has_supplier": [True], "abc_class": ["A"],
        "created_on": [None], "discontinued_on": [None], "on_hand": [4.0], "on_order": [10.0], "due": [6.0], "lead_time_days": [6.5],
        "min_order_qty": [None], "pack_size": [5.0], "purchase_price": [3.0], "mean_demand": [1.0], "forecast_mean": [14.0],
        **{c: [v] for c, v in zip(COLUMNS, GRID, strict=True)},
    }  # fmt: skip
    dates = {
        "created_on": pl.Date,
        "discontinued_on": pl.Date,
        "min_order_qty": pl.Float64,
        "pack_size": pl.Float64,
        "forecast_mean": pl.Float64,
    }
    return pl.DataFrame({**base, **changes}, schema_overrides={**dates, **dict.fromkeys(COLUMNS, pl.Float64)})


BREAKS = pl.DataFrame(
    {"item_id": ["a", "a"], "supplier_id": ["S1", "S2"], "min_qty": [20.0, 1.0], "unit_price": [2.5, 1.0]}
)


def one(**changes):
    return table(rows(**changes), BREAKS, AS_OF, settings.load()).row(0, named=True)


def test_an_order_with_its_numbers():
    row = one()
    assert row["inventory_position"] == 10.0  # what arrives in time counts, the rest of on_order does not
    assert row["quantity"] == 20.0  # 16 wanted, packs of 5
    assert row["unit_price"] == 2.5  # S1's break, not S2's
    assert (row["flip_input"], row["flip"]) == ("on_hand", "With 16 more on hand nothing would be ordered")
    assert (row["projected_without"], row["due"]) == (10.0 - 14.0, 6.0)
    assert row["order_value"] == 50.0
    assert row["expected_on"] == date(2026, 7, 6)  # 7 whole days, then one
    assert row["projected_stock"] == 10.0 + 20.0 - 14.0
    assert row["reason"] == (
        "Order 20: on hand 4 + due within 14 days 6 = position 10, at or below the reorder point 25; up to 26, in packs of 5"
    )
    single = table(rows(pack_size=[1.0]), BREAKS.head(0), AS_OF, settings.load())["reason"][0]
    assert single.endswith("the reorder point 25; up to 26")
    raised = one(
        pack_size=[19.0]
    )  # 19 would do at 3.0; nine times that, within half a year's demand, costs less in all
    assert (raised["quantity"], raised["unit_price"], raised["reason_code"]) == (
        171.0,
        2.5,
        "ORDER_RAISED_TO_PRICE_BREAK",
    )
    assert raised["reason"].startswith("Order 171 at 2.5 a unit instead of 19 at 3, which costs less in all: ")


def test_no_order_keeps_its_reason_and_no_date():
    row = one(on_hand=[30.0])
    assert (row["quantity"], row["expected_on"], row["order_value"]) == (0.0, None, 0.0)
    assert row["reason"] == "No order: on hand 30 + due within 14 days 6 = position 36, above the reorder point 25"
    gone = one(discontinued_on=[date(2026, 6, 28)])
    assert gone["reason"] == "No order: discontinued on 2026-06-28; on hand 4"
    assert one(discontinued_on=[date(2027, 6, 29)])["quantity"] > 0


def test_stock_at_a_minimum_that_is_the_maximum_is_not_said_to_be_above_it():
    row = table(rows(reorder_point=[10.0], order_up_to=[10.0]), BREAKS, AS_OF, settings.Settings()).row(0, named=True)
    assert row["quantity"] == 0
    assert row["reason"].startswith(
        "No order: on hand 4 + due within 14 days 6 = position 10, nothing is missing to the order-up-to level 10"
    )


def test_every_code_has_a_sentence():
    assert set(codes.CODES) == set(SENTENCES)


def test_risk_is_the_share_of_demand_above_the_position():
    demand = np.sort(np.random.default_rng(0).gamma(3, 5, 40_000))
    grid = np.quantile(demand, LEVELS)[None, :]
    for position in (3.0, 10.0, 20.0, 30.0):
        got = risk.exceedance(grid, np.array([position]))[0]
        assert got == pytest.approx((demand > position).mean(), abs=0.02)


def test_risk_at_ties_and_ends():
    grid = np.array([[0.0] * 7 + [1.0] * 8])
    assert risk.exceedance(grid, np.array([0.0]))[0] == pytest.approx(1 - LEVELS[6])
    assert risk.exceedance(grid, np.array([5.0]))[0] == pytest.approx(1 - LEVELS[-1])
    assert risk.exceedance(grid, np.array([-1.0]))[0] == 1.0


def test_the_kernels_risk_is_that_of_the_table():
    """Between quantiles, on them, where several share a value, and at and beyond both ends."""
    rng, levels = np.random.default_rng(1), np.asarray(LEVELS)
    grids = [np.sort(rng.poisson(mean, levels.size)).astype(float) for mean in (0.1, 2.0, 9.0, 200.0)]
    grids.append(np.sort(rng.gamma(2.0, 3.0, levels.size)))
    for grid in grids:
        stocks = np.unique(np.concatenate([grid, grid - 0.25, grid + 0.4, [-1.0, -1e-9, 0.0, 1e9]]))
        found = [risk.beyond(grid, levels, stock) for stock in stocks]
        assert found == pytest.approx(risk.exceedance(np.tile(grid, (stocks.size, 1)), stocks).tolist(), abs=1e-12)
    blank = np.full(levels.size, np.nan)
    assert (risk.beyond(blank, levels, 1.0), risk.beyond(blank, levels, -1.0)) == (0.0, 1.0)


def test_risk_without_a_forecast():
    blank = {column: [None] for column in COLUMNS}
    empty = one(on_hand=[0.0], due=[0.0], forecast_mean=[None], level=["safety_stock"], **blank)
    assert (empty["risk"], empty["priority"], empty["projected_stock"]) == (1.0, "high", 30.0 - 14.0)
    assert one(forecast_mean=[None], **blank)["risk"] == 0.0


def test_levels_of_least_expected_cost_read_as_a_base_stock():
    """The policy tells 16 more from a position of 10; with so much more on hand it would order nothing."""
    row = one(policy=["expected_cost"], reorder_point=[25.0], order_up_to=[26.0], pack_size=[1.0], ordering_cost=[0.0])
    # The price break at 20 pays.
    assert (row["quantity"], row["flip"]) == (20.0, "With 16 more on hand nothing would be ordered")
    enough = one(policy=["expected_cost"], reorder_point=[8.0], order_up_to=[9.0])
    assert (enough["quantity"], enough["flip"]) == (0.0, "With 2 less on hand it would be ordered")


def test_levels_of_least_expected_cost_of_what_comes_in_fractions_fade_by_fractions():
    """0.3 kg more from a position of 0.7: with 0.1 more on hand 0.2 would be ordered, not nothing; no kilogram is a piece."""

    def kilos(level, on_hand):
        one_item = rows(
            policy=["expected_cost"],
            whole=[False],
            pack_size=[None],
            due=[0.0],
            ordering_cost=[0.0],
            reorder_point=[level],
            order_up_to=[level],
            on_hand=[on_hand],
        )
        return table(one_item, BREAKS.head(0), AS_OF, settings.load()).row(0, named=True)

    row = kilos(1.0, 0.7)
    assert (row["quantity"], row["flip_change"]) == (pytest.approx(0.3), pytest.approx(0.3, abs=1e-5))
    assert row["flip"] == "With 0.3 more on hand nothing would be ordered"
    assert kilos(1.0, 0.8)["quantity"] == pytest.approx(0.2)
    enough = kilos(0.7, 0.7)
    assert (enough["quantity"], enough["reorder_point"]) == (0.0, 0.7)
    assert "nothing is missing to the order-up-to level 0.7" in enough["reason"]


def test_what_is_booked_in_tonnes_is_shown_with_its_significant_figures():
    """Four kilograms of what is booked in tonnes are neither 0 nor 'anything at all'."""
    tonnes = rows(
        whole=[False],
        pack_size=[None],
        due=[0.0],
        ordering_cost=[0.0],
        reorder_point=[0.0042],
        order_up_to=[0.0075],
        on_hand=[0.0012],
        forecast_mean=[0.003],
        mean_demand=[0.0003],
    )
    row = table(tonnes, BREAKS.head(0), AS_OF, settings.load()).row(0, named=True)
    assert row["reason"] == (
        "Order 0.0063: on hand 0.0012 + due within 14 days 0 = position 0.0012, at or below the reorder point 0.0042; up to 0.0075"
    )
    # At the reorder point it would still be ordered: a hair more does it.
    assert row["flip"] == "With 0.0031 more on hand nothing would be ordered"
