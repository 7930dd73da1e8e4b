"""What counts as stock to come: open lines by date, late ones, and orders of ours that the ERP does not show yet."""

import uuid
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.briefing.queries import positions
from pipelines.io import warehouse

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)


def _day(ahead):
    return AS_OF + timedelta(days=ahead)


@pytest.fixture(scope="module", autouse=True)
def lines(warehouse_url):
    for statement in (
        "create schema marts",
        "create schema staging",
        """create table marts.fct_open_orders (po_id text, item_id text, location_id text, due_on date, expected_on date, usual_on date,
            quantity_open float8)""",
        "create table staging.stg_erp__purchase_orders (po_id text, external_ref text)",
    ):
        warehouse.execute(statement)
    due = [
        ("soon", 5, 5, 5), ("edge", 14, 14, 5), ("beyond", 15, 15, 5), ("usual", 15, 15, 15), ("undated", None, None, None),
        ("late", -14, -14, -14), ("given up", -15, -15, -15), ("promised too soon", -30, -3, -3),
    ]  # fmt: skip
    rows = [
        {"po_id": f"PO {item}", "item_id": item, "location_id": "W"}
        | {
            name: None if at is None else _day(at)
            for name, at in zip(("due_on", "expected_on", "usual_on"), days, strict=True)
        }
        for item, *days in due
    ]
    types = dict.fromkeys(("due_on", "expected_on", "usual_on"), pl.Date)
    frame = pl.DataFrame(rows, schema_overrides=types).with_columns(quantity_open=pl.lit(10.0))
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("fct_open_orders", frame.to_arrow(), mode="append", db_schema_name="marts")
    policy = {
        "as_of": AS_OF,
        "location_id": "W",
        "policy": "p",
        "level": "policy",
        "reorder_point": 1.0,
        "order_up_to": 2.0,
    }
    more = {"safety_stock": 1.0, "service_target": 0.95, "protection_days": 14, "reason": "r"}
    warehouse.replace(
        "plan.policies", pl.DataFrame([policy | more | {"item_id": item} for item, *_ in due]), {"as_of": AS_OF}
    )


def _order(as_of, state, item, quantity, key=None, po_id=None):
    key, order = key or str(uuid.uuid4()), str(uuid.uuid4())
    warehouse.execute(
        "insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, state, order_value, adapter, po_id) "
        "values (:o, :k, :d, :s, 'W', :state, 1, 'rest', :p)",
        o=order,
        k=key,
        d=as_of,
        s=order,
        state=state,
        p=po_id,
    )
    warehouse.execute(
        "insert into orders.lines (order_id, line_no, item_id, proposed_quantity, quantity, reason_code) values (:o, 1, :i, :q, :q, 'x')",
        o=order,
        i=item,
        q=quantity,
    )
    return key


def _read(**kw):
    return {row["item_id"]: row for row in positions.read(AS_OF, 14, **kw).iter_rows(named=True)}


def test_lines_by_their_date():
    found = _read()
    counted = {name: (row["due"], row["overdue"], row["dropped"], row["beyond"]) for name, row in found.items()}
    assert counted == {
        "soon": (10, 0, 0, 0),
        "edge": (10, 0, 0, 0),
        "beyond": (0, 0, 0, 10),
        "undated": (10, 0, 0, 0),
        "late": (10, 10, 0, 0),
        "given up": (0, 0, 10, 0),
        "usual": (10, 0, 0, 0),
        "promised too soon": (10, 10, 0, 0),
    }
    assert found["late"]["late_po"] == "PO late"
    assert found["given up"]["oldest_on"] == _day(-15)
    assert (found["beyond"]["beyond_po"], found["beyond"]["next_on"]) == ("PO beyond", _day(15))


def test_the_interval_of_a_sku_without_a_policy_is_the_default():
    warehouse.execute("delete from plan.policies where item_id = 'beyond'")
    assert _read()["beyond"]["due"] == 0
    assert _read(default_days=20)["beyond"]["due"] == 10


def test_own_orders_count_until_the_erp_shows_them():
    yesterday = AS_OF - timedelta(days=1)
    _order(yesterday, "approved", "ours", 30.0)
    shown = _order(yesterday, "submitted", "ours", 7.0)
    for state in ("proposed", "rejected", "superseded", "cancelled"):
        _order(yesterday, state, "ours", 500.0)
    _order(AS_OF, "approved", "ours", 900.0)  # this date's own order: running the date again must not see it
    assert _read()["ours"]["proposed"] == 37.0
    warehouse.execute("insert into staging.stg_erp__purchase_orders values ('PO9', :k)", k=shown)
    assert _read()["ours"]["proposed"] == 30.0


def test_an_erp_that_does_not_tell_our_key_shows_an_order_by_the_number_it_gave_it():
    """ERPNext's profile has no external_ref: without this an order sent by REST would count as on its way for ever, beside its own row."""
    yesterday = AS_OF - timedelta(days=1)
    _order(yesterday, "acknowledged", "rest", 30.0, po_id="PUR-ORD-1")
    _order(yesterday, "received", "rest", 7.0, po_id="PUR-ORD-2")
    assert _read()["rest"]["proposed"] == 37.0
    warehouse.execute("insert into staging.stg_erp__purchase_orders values ('PUR-ORD-1', null)")
    assert _read()["rest"]["proposed"] == 7.0
    warehouse.execute("insert into staging.stg_erp__purchase_orders values ('PUR-ORD-2', null)")
    assert "rest" not in _read()
