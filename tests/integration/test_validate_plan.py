"""The gates of features, forecasts and orders on a real warehouse: each rule is broken alone, by one change to clean tables."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS
from pipelines.io import partitions, warehouse
from pipelines.validate import job, rules

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)
BOUNDARIES = ("features", "forecasts", "orders")
RULES = [(boundary, rule.table, rule.name) for boundary in BOUNDARIES for rule in rules.load(boundary).rules]
MARTS = ("dim_sku", "dim_supplier", "fct_demand", "fct_daily_demand")

SKU: Mapping[str, Any] = {
    "as_of": AS_OF, "location_id": "W1", "supplier_id": "S1", "category": "iron", "location_kind": "warehouse", "is_active": True,
    "unit_cost": 2.0, "unit_price": 3.0, "holding_cost_per_day": 0.001, "shortage_cost": 1.0, "ordering_cost": 50.0,
    "annual_sales_value": 100.0, "history_days": 100, "demand_buckets": 20, "mean_demand": 2.0, "demand_class": "smooth",
    "frequency_bin": "regular", "volume_bin": "high", "abc_class": "A", "has_supplier": True, "lead_time_days": 7.0,
    "min_order_qty": 10.0, "pack_size": 5.0, "lead_time_mean": 7.0, "lead_time_std": 1.0, "lead_time_receipts": 5,
    "protection_days": 14, "on_hand": 4.0, "on_order": 0.0, "inventory_position": 4.0,
}  # fmt: skip
DECISION: Mapping[str, Any] = {
    "as_of": AS_OF, "location_id": "W1", "supplier_id": "S1", "reason_code": "ORDER_BELOW_REORDER_POINT", "reason": "because",
    "priority": "high", "risk": 0.5, "on_hand": 4.0, "on_order": 0.0, "inventory_position": 4.0, "reorder_point": 10.0,
    "order_up_to": 20.0, "quantity": 20.0, "unit_price": 2.0, "order_value": 40.0, "expected_on": AS_OF + timedelta(days=8),
    "projected_stock": 3.0, "level": "primary", "policy": "candidate",
}  # fmt: skip
QUANTILES = {column: 0.5 * number for number, column in enumerate(COLUMNS)}
LONG_GONE = {
    "is_active": False,
    "unit_cost": 0.0,
    "supplier_id": None,
    "has_supplier": False,
    "demand_class": "no_demand",
}

I1 = "where item_id = 'I1'"
BREAK: dict[tuple[str, str], str] = {
    ("dim_sku", "marts_have_skus"): "delete from marts.fct_demand; delete from marts.fct_daily_demand; delete from marts.dim_sku",
    ("dim_sku", "marts_are_of_the_date"): f"update marts.dim_sku set as_of = '2026-06-27' {I1}",
    ("fct_demand", "marts_are_of_the_date"): f"update marts.fct_demand set as_of = '2026-06-27' {I1}",
    ("fct_daily_demand", "marts_are_of_the_date"): f"update marts.fct_daily_demand set as_of = '2026-06-27' {I1}",
    ("dim_sku", "grain_is_unique"): f"insert into marts.dim_sku select * from marts.dim_sku {I1}",
    ("fct_demand", "grain_is_unique"): f"insert into marts.fct_demand select * from marts.fct_demand {I1}",
    ("fct_daily_demand", "grain_is_unique"): f"insert into marts.fct_daily_demand select * from marts.fct_daily_demand {I1}",
    ("fct_demand", "demand_negative"): f"update marts.fct_demand set quantity = -1 {I1}",
    ("fct_daily_demand", "demand_negative"): f"update marts.fct_daily_demand set quantity = 'NaN' {I1}",
    ("fct_daily_demand", "demand_after_as_of"): f"update marts.fct_daily_demand set day = '2026-06-29' {I1}",
    ("fct_demand", "demand_of_unknown_sku"): f"update marts.fct_demand set location_id = 'W2' {I1}",
    ("fct_daily_demand", "demand_of_unknown_sku"): f"update marts.fct_daily_demand set item_id = 'I9' {I1}",
    ("dim_sku", "classes_known"): f"update marts.dim_sku set demand_class = 'odd' {I1}",
    ("dim_sku", "active_sku_has_costs"): f"update marts.dim_sku set unit_cost = 0 {I1}",
    ("dim_sku", "supplied_sku_has_terms"): f"update marts.dim_sku set lead_time_days = 0 {I1}",
    ("dim_sku", "stock_is_finite"): f"update marts.dim_sku set on_hand = 'NaN' {I1}",
    ("dim_sku", "active_sku_without_supplier"): f"update marts.dim_sku set has_supplier = false, supplier_id = null {I1}",
    ("forecasts", "forecasts_exist"): "delete from plan.forecasts",
    ("lead_time_forecasts", "forecasts_exist"): "delete from plan.lead_time_forecasts",
    ("forecasts", "forecast_is_a_number"): f"update plan.forecasts set mean = 'Infinity' {I1} and horizon = 1",
    ("lead_time_forecasts", "forecast_is_a_number"): f"update plan.lead_time_forecasts set mean = 'NaN' {I1}",
    ("forecasts", "quantiles_fall"): f"update plan.forecasts set q500 = q250 - 0.1 {I1} and horizon = 2",
    ("lead_time_forecasts", "quantiles_fall"): f"update plan.lead_time_forecasts set q995 = q990 - 0.1 {I1}",
    ("lead_time_forecasts", "active_sku_without_forecast"): f"delete from plan.lead_time_forecasts {I1}",
    ("period_forecasts", "period_forecast_is_a_number"): (
        f"insert into plan.period_forecasts values ('{AS_OF}', 'I1', 'W1', 1, '{AS_OF}', 7, 'NaN', 1.0)"
    ),
    ("forecasts", "horizon_is_whole"): f"delete from plan.forecasts {I1} and horizon = 2",
    ("lead_time_forecasts", "protection_interval_missing"): f"update plan.lead_time_forecasts set protection_days = 0 {I1}",
    ("forecasts", "forecast_far_beyond_history"): f"update plan.forecasts set q995 = 61 {I1}",
    ("decisions", "decisions_exist"): "delete from plan.decisions",
    ("decisions", "one_decision_a_sku"): f"delete from plan.decisions {I1}",
    ("decisions", "numbers_are_finite"): f"update plan.decisions set risk = 1.5 {I1}",
    ("decisions", "reason_missing"): f"update plan.decisions set reason_code = ' ' {I1}",
    ("decisions", "quantity_not_in_packs"): f"update plan.decisions set quantity = 22, order_value = 44 {I1}",
    ("decisions", "quantity_below_minimum"): f"update plan.decisions set quantity = 5, order_value = 10 {I1}",
    ("decisions", "quantity_above_maximum"): f"update plan.decisions set quantity = 10005, order_value = 20010 {I1}",
    ("decisions", "supplier_unknown_or_inactive"): "update marts.dim_supplier set is_active = false where supplier_id = 'S1'",
    ("decisions", "order_without_price"): f"update plan.decisions set unit_price = null, order_value = 0 {I1}",
    ("decisions", "order_expected_too_early"): f"update plan.decisions set expected_on = '2026-06-28' {I1}",
}  # fmt: skip
"""Rule → the change that breaks it and no other. The change befalls SKU I1; I2 beside it keeps the rule."""

ALSO: dict[tuple[str, str], set[str]] = {
    ("lead_time_forecasts", "forecasts_exist"): {"active_sku_without_forecast"},
    ("decisions", "decisions_exist"): {"one_decision_a_sku"},
}
"""Other rules that a change breaks by its nature."""


def insert(connection: sa.Connection, table: str, *rows: Mapping[str, Any]) -> None:
    for row in rows:
        names = ", ".join(row)
        connection.execute(
            sa.text(f"insert into {table} ({names}) values ({', '.join(f':{name}' for name in row)})"), row
        )


@pytest.fixture(scope="module")
def marts(warehouse_url: str) -> None:
    """Empty marts with the columns and types that dbt's contracts state."""
    warehouse.execute("create schema if not exists marts")
    for name in MARTS:
        model = yaml.safe_load((settings.ROOT / "dbt" / "models" / "marts" / f"{name}.yml").read_text())["models"][0]
        columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
        warehouse.execute(f"create table marts.{name} ({columns})")


