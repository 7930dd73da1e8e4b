"""Orders between two hands: a run repeated while somebody signs, and orders that the ERP knows by another number."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.briefing.queries import day_notices, order_notices
from pipelines.commands import orders, run_text
from pipelines.core.errors import StockproofError
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import decide, job, ledger, propose, reading
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, execute, states
from tests.integration.orders_rows import decide as decisions

pytestmark = pytest.mark.servers

LINES = [("A", "W1", "S1", 6.0, 2.0), ("B", "W1", "S1", 12.0, 1.5), ("C", "W1", "S2", 1.0, 9.0)]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str) -> None:
    execute(*MARTS)
    execute(f"insert into marts.dim_sku select '{AS_OF}', i, 'W1', 0.5, 4, 7, 6 from unnest(array['A', 'B', 'C']) i")


@pytest.fixture(autouse=True)
def fresh() -> None:
    begin_with(LINES)


def test_a_signature_given_while_the_run_is_repeated_is_refused_or_kept_never_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    propose.propose(AS_OF)
    decisions([("A", "W1", "S1", 99.0, 2.0)])
    signed: list[str] = []

    def sign() -> None:
        try:
            signed.extend(decide.approve([ONE], "ann")["approved"])  # type: ignore[call-overload]
        except StockproofError:
            signed.append("refused")

    planner = threading.Thread(target=sign)
    put = propose._put

    def slowly(*given: Any) -> str:
        if planner.ident is None:
            planner.start()
            planner.join(1.0)
        return put(*given)

    monkeypatch.setattr(propose, "_put", slowly)
    propose.propose(AS_OF)
    planner.join(10.0)
    assert (states()[ONE], signed) in [("proposed", ["refused"]), ("approved", [ONE])]


def test_a_repeated_run_tells_of_overridden_orders_what_the_planner_made_of_them() -> None:
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 0.0, "none", "ann")
    decide.override(f"{ONE}:B", 20.0, "fair", "ann")
    counts = propose.propose(AS_OF)
    assert (counts["orders"], counts["lines"], counts["order_value"]) == (2, 2, 30.0 + 9.0)


def test_goods_signed_for_after_the_decisions_were_made_are_not_signed_for_twice_unseen() -> None:
    """The step orders of the next day fails, the planner signs what stands, and the step is cleared: its lines know nothing of that."""
    tomorrow = AS_OF + timedelta(days=1)
    propose.propose(AS_OF)
    decisions(LINES, tomorrow)
    decide.approve([ONE], "ann")
    propose.propose(tomorrow)
    again, other = order_id(tomorrow, "S1", "W1"), order_id(tomorrow, "S2", "W1")
    assert decide.open_orders(None) == ([other], [again]), "approve --all leaves it out"
    event = warehouse.read("select reason from orders.events where order_id = :o", o=again)["reason"][0]
    assert event == "decided before an earlier order of A, B was signed: run the date again"
    execute(f"update plan.decisions set proposed = 6 where as_of = '{tomorrow}' and item_id = 'A'")
    execute(f"update plan.decisions set proposed = 12 where as_of = '{tomorrow}' and item_id = 'B'")
    propose.propose(tomorrow)
    assert decide.open_orders(None) == (sorted([other, again]), []), "decided with the signed order in sight"
    execute(f"delete from plan.decisions where as_of = '{tomorrow}'")


def test_an_order_that_was_keyed_in_under_our_key_is_received_under_the_erps_own_number() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE, TWO], "ann")
    execute(
        "update orders.orders set state = 'acknowledged', adapter = 'file', po_id = order_id",
        f"""insert into staging.stg_erp__purchase_orders
        select 'ERP-1', cast(idempotency_key as text) from orders.orders where order_id = '{ONE}'""",
        "insert into marts.fct_open_orders values ('ERP-1')",
    )
    assert job.receipts.receive(AS_OF) == {"received": 0, "cancelled": 0}, "the other is not keyed in yet"
    execute(
        "truncate marts.fct_open_orders", "insert into marts.fct_receipts values ('ERP-1', 'A', 'W1', '2026-07-04', 6)"
    )
    assert job.receipts.receive(AS_OF) == {"received": 1, "cancelled": 0}
    assert states() == {ONE: "received", TWO: "acknowledged"}


def test_the_ledger_does_not_take_our_own_keyed_in_order_for_another() -> None:
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 30.0, "fair in town", "ann")
    decide.approve([ONE], "ann")
    later = AS_OF + timedelta(days=28)
    execute(
        "update marts.dim_sku set as_of = as_of + 28",
        f"""insert into marts.fct_daily_demand
        select 'A', 'W1', day::date, 1, false from generate_series('{AS_OF}'::date + 1, '{later}'::date, '1 day') day""",
        f"""insert into staging.stg_erp__purchase_orders
        select 'ERP-1', cast(idempotency_key as text) from orders.orders where order_id = '{ONE}'""",
        f"insert into marts.fct_receipts values ('ERP-1', 'A', 'W1', '{AS_OF + timedelta(days=5)}', 30)",
    )
    ledger.score(later)
    lost = warehouse.read("select lost_units_proposed, lost_units from orders.override_scores").row(0)
    execute(f"update marts.dim_sku set as_of = '{AS_OF}'")
    assert lost == (19.0, 1.0), "what came of the order itself is in neither replay a second time"


def test_an_override_that_loses_or_reaches_a_price_break_has_the_price_of_its_quantity() -> None:
    execute(
        f"insert into marts.fct_offer values ('{AS_OF}', 'A', 'S1', 3.0), ('{AS_OF}', 'B', 'S1', 9.0)",
        "insert into marts.fct_price_breaks values ('A', 'S1', 6, 2.0), ('A', 'S1', 100, 1.0), ('A', 'S2', 1, 0.1)",
    )
    propose.propose(AS_OF)
    query = "select l.unit_price, o.order_value from orders.lines l join orders.orders o using (order_id) where l.item_id = 'A'"
    for quantity, price in ((5.0, 3.0), (6.0, 2.0), (100.0, 1.0)):
        decide.override(f"{ONE}:A", quantity, "less", "ann")
        assert warehouse.read(query).row(0) == (price, quantity * price + 12 * 1.5)
    decide.override(f"{ONE}:B", 24.0, "more", "ann")
    assert warehouse.read(query).row(0) == (1.0, 100.0 + 24 * 1.5), "without price breaks the price stays as proposed"
    execute("truncate marts.fct_offer, marts.fct_price_breaks")


def test_the_ledger_says_of_an_order_that_was_never_placed_that_it_was_not_ordered() -> None:
    """Neither quantity was bought: to score it would count the order that a later run made instead beside both."""
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 30.0, "fair in town", "ann")
    decide.override(f"{TWO}:C", 0.0, "too dear", "ann")
    execute("update marts.dim_sku set as_of = as_of + 28")
    later = AS_OF + timedelta(days=28)
    assert ledger.score(later)["scored"] == 1, (
        "nobody signed the one; of the other nothing is left to sign, and that was the choice"
    )
    decide.reject([ONE, TWO], "vendor closed", "ann")
    ranked = ledger.ranking()["author"][0]
    assert (ledger.score(later)["scored"], ranked["overrides"], ranked["not_ordered"], ranked["scored"]) == (0, 2, 1, 1)
    execute(f"update marts.dim_sku set as_of = '{AS_OF}'")


def test_an_order_that_waits_for_a_hand_is_named_wherever_the_next_day_is_shown() -> None:
    tomorrow = AS_OF + timedelta(days=1)
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 30.0, "fair in town", "ann")
    decide.override(f"{TWO}:C", 0.0, "too dear", "ann")
    execute(
        "update plan.decisions set pack_size = 7 where item_id = 'A'",
        "update marts.dim_sku set pack_size = 6 where item_id = 'A'",
    )
    assert reading.one(ONE)["lines"][0]["pack_size"] == 7.0, (
        "the pack of whom it is ordered from, not of the primary supplier"
    )
    lines = {order["order_id"]: order["lines"] for order in reading.of_date(AS_OF)}
    assert lines[TWO] == 0, "a line of nothing is none"
    assert order_notices.waiting(AS_OF) == "", "the day's own orders are listed with their state"
    execute("update marts.dim_sku set as_of = as_of + 1")
    decisions([("D", "W1", "S3", 2.0, 1.0)], tomorrow)
    decide.approve([ONE], "ann")
    lost = (
        f"1 order of an earlier date was overridden and never signed; this run proposes again what is needed: {TWO}. "
        f"1 order of an earlier date is signed and not released, and its goods count as on their way ({ONE}): stockproof run release."
    )
    counts = job.daily(tomorrow)
    assert counts["waiting"] == lost
    assert run_text.said("orders", counts).startswith(f"1 order (1 line, 2.00) waits for a signature. {lost}")
    some = "This run decided 1 of 3 SKUs (--items); of the others nothing is proposed for this date."
    listed = CliRunner().invoke(orders.app, ["list", "--json"], catch_exceptions=False).stdout
    assert json.loads(listed)["notices"] == [lost, some]
    assert lost in CliRunner().invoke(orders.app, ["list"], catch_exceptions=False).stdout
    decide.reject([ONE], "too late", "ann")
    assert ONE not in order_notices.waiting(tomorrow)
    execute(f"update marts.dim_sku set as_of = '{AS_OF}'", f"delete from plan.decisions where as_of = '{tomorrow}'")


def test_what_nobody_plans_and_what_no_longer_sells_is_listed() -> None:
    execute(
        f"""insert into marts.dim_item select i, i, '{AS_OF}', null, null from unnest(array['A', 'B', 'C', 'N1', 'N2']) i""",
        f"""insert into marts.dim_item values ('OLD', 'OLD', '{AS_OF}', null, '{AS_OF}'),
            ('NEW', 'NEW', '{AS_OF}', '{AS_OF}'::date + 1, null)""",
        "update marts.dim_sku set is_active = true, last_demand_on = case when item_id <> 'C' then as_of end",
    )
    decisions([("A", "W1", "S1", 6.0, 2.0), ("B", "W1", "S1", 0.0, 1.0), ("C", "W1", "S2", 0.0, 9.0)])
    execute(
        "update plan.decisions set on_hand = 0 where item_id = 'C'",
        "update plan.decisions set alert_code = 'ORDERED_WITHOUT_SALE'",
    )
    assert day_notices.of_day(AS_OF) == [
        "1 line orders a SKU without a sale in 182 days, worth 12.00: its alert says since when.",
        "Left out: 2 items on sale have no sale, stock count or minimum on record, and 1 SKU without stock never sold. "
        "Nothing is ordered of them until they sell or the ERP names a minimum.",
    ]
    execute("update marts.dim_sku set last_demand_on = as_of - 3 where last_demand_on is not null")
    assert day_notices.of_day(AS_OF)[0].startswith(
        f"The newest sale on record is of {AS_OF - timedelta(days=3)}: the 3 days since count as"
    )
    tomorrow = AS_OF + timedelta(days=1)
    assert day_notices.of_day(tomorrow) == [], "of a date that the marts do not hold nothing is known"
    execute("truncate marts.dim_item")


def test_names_with_brackets_and_a_million_units_are_shown_whole() -> None:
    """[alt] reads like a style of the terminal's, and [/x] like the end of one, which ended the command with a traceback."""
    execute("insert into marts.dim_supplier values ('S9', 'Meier [alt] [/x]', true)")
    decisions([("SHIRT[xl]", "W1", "S9", 1_234_567.0, 2.0)])
    propose.propose(AS_OF)
    number = order_id(AS_OF, "S9", "W1")
    runner = CliRunner()
    listed = runner.invoke(orders.app, ["list"], catch_exceptions=False, env={"COLUMNS": "200"}).stdout
    shown = runner.invoke(orders.app, ["show", number], catch_exceptions=False, env={"COLUMNS": "200"}).stdout
    assert listed.count("Meier [alt] [/x]") == 2
    assert "Meier [alt] [/x] → W1" in shown and "SHIRT[xl]" in shown and "1234567" in shown
