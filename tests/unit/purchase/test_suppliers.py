"""What a unit of an offer costs on the shelf: the closed form of the economic order quantity."""

from math import sqrt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.purchase import suppliers
from tests.unit.purchase.catalogue import config

SHIPPED = config(min_quantity=0.0, max_quantity=1e12)
SETTINGS = SHIPPED.model_copy(update={"planning": SHIPPED.planning.model_copy(update={"bucket": "week"})})
BREAKS = pl.DataFrame(
    schema={"item_id": pl.String, "supplier_id": pl.String, "min_qty": pl.Float64, "unit_price": pl.Float64}
)


def landed(**terms: float | None) -> float:
    row = {
        "item_id": "a", "supplier_id": "s", "mean_demand": 2.0, "forecast_mean": 42.0, "protection_days": 21, "unit_cost": 5.0,
        "holding_cost_per_day": 0.01, "pack_size": 0.0, "min_order_qty": 0.0, "purchase_price": 4.0, "ordering_cost": 40.0,
        "accepted_share": 1.0, "whole": False,
    }  # fmt: skip
    given_terms = pl.DataFrame([row | terms], schema_overrides=dict.fromkeys(terms, pl.Float64))
    return float(suppliers.landed_costs(given_terms, BREAKS, SETTINGS)[0])


def closed_form(price: float, fixed: float, demand: float, rate: float) -> float:
    """c + √(2 K i c / D): price, ordering and holding a unit at the economic order quantity (Harris 1913)."""
    return price + sqrt(2 * fixed * rate * price / demand)


amounts = st.floats(0.05, 500)


@settings(deadline=None)
@given(amounts, amounts, amounts, st.floats(0.05, 50), st.integers(1, 90), st.floats(0.05, 1))
def test_it_is_price_ordering_and_holding_over_what_is_accepted(price, fixed, demand, cost, days, share):
    landed_cost = landed(
        purchase_price=price,
        ordering_cost=fixed,
        forecast_mean=demand * days,
        protection_days=days,
        unit_cost=cost,
        holding_cost_per_day=0.001 * cost,
        accepted_share=share,
    )
    assert landed_cost == pytest.approx(closed_form(price, fixed, demand, 0.001) / share, rel=1e-6)


YEARLY = SETTINGS.costs.holding_cost_rate / 365


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({"forecast_mean": None}, closed_form(4.0, 40.0, 2.0 / 7, 0.002)),  # the weekly mean of the past
        ({"holding_cost_per_day": None}, closed_form(4.0, 40.0, 2.0, YEARLY)),
        ({"unit_cost": 0.0}, closed_form(4.0, 40.0, 2.0, YEARLY)),
        ({"unit_cost": None}, closed_form(4.0, 40.0, 2.0, YEARLY)),
        ({"ordering_cost": None}, closed_form(4.0, SETTINGS.costs.ordering_cost, 2.0, 0.002)),
        ({"accepted_share": None}, closed_form(4.0, 40.0, 2.0, 0.002)),
        ({"accepted_share": 0.0}, closed_form(4.0, 40.0, 2.0, 0.002) / 0.05),
    ],
)
def test_what_the_erp_does_not_name_has_its_stand_in(missing, expected):
    assert landed(**missing) == pytest.approx(expected, rel=1e-6)


def test_a_great_minimum_costs_its_holding():
    lot = 20_000.0
    assert landed(min_order_qty=lot) == pytest.approx(4.0 + 40.0 / lot + 0.002 * 4.0 * lot / 2 / 2.0, rel=1e-6)


def test_a_lot_comes_in_whole_packs():
    pack = 10_000.0
    assert landed(pack_size=pack) == pytest.approx(4.0 + 40.0 / pack + 0.002 * 4.0 * pack / 2 / 2.0, rel=1e-6)