@pytest.fixture
def clean(marts: None) -> None:
    """Two active SKUs with demand, forecasts and a decision, and one long gone, with none."""
    partitions.ensure("plan.forecasts", {"as_of": AS_OF}, warehouse.transaction, warehouse.url)
    with warehouse.transaction() as connection:
        for table in (
            "quarantine.rows",
            "quarantine.review",
            *(f"marts.{name}" for name in MARTS),
            "plan.forecasts",
            "plan.lead_time_forecasts",
            "plan.period_forecasts",
            "plan.decisions",
        ):
            connection.execute(sa.text(f"delete from {table}"))
        for supplier, active in (("S1", True), ("S2", True)):
            insert(
                connection,
                "marts.dim_supplier",
                {"as_of": AS_OF, "supplier_id": supplier, "is_active": active, "items_offered": 1},
            )
        insert(connection, "marts.dim_sku", SKU | {"item_id": "I3"} | LONG_GONE)
        for number, item in enumerate(("I1", "I2"), start=1):
            own = {"as_of": AS_OF, "item_id": item, "location_id": "W1"}
            insert(connection, "marts.dim_sku", SKU | {"item_id": item, "supplier_id": f"S{number}"})
            demand = own | {"quantity": 3.0, "returned": 0.0, "is_stockout": False}
            insert(connection, "marts.fct_daily_demand", demand | {"day": AS_OF})
            insert(connection, "marts.fct_demand", demand | {"bucket_on": AS_OF, "stockout_days": 0})
            for horizon in (1, 2):
                forecast = {"horizon": horizon, "bucket_on": AS_OF + timedelta(days=horizon), "mean": 2.0}
                insert(connection, "plan.forecasts", own | forecast | QUANTILES)
            model = {
                "protection_days": 14,
                "method": "sba",
                "model_version": "1",
                "reason": "smooth",
                "mean": 2.0,
                "std": 1.0,
            }
            insert(connection, "plan.lead_time_forecasts", own | model | QUANTILES)
        insert(connection, "plan.decisions", DECISION | {"item_id": "I1"})
        nothing = {
            "quantity": 0.0,
            "unit_price": None,
            "order_value": 0.0,
            "expected_on": None,
            "reason_code": "NO_ORDER",
        }
        insert(connection, "plan.decisions", DECISION | {"item_id": "I2"} | nothing)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_clean_tables_pass(clean: None, boundary: str) -> None:
    assert job.run(boundary, AS_OF) == {
        "rules": len(rules.load(boundary).rules),
        "broken": 0,
        "quarantined": 0,
        "review": 0,
    }


