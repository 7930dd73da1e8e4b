"""An order's life from proposal to receipt on a real PostgreSQL and MariaDB: states, audit trail, approvals, overrides and their ledger."""

import io
import json
from datetime import date, timedelta

import openpyxl
import polars as pl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands import orders, orders_decide
from pipelines.core.errors import StockproofError
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import decide, job, ledger, propose, reading
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, empty_erp, events, execute, in_erp, states
from tests.integration.orders_rows import decide as decisions

pytestmark = pytest.mark.servers

LINES = [
    ("A", "W1", "S1", 6.0, 2.0),
    ("B", "W1", "S1", 12.0, 1.5),
    ("C", "W1", "S2", 1.0, 9.0),
    ("D", "W1", None, 0.0, 1.0),
]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")
NEXT = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str, erp_url: str) -> None:
    empty_erp()
    execute(*MARTS, "insert into marts.dim_supplier values ('S1', 'First'), ('S2', 'Second')")
    execute(
        f"insert into marts.dim_sku select '{AS_OF}', i, 'W1', 0.5, 4, 7, 6 from unnest(array['A', 'B', 'C', 'D']) i"
    )


@pytest.fixture(autouse=True)
def fresh() -> None:
    begin_with(LINES)


def test_orders_are_the_lines_of_a_supplier_and_location_and_repeating_changes_nothing() -> None:
    counts = propose.propose(AS_OF)
    assert counts == {"orders": 2, "lines": 3, "kept": 0, "withdrawn": 0, "superseded": 0, "order_value": 39.0}
    before = warehouse.read("select * from orders.orders order by order_id")
    assert propose.propose(AS_OF) == counts
    assert warehouse.read("select * from orders.orders order by order_id").equals(before)
    assert events(ONE) == ["proposed"]
    assert [(line["line_no"], line["item_id"], line["quantity"]) for line in reading.one(ONE)["lines"]] == [
        (1, "A", 6.0),
        (2, "B", 12.0),
    ]


def test_a_repeated_run_replaces_what_nobody_touched_and_nothing_else() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE], "ann")
    decisions([("A", "W1", "S1", 99.0, 2.0), ("C", "W1", "S3", 5.0, 9.0)])
    counts = propose.propose(AS_OF)
    assert (counts["orders"], counts["kept"], counts["withdrawn"]) == (1, 1, 1)
    assert states() == {ONE: "approved", order_id(AS_OF, "S3", "W1"): "proposed"}
    assert reading.one(ONE)["lines"][0]["quantity"] == 6.0
    assert events(TWO) == ["proposed", "withdrawn"]
    decisions([("C", "W1", "S3", 7.0, 9.0)])
    propose.propose(AS_OF)
    assert reading.one(order_id(AS_OF, "S3", "W1"))["lines"][0]["quantity"] == 7.0


def test_a_later_run_supersedes_what_nobody_signed() -> None:
    propose.propose(AS_OF)
    decide.override(f"{TWO}:C", 4.0, "more", "ann")
    decisions(LINES[:1], NEXT)
    assert propose.propose(NEXT)["superseded"] == 2, "nobody has signed the overridden one"
    assert states() == {ONE: "superseded", TWO: "superseded", order_id(NEXT, "S1", "W1"): "proposed"}
    assert propose.propose(AS_OF)["orders"] == 0, "what is superseded stays so"
    with pytest.raises(StockproofError, match="superseded and cannot become approved"):
        decide.approve([ONE], "ann")
    warehouse.execute("delete from plan.decisions where as_of = :d", d=NEXT)


def test_the_audit_trail_takes_no_change() -> None:
    propose.propose(AS_OF)
    for statement in (
        "update orders.events set author = 'x'",
        "delete from orders.events",
        "truncate orders.events cascade",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), warehouse.transaction() as connection:
            connection.execute(sa.text(statement))
    assert events(ONE) == ["proposed"]


def test_roles_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_APPROVALS__AUTHORS", json.dumps({"ann": "planner", "ben": "director"}))
    monkeypatch.setenv("STOCKPROOF_APPROVALS__ROLES", json.dumps({"planner": 20.0, "director": None}))
    settings.load.cache_clear()
    try:
        propose.propose(AS_OF)
        with pytest.raises(StockproofError, match=r"worth 30.00; ann \(planner\) may approve up to 20.00") as refused:
            decide.approve([TWO, ONE], "ann")
        assert refused.value.remedy == "ask ben to approve it"
        assert set(states().values()) == {"proposed"}, "all or none"
        with pytest.raises(StockproofError, match="eve has no role"):
            decide.approve([TWO], "eve")
        assert decide.approve([TWO], "ann")["approved"] == [TWO]
        monkeypatch.setenv("STOCKPROOF_APPROVALS__AUTHOR", "ben")
        settings.load.cache_clear()
        assert decide.approve([ONE, TWO]) == {"author": "ben", "approved": [ONE], "count": 1, "order_value": 30.0}
    finally:
        monkeypatch.undo()
        settings.load.cache_clear()


