"""An ERP that keeps sales and nothing else: empty tables of stock, policies and purchases still make marts."""

from datetime import timedelta

import polars as pl
import pytest

from pipelines.transform import job
from tests.dbt.conftest import AS_OF, every_mart, mart

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def counts(fill) -> dict[str, int]:
    fill("items", [{"item_id": i, "name": i, "unit_cost": 2.0} for i in ("A", "B")])
    fill("suppliers", [{"supplier_id": "S", "name": "Supplier", "active": True}])
    offers = [
        {
            "item_id": i,
            "supplier_id": "S",
            "is_primary": True,
            "lead_time_days": 9.0,
            "min_order_qty": 0.0,
            "unit_price": 2.0,
        }
        for i in ("A", "B")
    ]
    fill("item_suppliers", offers)
    fill("locations", [{"location_id": "W", "name": "Warehouse", "kind": "warehouse"}])
    days = [AS_OF - timedelta(days=n) for n in range(0, 60, 3)]
    fill(
        "sales",
        [
            {"sale_id": f"{n}", "item_id": "A", "location_id": "W", "sold_on": day, "quantity": 4.0}
            for n, day in enumerate(days)
        ],
    )
    fill(
        "sales",
        [{"sale_id": "elsewhere", "item_id": "B", "location_id": "unlisted", "sold_on": AS_OF, "quantity": 1.0}],
    )
    return job.run(AS_OF)


def test_position_is_empty_and_says_so(counts) -> None:
    assert counts["skus"] == 2
    sku = mart("dim_sku").row(by_predicate=pl.col("item_id") == "A", named=True)
    assert (sku["on_hand"], sku["on_order"], sku["inventory_position"], sku["counted_on"]) == (0.0, 0.0, 0.0, None)
    assert (sku["reorder_point"], sku["order_up_to"]) == (None, None)


def test_plan_falls_back_on_what_was_agreed(counts) -> None:
    sku = mart("dim_sku").row(by_predicate=pl.col("item_id") == "A", named=True)
    assert (sku["supplier_id"], sku["lead_time_mean"], sku["lead_time_std"], sku["lead_time_receipts"]) == (
        "S",
        9.0,
        0.0,
        0,
    )
    assert (sku["adi"], sku["cv2"], sku["demand_class"]) == (pytest.approx(58 / 20), 0.0, "intermittent")
    assert sku["unit_price"] == 2.0
    assert sku["shortage_cost"] == pytest.approx(19 * 7 * 2.0 * 0.2 / 365)  # 0.95 = p / (p + h R)
    assert (sku["min_order_qty"], sku["pack_size"]) == (1.0, 1.0)
    assert sku["holding_cost_per_day"] == pytest.approx(2.0 * 0.2 / 365)


def test_no_stockouts_are_made_up(counts) -> None:
    assert not mart("fct_demand")["is_stockout"].any()
    marts = every_mart()
    assert all(
        marts[name].height == 0
        for name in ("fct_stock", "fct_receipts", "fct_open_orders", "fct_lead_time", "fct_promotion")
    )
    assert marts["fct_vendor"].select("receipts", "on_time_share").rows() == [(0, None)]


def test_unlisted_location_is_kept_and_marked(counts) -> None:
    kinds = mart("dim_location").select("location_id", "location_kind", "skus").rows()
    assert sorted(kinds) == [("W", "warehouse", 1), ("unlisted", "unknown", 1)]
