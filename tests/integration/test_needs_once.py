"""A need is bought once: reruns beside signed orders, runs of some items, files to be keyed in, facts that come up after a signature."""

import json
from datetime import date, timedelta

import pytest

from pipelines import settings
from pipelines.briefing.queries import positions
from pipelines.core.errors import StockproofError
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import decide, job, propose, reading
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, empty_erp, events, execute, in_erp, states
from tests.integration.orders_rows import decide as decisions

pytestmark = pytest.mark.servers

LINES = [("A", "W1", "S1", 100.0, 2.0), ("B", "W1", "S1", 12.0, 1.5), ("C", "W1", "S2", 1.0, 9.0)]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")
NEXT = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str, erp_url: str) -> None:
    empty_erp()
    execute(*MARTS)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    begin_with(LINES)
    execute(
        "truncate marts.dim_sku, marts.dim_item, marts.dim_supplier",
        f"insert into marts.dim_sku select '{AS_OF}', i, 'W1', 0.5, 4, 7, 6 from unnest(array['A', 'B', 'C']) i",
        f"insert into marts.dim_item select i, i, '{AS_OF}' from unnest(array['A', 'B', 'C']) i",
        "insert into marts.dim_supplier values ('S1', 'First', true), ('S2', 'Second', true)",
        f"delete from plan.decisions where as_of = '{NEXT}'",
    )


def quantities(number: str) -> dict[str, float]:
    return {line["item_id"]: line["quantity"] for line in reading.one(number)["lines"]}


def to_come(item: str, as_of: date = NEXT) -> float:
    rows = warehouse.read(positions.own_orders(), as_of=as_of).filter(item_id=item)
    return float(rows["quantity"].sum())


def test_another_supplier_is_not_asked_for_what_was_signed_of_the_first() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE], "ann")
    execute("update marts.dim_supplier set is_active = false where supplier_id = 'S1'")
    decisions([("A", "W1", "S2", 100.0, 2.5), ("B", "W1", "S2", 12.0, 1.5), ("C", "W1", "S2", 1.0, 9.0)])
    propose.propose(AS_OF)
    assert states() == {ONE: "approved", TWO: "proposed"}
    assert quantities(TWO) == {"C": 1.0}


def test_a_signed_order_of_a_supplier_that_takes_no_more_orders_asks_once_more_before_it_is_released() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE, TWO], "ann")
    execute("update marts.dim_supplier set is_active = false where supplier_id = 'S1'")
    facts = job.release_approved(AS_OF)
    assert (facts["orders"], facts["held"]) == (1, 1)
    assert states() == {ONE: "approved", TWO: "acknowledged"}
    assert decide.approve([ONE], "ben")["confirmed"] == [ONE]
    assert events(ONE) == ["proposed", "approved", "confirmed"]
    facts = job.release_approved(AS_OF)
    assert (facts["orders"], facts["held"]) == (1, 0)


def test_an_item_that_ends_after_its_order_was_signed_keeps_its_reason_and_asks_once_more() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE, TWO], "ann")
    execute(f"update marts.dim_item set discontinued_on = '{AS_OF + timedelta(days=2)}' where item_id = 'A'")
    execute("update plan.decisions set reason = 'No order: discontinued', quantity = 0 where item_id = 'A'")
    propose.propose(AS_OF)
    assert {line["item_id"]: line["reason"] for line in reading.one(ONE)["lines"]} == {"A": "test", "B": "test"}
    assert job.release_approved(AS_OF)["held"] == 1
    decide.reject([ONE], "no longer sold", "ann")
    assert job.release_approved(AS_OF)["held"] == 0


def test_what_a_rerun_proposes_beside_a_signed_order_is_an_order_in_addition() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE], "ann")
    decisions([*LINES, ("D", "W1", "S1", 7.0, 1.0), ("E", "W1", "S1", 8.0, 1.0)])
    facts = propose.propose(AS_OF)
    addition = order_id(AS_OF, "S1", "W1", 2)
    assert states() == {ONE: "approved", TWO: "proposed", addition: "proposed"}
    assert quantities(addition) == {"D": 7.0, "E": 8.0}
    assert reading.one(addition)["events"][-1]["reason"] == "in addition to what was decided of this date before"
    assert propose.propose(AS_OF) == facts
    decide.approve([addition], "ann")
    propose.propose(AS_OF)
    assert set(states()) == {ONE, TWO, addition}, "nothing is left to add"


def test_a_run_of_some_items_leaves_the_proposals_of_the_others() -> None:
    propose.propose(AS_OF)
    decisions([("A", "W1", "S1", 90.0, 2.0)], NEXT)
    propose.propose(NEXT, partial=True)
    again = order_id(NEXT, "S1", "W1")
    assert states() == {ONE: "proposed", TWO: "proposed", again: "proposed"}
    assert (quantities(ONE), quantities(again)) == ({"B": 12.0}, {"A": 90.0})
    assert reading.one(ONE)["order_value"] == 18.0
    propose.propose(AS_OF)
    assert (quantities(ONE), states()[ONE]) == ({"B": 12.0}, "proposed"), "the earlier date repeated asks for no more"
    propose.propose(NEXT)
    assert (states()[ONE], states()[TWO]) == ("superseded", "superseded"), "a run of all items knows more of them all"


