"""Fallback drills: whatever is wrong with the policy's levels, every SKU is decided, and each line says at which level."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.core.quantiles import COLUMNS
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

ROWS, BREAKS = make(120, seed=8)
ROWS = ROWS.with_columns(
    erp_reorder_point=pl.when(pl.int_range(pl.len()) < 60).then(pl.lit(30.0)),
    erp_order_up_to=pl.when(pl.int_range(pl.len()) < 60).then(pl.lit(90.0)),
)
NOTHING = pl.lit(None, pl.Float64)


def _decided(**changes):
    return decide(ROWS.with_columns(**changes), BREAKS, AS_OF, config()).table


FAULTS = {
    "no policy was set": {
        "level": pl.lit(None, pl.String),
        "policy": pl.lit(None, pl.String),
        "reorder_point": NOTHING,
        "order_up_to": NOTHING,
        "safety_stock": NOTHING,
    },
    "the policy's levels are no numbers": {"order_up_to": pl.lit(float("nan"))},
    "the policy's levels are negative": {"order_up_to": pl.lit(-3.0), "reorder_point": pl.lit(-4.0)},
    "the policy's reorder point is above its order-up-to level": {"reorder_point": pl.col("order_up_to") + 5},
    "the policy's levels are far beyond what the past explains": {
        "order_up_to": pl.lit(1e12),
        "forecast_mean": pl.lit(1e12),
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_level_decides_and_says_so(fault):
    table = _decided(**FAULTS[fault])
    assert table.height == ROWS.height
    assert table["level"].head(60).unique().to_list() == ["reorder_point"]
    assert table["level"].tail(60).unique().to_list() == ["safety_stock"]
    assert table["level_reason"].str.starts_with(f"{fault}; ").all()
    assert table["reason"].str.contains("; .* decides?$").all()
    numbers = table.select(
        "quantity", "order_value", "risk", "reorder_point", "order_up_to", "projected_stock"
    ).to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers < 1e6).all()
    assert table["quantity"].max() > 0


def test_a_fraction_of_a_unit_falls_back_to_a_fraction():
    """12 kg a day booked in tonnes: the safety stock of their past is no whole tonne, that of pieces is."""
    missing = FAULTS["no policy was set"] | {"erp_reorder_point": NOTHING, "mean_demand": pl.lit(0.012)}
    kilos, pieces = (_decided(**missing, whole=pl.lit(whole)) for whole in (False, True))
    assert kilos["level"].unique().to_list() == pieces["level"].unique().to_list() == ["safety_stock"]
    mean, variance = 0.012 * 21, (0.012 * 1.1) ** 2 * (0.4 / 1.1 + (1 - 1 / 1.1) / 1.1) * 21
    expected = stats.gamma.ppf(0.95, mean**2 / variance, scale=variance / mean)
    assert kilos["reorder_point"].to_list() == pytest.approx([expected] * kilos.height)
    assert (pieces["reorder_point"] % 1 == 0).all()


def test_a_forecast_of_a_trillion_orders_what_the_past_calls_for():
    """One SKU's forecast is absurd; levels and risk of that SKU alone fall back, and it orders no more than levels of its past would."""
    here = pl.int_range(pl.len()) == 70
    hit = {
        name: pl.when(here).then(pl.lit(1e12)).otherwise(pl.col(name))
        for name in ("forecast_mean", "order_up_to", *COLUMNS)
    }
    table, before = _decided(**hit), _decided()
    row = table.row(70, named=True)
    assert row["level"] == "safety_stock"
    assert row["order_up_to"] < 20 * ROWS["order_up_to"][70]
    rest = [name for name in ("quantity", "level", "order_up_to", "risk") if name in table.columns]
    assert table.select(rest)[:70].equals(before.select(rest)[:70])


def test_sound_levels_stand():
    table = _decided()
    assert table["level"].unique().to_list() == ["policy"]
    assert table["level_reason"].unique().to_list() == [""]


def test_forecast_missing_but_levels_there():
    blank = dict.fromkeys(("forecast_mean", *COLUMNS), NOTHING)
    table = _decided(level=pl.lit("safety_stock"), **blank)
    assert table["level"].unique().to_list() == ["safety_stock"]
    assert table["risk"].is_between(0, 1).all()
    assert (table["quantity"] > 0).any()


def test_rows_in_decides_on_any_number():
    """Not a number anywhere in the offer or the stock stops nothing."""
    table = _decided(
        on_hand=NOTHING, lead_time_days=NOTHING, min_order_qty=NOTHING, pack_size=NOTHING, ordering_cost=NOTHING
    )
    assert table.height == ROWS.height
    ordered = table.filter(pl.col("quantity") > 0)
    assert ordered.height > 80
    days = (ordered["expected_on"] - ordered["as_of"]).dt.total_days()
    assert days.unique().to_list() == [15], "the default lead time where none was agreed"


def test_a_kept_minimum_that_leaves_a_sku_exposed_says_so():
    """98 % risk and no order puzzles a planner, unless the line says whose reorder point it is and what to do."""
    low = {
        "policy": pl.lit("min_max"),
        "level": pl.lit("reorder_point"),
        "reorder_point": pl.lit(0.0),
        "due": pl.lit(0.0),
    }
    exposed = _decided(**low, on_hand=pl.lit(1.0)).filter(pl.col("reason_code") == "NO_ORDER_POSITION_SUFFICIENT")
    fault = exposed["reason"].str.contains("the ERP's own minimum and was kept; all the same the SKU runs out with")
    assert fault.sum() > 80 and fault.to_list() == (exposed["risk"] >= 0.5).to_list()
    safe = _decided(**low, on_hand=pl.lit(1e6)).filter(pl.col("reason_code") == "NO_ORDER_POSITION_SUFFICIENT")
    assert safe.height > 80 and not safe["reason"].str.contains("all the same").any()
