"""No leak, from the ERP to the proposals: whatever is recorded after the as-of date, in any table, changes no decision of that date.

The ERP reaches two weeks beyond the as-of date when it is first read. Then its later rows are deleted, most rows of every table are changed
and new rows are added, all recorded later. The next day's run sees all of that; the earlier date, run again after it, none.
"""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest

from pipelines.briefing import tables as failed_steps
from pipelines.core.calendar import as_of_end
from pipelines.core.contract import BY_NAME, TABLES, Kind
from pipelines.extract import job as extract
from pipelines.forecast import job as forecast
from pipelines.io import erp_tables, warehouse
from pipelines.policy import job as policy
from pipelines.purchase import job as purchase
from pipelines.replay import job as simulate
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import generate
from pipelines.transform import job as transform
from pipelines.vendors import job as vendors
from tests.integration.extract_erp import fill

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

AS_OF = date(2026, 6, 28)
LATER = datetime.combine(AS_OF + timedelta(days=1), time(8))
ERP = generate(SampleConfig(items=40, days=240, suppliers=6, until=AS_OF + timedelta(days=14), seed=3))


def _decided(as_of=AS_OF):
    """The whole way, without a registry: the forecast is the fallback fitted on the spot."""
    extract.run(as_of)
    transform.run(as_of)
    vendors.run(as_of)
    forecast.run(as_of)
    for chunk in simulate.prepare(as_of):
        simulate.run_chunk(as_of, chunk)
    policy.run(as_of)
    purchase.run(as_of)
    return warehouse.read("select * from plan.decisions where as_of = :d order by location_id, item_id", d=as_of)


def _known(frame):
    return frame.filter(pl.col("updated_at") <= as_of_end(AS_OF)) if "updated_at" in frame.columns else frame


def _changed(table, frame):
    """Every row with other numbers, prices and flags, recorded later; a table without recording times simply holds other rows now."""
    kinds = {column.name: column.kind for column in table.columns}
    others = [
        (pl.col(name) * 3 + 1).alias(name)
        for name, kind in kinds.items()
        if kind in (Kind.NUMBER, Kind.MONEY) and name not in table.key
    ]
    flags = [(~pl.col(name)).alias(name) for name, kind in kinds.items() if kind is Kind.BOOLEAN]
    if not table.is_versioned:
        return frame.with_columns(*others, *flags)
    # A few stay as they were: an ERP whose every row is new has no past at all, and the run refuses it.
    kept = pl.int_range(pl.len()) % 5 == 0
    changed = frame.with_columns(*others, *flags, updated_at=pl.lit(LATER))
    return pl.concat([frame.filter(kept), changed.filter(~kept)])


def _new_rows(tables):
    """Rows recorded later, dated on or before the as-of date: of each SKU a sale, an open order and a minimum, and a new vendor's offer."""
    sku = (
        _known(tables["stock_levels"]).select("item_id", "location_id").unique(maintain_order=True).with_row_index("n")
    )
    day, late = pl.lit(AS_OF - timedelta(days=2)), pl.lit(LATER).alias("updated_at")
    number = pl.format("LATE-{}", "n")
    order = sku.with_columns(
        number.alias("po_id"),
        late,
        supplier_id=pl.lit("LATE"),
        ordered_on=day,
        status=pl.lit("open"),
        external_ref=None,
    )
    offers = sku.unique("item_id", maintain_order=True).with_columns(
        late, supplier_id=pl.lit("LATE"), is_primary=pl.lit(value=True), lead_time_days=pl.lit(1.0), min_order_qty=pl.lit(1.0),
        pack_size=pl.lit(1.0), unit_price=pl.lit(0.01), ordering_cost=pl.lit(0.0),
    )  # fmt: skip
    rows = {
        "sales": sku.with_columns(number.alias("sale_id"), late, sold_on=day, quantity=pl.lit(5_000.0), unit_price=pl.lit(1.0)),
        "purchase_orders": order,
        "purchase_order_lines": order.with_columns(
            line_no=pl.lit(1), quantity_ordered=pl.lit(9_000.0), unit_price=pl.lit(1.0), promised_on=day + pl.duration(days=3),
            received_on=None, quantity_received=pl.lit(0.0), quantity_rejected=pl.lit(0.0),
        ),
        "item_policies": sku.with_columns(late, reorder_point=pl.lit(70.0), order_up_to=pl.lit(700.0)),
        "suppliers": pl.DataFrame({"supplier_id": ["LATE"], "name": ["Late"], "country": [None], "active": [True]}).with_columns(late),
        "item_suppliers": offers,
    }  # fmt: skip
    typed = {name: erp_tables.schema(BY_NAME[name]) for name in rows}
    return {
        name: frame.select(pl.col(c).cast(kind) for c, kind in typed[name].items() if c in frame.columns)
        for name, frame in rows.items()
    }