def test_an_unsigned_override_is_not_on_its_way() -> None:
    propose.propose(AS_OF)
    decide.override(f"{ONE}:A", 300.0, "fair", "ann")
    assert to_come("A") == 0.0
    decide.approve([ONE], "ann")
    assert to_come("A") == 300.0


def test_who_has_no_role_neither_overrides_nor_rejects_nor_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    propose.propose(AS_OF)
    monkeypatch.setenv("STOCKPROOF_APPROVALS__AUTHORS", json.dumps({"ann": "planner"}))
    monkeypatch.setenv("STOCKPROOF_APPROVALS__ROLES", json.dumps({"planner": 20.0}))
    settings.load.cache_clear()
    try:
        for act, call in (
            ("override", lambda: decide.override(f"{ONE}:A", 1.0, "x", "eve")),
            ("reject", lambda: decide.reject([ONE], "x", "eve")),
            ("close", lambda: decide.close([ONE], "x", "eve")),
        ):
            with pytest.raises(StockproofError, match=f"eve has no role .* may not {act} order {ONE}") as refused:
                call()
            assert refused.value.remedy == f"ask ann to {act} it"
        assert states()[ONE] == "proposed"
        decide.override(f"{ONE}:A", 1.0, "x", "ann")
    finally:
        monkeypatch.undo()
        settings.load.cache_clear()


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both orders are released to files."""
    monkeypatch.setenv("STOCKPROOF_RELEASE__ADAPTER", "file")
    settings.load.cache_clear()
    propose.propose(AS_OF)
    decide.approve([ONE, TWO], "ann")
    assert job.release_approved(AS_OF)["orders"] == 2
    monkeypatch.undo()
    settings.load.cache_clear()


def keyed_in(po_id: str, key: str | None, lines: dict[str, float], ordered_on: date = NEXT) -> None:
    execute(
        f"insert into staging.stg_erp__purchase_orders values ('{po_id}', {key or 'null'}, 'S1', 'W1', '{ordered_on}')",
        *(
            f"insert into staging.stg_erp__purchase_order_lines values ('{po_id}', '{i}', {q})"
            for i, q in lines.items()
        ),
    )


def test_a_file_that_was_released_is_under_way_until_it_is_keyed_in(in_files: None) -> None:
    assert (to_come("A"), to_come("C")) == (100.0, 1.0)
    keyed_in("ERP-7", f"(select cast(idempotency_key as text) from orders.orders where order_id = '{ONE}')", {"A": 100})
    assert (to_come("A"), to_come("C")) == (0.0, 1.0)


def test_a_file_keyed_in_without_our_key_is_known_again(in_files: None) -> None:
    keyed_in("OTHER", None, {"A": 100})
    keyed_in("EARLIER", None, {"A": 100, "B": 12}, AS_OF - timedelta(days=1))
    execute("insert into marts.fct_open_orders values ('ERP-7')")
    job.receipts.receive(AS_OF)
    assert to_come("A") == 100.0, "neither other items nor an order of before the release"
    keyed_in("ERP-7", None, {"A": 96, "B": 12})
    job.receipts.receive(AS_OF)
    assert (to_come("A"), to_come("B")) == (0.0, 0.0)
    assert reading.one(ONE)["po_id"] == "ERP-7"
    assert events(ONE)[-1] == "keyed in"


def test_a_file_that_nobody_keys_in_is_closed_by_the_planner(in_files: None) -> None:
    with pytest.raises(StockproofError, match="reason is needed"):
        decide.close([ONE], " ", "ann")
    decide.close([ONE], "the vendor has closed", "ann")
    assert states()[ONE] == "closed"
    assert to_come("A") == 0.0
    propose.propose(AS_OF)
    assert quantities(order_id(AS_OF, "S1", "W1", 2)) == {"A": 100.0, "B": 12.0}, (
        "what is still needed is proposed again"
    )


def test_an_order_that_the_erp_shows_is_not_closed_here() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE], "ann")
    job.release_approved(AS_OF)
    execute(f"insert into staging.stg_erp__purchase_orders values ('{ONE}', 'k')")
    with pytest.raises(StockproofError, match=f"the ERP shows order {ONE}"):
        decide.close([ONE], "x", "ann")
    assert len(in_erp("purchase_orders", "po_id")) >= 1


def test_an_order_deleted_in_the_erp_is_cancelled_and_no_longer_under_way() -> None:
    propose.propose(AS_OF)
    decide.approve([ONE], "ann")
    job.release_approved(AS_OF)
    execute(f"insert into staging.stg_erp__purchase_orders (po_id, is_gone) values ('{ONE}', true)")
    assert job.receipts.receive(AS_OF) == {"received": 0, "cancelled": 1}
    assert to_come("A") == 0.0
    assert reading.one(ONE)["events"][-1]["reason"] == "gone from the ERP"