@pytest.mark.parametrize(("boundary", "table", "rule"), RULES)
def test_a_change_breaks_its_rule_and_no_other(clean: None, boundary: str, table: str, rule: str) -> None:
    assert (table, rule) in BREAK, f"rule {rule} on {table} has no test case: add one to BREAK"
    with warehouse.transaction() as connection:
        for statement in BREAK[table, rule].split(";"):
            connection.execute(sa.text(statement))
    severity = next(r.severity for r in rules.load(boundary).rules_of(table) if r.name == rule)
    if severity == "fatal":
        with pytest.raises(StockproofError) as stop:
            job.run(boundary, AS_OF)
        assert f"{table}: {rule}: " in stop.value.message
        assert "I2" not in stop.value.message or rule in ("decisions_exist", "forecasts_exist")
    else:
        counted, held = {"review": ("review", "review"), "quarantine": ("quarantined", "rows")}[severity]
        assert job.run(boundary, AS_OF)[counted] == 1
        found = f"select table_name, rule, details ->> 'item_id' as item_id from quarantine.{held}"
        assert warehouse.read(found).rows() == [(table, rule, "I1")]
        _only_i1_is_set_aside(severity == "quarantine")
    broken = warehouse.read("select table_name, rule from ops.gates where boundary = :b and not passed", b=boundary)
    assert set(broken.iter_rows()) == {(table, name) for name in (rule, *ALSO.get((table, rule), ()))}