def test_a_line_whose_number_is_also_an_item_is_not_guessed() -> None:
    decisions([("2", "W1", "S1", 6.0, 2.0), ("7", "W1", "S1", 5.0, 1.0)])
    propose.propose(AS_OF)
    with pytest.raises(
        StockproofError, match=r"2 names two lines of order .*: line 1 is item 2, line 2 is item 7"
    ) as refused:
        decide.override(f"{ONE}:2", 1.0, "x", "ann")
    assert refused.value.remedy == f"name one: {ONE}:1 or {ONE}:7"
    decide.override(f"{ONE}:7", 1.0, "x", "ann")
    with pytest.raises(StockproofError, match="'7' names no order") as refused:
        decide.override("7", 1.0, "x", "ann")
    assert "ORDER:LINE" in refused.value.remedy


@pytest.mark.parametrize(
    ("quantity", "remark"),
    [
        (9.0, ""),
        (0.0, ""),
        (7.0, "no whole packs of 3: 6 or 9 would be"),
        (3.0, "below the supplier's minimum of 6"),
        (4.0, "no whole packs of 3: 3 or 6 would be; below the supplier's minimum of 6"),
    ],
)
def test_an_override_that_the_supplier_does_not_sell_is_taken_and_remarked(quantity: float, remark: str) -> None:
    propose.propose(AS_OF)
    changed = decide.override(f"{ONE}:1", quantity, "agreed by phone", "ann")
    assert changed["remark"] == remark
    assert reading.one(ONE)["lines"][0]["quantity"] == quantity


def test_reject_and_override_want_a_reason_and_a_state_that_allows_them() -> None:
    propose.propose(AS_OF)
    with pytest.raises(StockproofError, match="reason is needed"):
        decide.reject([ONE], "  ", "ann")
    with pytest.raises(StockproofError, match="not between 0 and 10000"):
        decide.override(f"{ONE}:1", -1.0, "x", "ann")
    with pytest.raises(StockproofError, match=f"order {ONE} has no line Z"):
        decide.override(f"{ONE}:Z", 1.0, "x", "ann")
    with pytest.raises(StockproofError, match="there is no order NO"):
        decide.reject(["NO"], "x", "ann")
    decide.override(f"{ONE}:1", 0.0, "too many", "ann")
    decide.override(f"{ONE}:B", 0.0, "too many", "ann")
    with pytest.raises(StockproofError, match="no line left"):
        decide.approve([ONE], "ann")
    assert [order["order_id"] for order in reading.for_vendors(AS_OF)] == [TWO], "an empty order is sent to nobody"
    decide.override(f"{ONE}:B", 20.0, "fair", "ann")
    assert decide.approve([ONE], "ben")["order_value"] == 30.0
    decide.reject([ONE], "vendor closed", "ben")
    assert events(ONE)[-2:] == ["approved", "rejected"]
    assert job.release_approved(AS_OF)["orders"] == 0


def test_from_proposal_to_receipt() -> None:
    propose.propose(AS_OF)
    decide.override(f"{ONE}:1", 0.0, "none", "ann")
    decide.approve([ONE, TWO], "ann")
    assert job.release_approved(AS_OF - timedelta(days=1))["waiting"] == 2
    assert job.release_approved(NEXT) == {"orders": 2, "lines": 2, "order_value": 27.0, "waiting": 0, "held": 0}
    lines = in_erp("purchase_order_lines", "po_id", "line_no", "item_id", "quantity_ordered", "promised_on")
    assert lines == sorted([(ONE, 2, "B", 12.0, date(2026, 7, 3)), (TWO, 1, "C", 1.0, date(2026, 7, 3))]), (
        "the agreed date"
    )
    assert {row[0] for row in in_erp("purchase_orders", "ordered_on")} == {NEXT}
    asked = {
        line["item_id"]: (line["agreed_on"], line["expected_on"])
        for line in reading.for_vendors(AS_OF, [ONE])[0]["lines"]
    }
    assert asked == {"B": (date(2026, 7, 3), date(2026, 7, 4))}, (
        "the vendor's sheet asks for the date that the ERP holds"
    )
    assert {order["expected_by"] for order in reading.of_date(AS_OF)} == {date(2026, 7, 4)}
    with pytest.raises(StockproofError, match="acknowledged and cannot become rejected"):
        decide.reject([ONE], "late", "ann")
    assert job.receipts.receive(AS_OF) == {"received": 0, "cancelled": 0}, "the extracted data does not show them yet"
    execute(
        f"insert into marts.fct_open_orders values ('{ONE}')",
        f"insert into staging.stg_erp__purchase_orders values ('{TWO}', 'k')",
    )
    assert job.receipts.receive(AS_OF) == {"received": 0, "cancelled": 1}
    execute(
        "truncate marts.fct_open_orders",
        f"insert into marts.fct_receipts values ('{ONE}', 'B', 'W1', '2026-07-04', 11)",
    )
    assert job.receipts.receive(AS_OF) == {"received": 1, "cancelled": 0}
    assert states() == {ONE: "received", TWO: "cancelled"}
    assert "11 units by 2026-07-04" in reading.one(ONE)["events"][-1]["reason"]


