"""Books that know demand by month alone run through every stage to orders for weeks, not for months."""

from datetime import date, timedelta

import pytest

from pipelines import settings
from pipelines.forecast import job as forecast
from pipelines.io import warehouse
from pipelines.replay import job as replay
from tests.life import product
from tests.life.company import at
from tests.life.ledger import Ledger

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

AS_OF = date(2026, 6, 30)
MONTHS = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13) if date(year, month, 1) < AS_OF]
LEAD, REVIEW = 14, 7


@pytest.fixture(scope="module")
def day(warehouse_url: str, erp_url: str, configured: pytest.MonkeyPatch) -> None:
    """Two and a half years of totals of about 300 a month, and one run of every stage."""
    configured.setenv("STOCKPROOF_PLANNING__BUCKET", "month")
    settings.load.cache_clear()
    ledger = Ledger()
    ledger.begin()
    moment = at(MONTHS[0], 6)
    ledger.add(
        "items",
        {"item_id": "A", "name": "A", "unit_cost": 2, "unit_price": 4, "created_on": MONTHS[0], "updated_at": moment},
    )
    ledger.add("suppliers", {"supplier_id": "S", "name": "S", "active": True, "updated_at": moment})
    ledger.add("locations", {"location_id": "W", "name": "W", "kind": "warehouse"})
    ledger.add("item_suppliers", {
        "item_id": "A", "supplier_id": "S", "is_primary": True, "lead_time_days": LEAD, "min_order_qty": 0, "pack_size": 0, "unit_price": 2,
        "ordering_cost": 5, "updated_at": moment,
    })  # fmt: skip
    for number, month in enumerate(MONTHS):
        closed = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        ledger.add("sales", {
            "sale_id": f"V{number}", "item_id": "A", "location_id": "W", "sold_on": month, "quantity": 300 + 15 * (number % 3 - 1),
            "updated_at": at(closed, 20),
        })  # fmt: skip
    ledger.add(
        "stock_levels",
        {"item_id": "A", "location_id": "W", "counted_on": AS_OF, "on_hand": 0, "updated_at": at(AS_OF, 20)},
    )
    ledger.flush()
    for name in ("preflight", "extract", "sources", "transform", "vendors"):
        product.STEPS[name](AS_OF)
    forecast.run(AS_OF)
    for chunk in replay.prepare(AS_OF):
        replay.run_chunk(AS_OF, chunk)
    for name in ("policy", "purchase", "checked", "orders", "report"):
        product.STEPS[name](AS_OF)


def test_a_months_total_is_the_demand_of_its_days(day: None) -> None:
    months = warehouse.read(
        "select date_trunc('month', day)::date as month, sum(quantity) as units, count(*) as days "
        "from marts.fct_daily_demand group by 1 order by 1"
    ).rows()
    whole = [(month, units, days) for month, units, days in months if month >= date(2024, 8, 1)]
    assert all(units in (285, 300, 315) for _, units, _ in whole)
    assert all(days >= 28 for _, _, days in whole)
    assert warehouse.read("select 1 as n from marts.fct_daily_demand where quantity <> floor(quantity)").is_empty()


def test_the_order_covers_the_protection_interval(day: None) -> None:
    row = warehouse.read(
        "select order_up_to, reorder_point, quantity, reason_code, level from plan.decisions"
    ).to_dicts()[0]
    expected = 300 / 30.4 * (LEAD + REVIEW)
    assert row["level"] == "policy"
    assert expected <= row["reorder_point"] <= 2 * expected
    assert expected <= row["quantity"] <= 3 * expected
    assert row["quantity"] == round(row["quantity"])


def test_the_replay_meets_a_steady_demand(day: None) -> None:
    rows = warehouse.read(
        "select demand_units / days as rate from plan.replays where days > 0 and policy <> 'recorded'"
    ).rows()
    assert rows
    assert all(rate == pytest.approx(300 / 30.4, rel=0.1) for (rate,) in rows)