def _only_i1_is_set_aside(gone: bool) -> None:
    """What the policy reads lacks the SKU in quarantine, and nothing else."""
    kept = set(warehouse.read("select item_id from plan.lead_time_forecasts")["item_id"])
    sound = set(warehouse.read("select item_id from plan.sound_lead_time_forecasts")["item_id"])
    assert sound == (kept - {"I1"} if gone else kept)
    assert warehouse.read("select item_id from plan.sound_period_forecasts").height == 0


@pytest.mark.parametrize("scale", [
    "update marts.dim_sku set mean_demand = 400 * {days}", "update marts.dim_sku set order_up_to = 70000",
    "update plan.lead_time_forecasts set mean = 14 * 400",
], ids=["sales", "the ERP's maximum", "forecast"])  # fmt: skip
def test_without_a_limit_the_largest_line_follows_the_scale_of_the_item(clean: None, scale: str) -> None:
    days = DAYS_IN[settings.load().planning.grain]
    warehouse.execute(scale.format(days=days) + " where item_id = 'I1'")
    warehouse.execute(f"update plan.decisions set quantity = 70000, order_value = 140000 {I1}")
    assert job.run("orders", AS_OF)["broken"] == 0
    warehouse.execute(f"update plan.decisions set quantity = 75000, order_value = 150000 {I1}")
    with pytest.raises(StockproofError, match="quantity_above_maximum"):
        job.run("orders", AS_OF)


def test_a_configured_largest_line_holds_for_every_item(clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_PURCHASE__MAX_QUANTITY", "15")
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match="quantity_above_maximum"):
        job.run("orders", AS_OF)
    monkeypatch.undo()
    settings.load.cache_clear()


def test_with_chosen_items_only_theirs_are_asked_for(clean: None) -> None:
    for table in ("plan.forecasts", "plan.lead_time_forecasts", "plan.decisions"):
        warehouse.execute(f"delete from {table} where item_id = 'I1'")
    for boundary in ("forecasts", "orders"):
        assert job.run(boundary, AS_OF, items=["I2"])["broken"] == 0
    assert job.run("forecasts", AS_OF)["review"] == 2, "listed, and the next level decides"
    with pytest.raises(StockproofError, match='"item_id": "I1"'):
        job.run("orders", AS_OF)


def test_a_chosen_item_without_features_stops_the_run(clean: None) -> None:
    assert job.run("features", AS_OF, items=["I1", "I2"])["broken"] == 0
    with pytest.raises(StockproofError, match=f"marts.dim_sku of {AS_OF} holds no I77") as caught:
        job.run("features", AS_OF, items=["I2", "I77"])
    assert caught.value.remedy


def test_marts_that_were_never_built_are_named(clean: None) -> None:
    warehouse.execute("alter table marts.dim_sku rename to elsewhere")
    try:
        with pytest.raises(
            StockproofError, match=r'gate features: dim_sku cannot be read: relation "marts\.dim_sku" does not exist'
        ):
            job.run("features", AS_OF)
    finally:
        warehouse.execute("alter table marts.elsewhere rename to dim_sku")