def test_pending_is_what_the_erp_may_not_show_yet() -> None:
    query = "select item_id, quantity from orders.pending order by 1"
    propose.propose(AS_OF)
    assert warehouse.read(query).height == 0, "nobody has decided"
    decide.approve([ONE], "ann")
    decide.override(f"{TWO}:C", 0.0, "none", "ann")
    assert warehouse.read(query).rows() == [("A", 6.0), ("B", 12.0)]


def test_the_ledger_scores_once_four_weeks_have_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 0.0, "slow", "ann")
    decide.override(f"{ONE}:A", 30.0, "fair in town", "ann")
    decide.override(f"{TWO}:C", 0.0, "too dear", "ben")
    decide.approve([ONE], "ann")
    later = AS_OF + timedelta(days=28)
    execute("update marts.dim_sku set as_of = as_of + 27")
    assert ledger.score(later - timedelta(days=1))["scored"] == 0
    execute(
        "update marts.dim_sku set as_of = as_of + 1",
        f"""insert into marts.fct_daily_demand
        select 'A', 'W1', day::date, 1, false from generate_series('{AS_OF}'::date + 1, '{later}'::date, '1 day') day""",
    )
    assert ledger.score(later)["scored"] == 2
    assert ledger.score(later)["scored"] == 0
    # 3 on hand, one sold a day, an order on the shelf on day 5: proposed 6 → 3 on hand last to day 3, day 4 lost, days 5–10, 18 lost after.
    row = warehouse.read(
        "select * from orders.override_scores c join orders.overrides v using (event_id) where v.author = 'ann'"
    )
    assert row.height == 1, "only the last word on a line counts"
    got = row.to_dicts()[0]
    assert (got["lost_units_proposed"], got["lost_units"], got["demand_units"]) == (19.0, 1.0, 28.0)
    held = 2 + 1 + sum(29 - day for day in range(24))
    assert got["cost"] == pytest.approx(0.5 * held + 4 * 1 + 7)
    ranked = ledger.ranking()
    assert [(one["name"], one["scored"]) for one in ranked["author"]] == [("ben", 1), ("ann", 1)]
    assert {one["name"]: one["overrides"] for one in ranked["reason"]} == {"slow": 1, "fair in town": 1, "too dear": 1}
    execute(f"update marts.dim_sku set as_of = '{AS_OF}'")


def test_the_command_line_tells_the_same(tmp_path) -> None:
    runner = CliRunner()

    def run(*arguments: str) -> str:
        return runner.invoke(orders.app, list(arguments), catch_exceptions=False).stdout

    if not any(
        command.name == "ledger" or command.callback is orders_decide.ledger
        for command in orders.app.registered_commands
    ):
        orders_decide.register(orders.app)
    propose.propose(AS_OF)
    listed = json.loads(run("list", "--json"))
    assert {one["order_id"]: one["state"] for one in listed["orders"]} == {ONE: "proposed", TWO: "proposed"}
    assert "12 (proposed 12)" not in run("show", ONE)
    changed = json.loads(run("override", f"{ONE}:B", "--quantity", "24", "--reason", "fair", "--by", "ann", "--json"))
    assert (changed["proposed_quantity"], changed["quantity"]) == (12.0, 24.0)
    assert "24 (proposed 12)" in run("show", ONE)
    execute("update orders.lines set needs_review = true where item_id = 'C'")
    approved = json.loads(run("approve", "--all", "--by", "ann", "--json"))
    assert (approved["approved"], approved["left_to_look_at"]) == ([ONE], [TWO])
    assert "rejected" in run("reject", TWO, "--reason", "no", "--by", "ann")
    with pytest.raises(StockproofError, match="which orders"):
        run("approve")
    run("export", "--format", "xlsx", "--output", str(tmp_path / "orders.xlsx"))
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "orders.xlsx").read_bytes()))
    assert book.sheetnames == [ONE], "a rejected order is not sent to anybody"
    # The pack of the decision, that is of the supplier ordered from; dim_sku has that of the primary one, 6.
    assert [cell.value for cell in book[ONE][9]][:6] == [2, "B", "B", 24, 3, 1.5]
    assert json.loads(run("ledger", "--json"))["author"][0]["overrides"] == 1
    assert pl.read_csv(io.StringIO(run("export"))).select("item_id", "quantity").rows() == [("A", 6), ("B", 24)]
    exported = pl.DataFrame(json.loads(run("export", "--format", "json")))
    assert exported.select("item_id", "quantity", "proposed_quantity", "state").rows() == [
        ("A", 6, 6, "approved"),
        ("B", 24, 12, "approved"),
    ], "as overridden, and nothing of what was rejected"
    listed = json.loads(run("list", "--json"))
    alive = sum(order["order_value"] for order in listed["orders"] if order["state"] != "rejected")
    assert sum(row["order_value"] for row in listed["suppliers"]) == alive == 6 * 2.0 + 24 * 1.5
    assert listed["notices"][-1] == "Not in the lines and sums: 1 rejected order."
