"""Nothing recorded after the as-of date changes a mart of that date, and nothing in quarantine reaches one."""

from datetime import datetime, time, timedelta

import polars as pl
import pytest

from pipelines.core.contract import TABLES
from pipelines.io import warehouse
from pipelines.transform import job
from tests.dbt.conftest import AS_OF, days_back, every_mart, mart

pytestmark = pytest.mark.servers
AFTER = datetime.combine(AS_OF + timedelta(days=1), time.min)


@pytest.fixture(scope="module")
def before(small_erp) -> dict[str, pl.DataFrame]:
    job.run(AS_OF)
    return every_mart()


def _changed(row: dict, at: datetime) -> dict:
    """A later version of a row: every number tripled, every text of no key replaced."""
    keep = ("_id", "_on", "po_id", "line_no", "min_qty", "kind", "status", "name", "updated_at")
    return {
        k: v if v is None or k.endswith(keep) else v * 3 + 1 if isinstance(v, float) else v for k, v in row.items()
    } | {"updated_at": at}


def _record_everything_again(fill, tables: dict[str, list[dict]], at: datetime) -> int:
    """A new version of every row of every table, recorded at ``at``; and rows of keys nobody has seen."""
    written = 0
    for table in TABLES:
        rows = [_changed(row, at) for row in tables.get(table.name, [])]
        if not table.is_versioned:
            rows = [{k: v for k, v in row.items() if k != "updated_at"} for row in rows[:1]]
        fill(table.name, rows, at)
        written += len(rows)
    new = {
        "sale_id": "new",
        "item_id": "I00",
        "location_id": "W",
        "sold_on": AS_OF,
        "quantity": 999.0,
        "updated_at": at,
    }
    fill("sales", [new, new | {"sale_id": "old day", "sold_on": days_back(100)}], at)
    return written


def test_rows_recorded_after_as_of_change_nothing(before, fill, small_erp) -> None:
    assert _record_everything_again(fill, small_erp, AFTER) > 5_000
    job.run(AS_OF)
    after = every_mart()
    assert after.keys() == before.keys()
    for name, frame in before.items():
        assert frame.equals(after[name]), name


def test_the_same_rows_count_from_their_date_on(before, fill, small_erp) -> None:
    """The control: what changed nothing the day before changes the marts of its own day."""
    job.run(AFTER.date())
    assert mart("fct_stock")["on_hand"].sum() > 2.5 * before["fct_stock"]["on_hand"].sum()
    assert mart("fct_demand")["quantity"].max() >= 999
    assert mart("fct_price_breaks").height == 1, "the newest snapshot holds one row"


def test_quarantined_rows_are_left_out(before, small_erp) -> None:
    sale = max(small_erp["sales"], key=lambda row: row["quantity"])
    found = warehouse.read(
        "select _row_id from raw.sales where sale_id = :s and _recorded_at < '2026-01-01'", s=sale["sale_id"]
    )
    statement = (
        "insert into quarantine.rows (as_of, table_name, row_id, rule, row_key, details) "
        "values (:as_of, 'sales', :row, 'spike', 'key', '{}')"
    )
    warehouse.execute(statement, as_of=AS_OF, row=int(found["_row_id"][0]))
    job.run(AS_OF)
    key = (
        (pl.col("item_id") == sale["item_id"])
        & (pl.col("location_id") == sale["location_id"])
        & (pl.col("day") == sale["sold_on"])
    )
    was, now = (frame.filter(key)["quantity"].sum() for frame in (before["fct_daily_demand"], mart("fct_daily_demand")))
    assert (was, now) == (sale["quantity"], 0.0)
    elsewhere = (
        frame.filter(~key).sort(frame.columns) for frame in (before["fct_daily_demand"], mart("fct_daily_demand"))
    )
    assert next(elsewhere).equals(next(elsewhere))


def test_an_earlier_date_sees_its_own_past(before, fill) -> None:
    """The marts of an earlier date hold the versions of then, also after a later run."""
    earlier = AS_OF - timedelta(days=7)
    fill("items", [{"item_id": "I00", "name": "Renamed", "unit_cost": 77.0}], datetime.combine(days_back(3), time.min))
    job.run(AS_OF)
    assert mart("dim_item").filter(pl.col("item_id") == "I00")["unit_cost"].to_list() == [77.0]
    job.run(earlier)
    assert mart("dim_item").filter(pl.col("item_id") == "I00")["unit_cost"].to_list() == [4.0]
    assert mart("fct_daily_demand")["day"].max() <= earlier
    assert mart("dim_sku")["as_of"].unique().to_list() == [earlier]