@pytest.fixture(scope="module")
def first(erp_url, warehouse_url, configured):
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", "http://127.0.0.1:9")
    configured.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    from pipelines import settings

    settings.load.cache_clear()
    fill(ERP)
    return _decided()


def test_there_is_something_to_leak(first):
    assert first.filter(pl.col("quantity") > 0).height >= 8
    later = {
        table.name: ERP[table.name].height - _known(ERP[table.name]).height for table in TABLES if table.is_versioned
    }
    assert later["sales"] > 100
    assert later["stock_levels"] > 100


def test_a_registry_that_is_gone_is_named_on_every_line_and_at_the_top(first):
    forecast_ones = first.filter(pl.col("level_reason") == "", ~pl.col("reason_code").is_in(["NO_ORDER_DISCONTINUED"]))
    assert forecast_ones.height > 30
    assert (
        forecast_ones["reason"]
        .str.contains("; forecast by simple statistics: .*model registry .* cannot be reached")
        .all()
    )
    assert first["level"].is_in(["policy", "reorder_point", "safety_stock"]).all()
    notice = failed_steps.degraded(AS_OF)
    assert notice.startswith("No trained model served, so ")
    assert notice.endswith(" SKUs are forecast by simple statistics and their lines say why.")


def test_deleting_changing_and_adding_later_rows_changes_nothing(first):
    changed = {table.name: _changed(table, _known(ERP[table.name])) for table in TABLES}
    added = _new_rows(ERP)
    for name, rows in added.items():
        key = list(BY_NAME[name].key)
        changed[name] = pl.concat([changed[name].join(rows, on=key, how="anti"), rows], how="diagonal")
    fill(changed)
    next_day = _decided(LATER.date())
    assert next_day["quantity"].sum() != first["quantity"].sum(), "the same changes count from their own day on"
    assert _decided().equals(first)


def test_the_trail_holds_each_decision_once(first):
    logged = warehouse.read("select count(*) as n from plan.decision_log where as_of = :d", d=AS_OF)["n"][0]
    assert logged == first.height, "runs with the same outcome add nothing"
    with pytest.raises(Exception, match="append-only"):
        warehouse.execute("update plan.decision_log set order_qty = 0")
    with pytest.raises(Exception, match="append-only"):
        warehouse.execute("delete from plan.decision_log")


def test_without_forecasts_and_policies_the_next_levels_decide_every_sku(first):
    for table in ("lead_time_forecasts", "policies"):
        warehouse.execute(f"delete from plan.{table} where as_of = :d", d=AS_OF)
    counts = purchase.run(AS_OF)
    levels = warehouse.read("select level, level_reason from plan.decisions where as_of = :d", d=AS_OF)
    assert levels.height == first.height
    assert set(levels["level"]) == {"reorder_point", "safety_stock"}
    assert levels["level_reason"].str.starts_with("no policy was set; ").all()
    assert counts["lines"] > 5


def test_a_planted_forecast_of_a_trillion_is_refused_for_its_sku_alone(first):
    forecast.run(AS_OF)
    hit = first.filter((pl.col("quantity") > 0) & (pl.col("level") == "policy")).row(0, named=True)
    warehouse.execute(
        "update plan.lead_time_forecasts set mean = 1e12, q950 = 1e12, q975 = 1e12, q990 = 1e12, q995 = 1e12 "
        "where as_of = :d and item_id = :i and location_id = :l",
        d=AS_OF,
        i=hit["item_id"],
        l=hit["location_id"],
    )
    policy.run(AS_OF)
    purchase.run(AS_OF)
    rows = warehouse.read("select * from plan.decisions where as_of = :d", d=AS_OF)
    row = rows.filter(pl.col("item_id") == hit["item_id"]).row(0, named=True)
    assert row["level"] in ("reorder_point", "safety_stock")
    assert "far beyond what the past explains" in row["reason"]
    assert row["order_up_to"] < 1e5
    assert rows.filter(pl.col("item_id") != hit["item_id"])["level_reason"].unique().to_list() == [""]
