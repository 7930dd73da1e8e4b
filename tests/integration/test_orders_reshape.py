"""Proposals split, grouped, copied and locked before they are signed."""

from datetime import timedelta

import pytest

from pipelines.core.errors import Conflict, StockproofError
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import actions, propose
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, execute, states
from tests.integration.orders_rows import decide as decisions

pytestmark = pytest.mark.servers

LINES = [("A", "W1", "S1", 6.0, 2.0), ("B", "W1", "S1", 12.0, 1.5), ("C", "W1", "S2", 1.0, 9.0)]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")
_LINES = "select item_id, quantity, proposed_quantity from orders.lines where order_id = :n order by item_id"
_VALUE = "select order_value from orders.orders where order_id = :n"


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str) -> None:
    execute(*MARTS)


@pytest.fixture(autouse=True)
def fresh() -> None:
    begin_with(LINES)
    propose.propose(AS_OF)


def _lines(number: str) -> list[tuple[object, ...]]:
    return warehouse.read(_LINES, n=number).rows()


def _value(number: str) -> float:
    return float(warehouse.read(_VALUE, n=number)["order_value"][0])


def test_a_split_order_keeps_its_lines_values_and_the_ledger_of_what_was_changed() -> None:
    actions.override(f"{ONE}:B", 20.0, "fair", "ann")
    new = actions.split(ONE, [2], "ann")
    assert (_lines(ONE), _lines(new)) == ([("A", 6.0, 6.0)], [("B", 20.0, 12.0)])
    assert (_value(ONE), _value(new)) == (12.0, 30.0)
    assert warehouse.read("select order_id from orders.overrides")["order_id"].to_list() == [new]


@pytest.mark.parametrize("lines", [[], [1, 2], [7]])
def test_an_order_is_split_at_some_of_its_lines_not_at_none_nor_all(lines: list[int]) -> None:
    with pytest.raises(StockproofError, match="cannot be split"):
        actions.split(ONE, lines, "ann")


def test_grouped_orders_are_one_and_lines_of_an_item_are_added_up() -> None:
    part = actions.split(ONE, [2], "ann")
    copied = actions.copy(ONE, "ann")
    assert actions.group([copied, part, ONE], "ann") == ONE
    assert _lines(ONE) == [("A", 12.0, 6.0), ("B", 12.0, 12.0)]
    assert _value(ONE) == 12 * 2.0 + 12 * 1.5
    assert (states()[part], states()[copied]) == ("superseded", "superseded")


def test_orders_of_two_suppliers_are_not_grouped() -> None:
    with pytest.raises(StockproofError, match="several suppliers"):
        actions.group([ONE, TWO], "ann")


def test_a_copy_is_an_order_of_the_newest_date_that_the_ledger_counts_as_changed_from_nothing() -> None:
    actions.reject([ONE], "closed", "ann")
    tomorrow = AS_OF + timedelta(days=1)
    decisions([("C", "W1", "S2", 1.0, 9.0)], tomorrow)
    propose.propose(tomorrow)
    new = actions.copy(ONE, "ann")
    assert _lines(new) == [("A", 6.0, 0.0), ("B", 12.0, 0.0)]
    assert (new, states()[new], states()[ONE]) == (order_id(tomorrow, "S1", "W1", 2), "overridden", "rejected")
    dates = warehouse.read("select distinct expected_on from orders.lines where order_id = :n", n=new)["expected_on"]
    assert dates.to_list() == [AS_OF + timedelta(days=6)]
    ledger = warehouse.read("select item_id, proposed_quantity, quantity from orders.overrides order by 1").rows()
    assert ledger == [("A", 0.0, 6.0), ("B", 0.0, 12.0)]
    assert _value(new) == 30.0


def test_a_locked_order_is_changed_and_decided_by_its_keeper_alone() -> None:
    actions.lock([ONE], "ann")
    for act in (
        lambda: actions.approve([ONE], "bob"), lambda: actions.reject([ONE], "no", "bob"), lambda: actions.lock([ONE], "bob"),
        lambda: actions.override(f"{ONE}:A", 1.0, "no", "bob"), lambda: actions.split(ONE, [1], "bob"),
        lambda: actions.unlock([ONE], "bob"),
    ):  # fmt: skip
        with pytest.raises(Conflict, match=f"{ONE} is locked by ann"):
            act()
    assert actions.approve([ONE], "ann")["approved"] == [ONE]
    assert warehouse.read("select locked_by from orders.orders where order_id = :n", n=ONE)["locked_by"][0] is None


def test_a_repeated_run_leaves_a_locked_order_and_an_unlocked_one_is_everybodys() -> None:
    actions.lock([ONE], "ann")
    decisions([("A", "W1", "S1", 60.0, 2.0)])
    propose.propose(AS_OF)
    assert _lines(ONE) == [("A", 6.0, 6.0), ("B", 12.0, 12.0)]
    assert actions.unlock([ONE], "bob", theirs=True) == [ONE]
    assert actions.approve([ONE], "bob")["approved"] == [ONE]


def test_a_signed_order_is_neither_grouped_nor_locked() -> None:
    actions.approve([ONE], "ann")
    part = actions.copy(ONE, "ann")
    for act in (lambda: actions.group([ONE, part], "ann"), lambda: actions.lock([ONE], "ann")):
        with pytest.raises(Conflict, match="is approved and cannot be"):
            act()
