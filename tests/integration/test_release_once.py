"""Whatever kills a release, and however many run at once: the ERP holds each approved order once, and none is lost."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.purchase_order import Line, PurchaseOrder, idempotency_key, silent
from pipelines.io import erp, erp_orders, warehouse
from pipelines.io.erp_orders import ErpTables
from pipelines.orders import decide, job, propose
from pipelines.settings import ROOT
from tests.integration.orders_rows import AS_OF, empty_erp, events, forget_orders, in_erp, states
from tests.integration.orders_rows import decide as decisions
from tests.integration.release_killed import main

pytestmark = pytest.mark.servers

LINES = [("A", "W1", "S1", 6.0, 2.0), ("B", "W1", "S1", 12.0, 1.5), ("A", "W2", "S1", 3.0, 2.0)]
WANTED = sorted((item, quantity) for item, _, _, quantity, _ in LINES)


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str, erp_url: str) -> None:
    empty_erp()


def approved() -> list[str]:
    """A fresh ERP, and the orders of the date, all approved."""
    forget_orders()
    with erp.transaction() as connection:
        connection.execute(sa.text("delete from purchase_order_lines"))
        connection.execute(sa.text("delete from purchase_orders"))
    decisions(LINES)
    assert propose.propose(AS_OF)["orders"] == 2
    return list(decide.approve(decide.open_orders(AS_OF)[0], "ann")["approved"])  # type: ignore[call-overload]


def check_each_once(numbers: list[str]) -> None:
    heads = in_erp("purchase_orders", "po_id", "external_ref", "status", "ordered_on")
    assert [head[0] for head in heads] == sorted(numbers)
    assert {head[1] for head in heads} == set(
        warehouse.read("select idempotency_key::text as k from orders.orders")["k"].to_list()
    )
    assert {head[2:] for head in heads} == {("open", AS_OF)}
    assert in_erp("purchase_order_lines", "item_id", "quantity_ordered") == WANTED
    assert set(states().values()) == {"acknowledged"}
    for number in numbers:
        assert events(number) == ["proposed", "approved", "submitted", "acknowledged"]


def start(kill_at: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.integration.release_killed", str(kill_at), AS_OF.isoformat()]
    return subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_program_killed_and_run_again() -> None:
    numbers = approved()
    kills, done = 0, False
    for kill_at in (9, 4, 7, 11, 5, 0):
        process = start(kill_at)
        out, err = process.communicate(timeout=60)
        if process.returncode == -signal.SIGKILL:
            kills += 1
            assert len(in_erp("purchase_orders", "po_id")) <= 2
            continue
        assert process.returncode == 0, err
        done = True
    assert kills >= 4, out
    assert done
    check_each_once(numbers)


def test_two_releases_at_once_one_of_them_killed() -> None:
    numbers = approved()
    first, second, third = start(0), start(8), start(0)
    for process, code in ((first, 0), (second, -signal.SIGKILL), (third, 0)):
        out, err = process.communicate(timeout=60)
        assert process.returncode in (code, 0), out + err
    assert job.release_approved(AS_OF)["orders"] in (0, 1)
    check_each_once(numbers)


def killed_at(step_number: int) -> bool:
    """One release in a process of its own that a SIGKILL ends at a step. Whether it did.

    A fork spares the second that a new interpreter takes; no connection is open while it happens.
    """
    erp_orders._engine(erp.url()).dispose()
    erp._engine(erp.url()).dispose()
    warehouse._engine(warehouse.url()).dispose()
    child = os.fork()
    if child == 0:
        try:
            main(step_number, AS_OF.isoformat())
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status == -signal.SIGKILL


def test_every_single_step() -> None:
    """Each step once as the only one that kills, with the steps counted, so that a new one cannot be forgotten."""
    steps = 0
    while True:
        numbers = approved()
        steps += 1
        if not killed_at(steps):
            break
        assert job.release_approved(AS_OF)["waiting"] == 0
        check_each_once(numbers)
    assert steps > 20


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 24), max_size=5))
def test_any_sequence_of_deaths(deaths: list[int]) -> None:
    numbers = approved()
    for step_number in deaths:
        killed_at(step_number)
        heads = in_erp("purchase_orders", "po_id")
        assert len(heads) == len(set(heads))
        for number, state in states().items():
            assert state != "acknowledged" or (number,) in heads
    job.release_approved(AS_OF)
    check_each_once(numbers)


def test_a_head_without_lines_is_completed_not_doubled() -> None:
    """What an ERP whose tables know no transactions is left with."""
    numbers = approved()
    key = warehouse.read("select idempotency_key::text as k from orders.orders order by order_id")["k"][0]
    with erp.transaction() as connection:
        insert = """insert into purchase_orders (po_id, supplier_id, location_id, ordered_on, status, external_ref, updated_at)
            select :po, 'S1', 'W1', :day, 'open', :key, current_timestamp"""
        connection.execute(sa.text(insert), {"po": sorted(numbers)[0], "day": AS_OF, "key": key})
    job.release_approved(AS_OF)
    check_each_once(numbers)


@pytest.mark.parametrize("unique", [True, False])
def test_the_erp_alone_keeps_two_writers_apart(unique: bool) -> None:
    """Without our row lock, and without a unique index, as in tables that are not of our making."""
    approved()
    index = "unique index" if unique else "index"
    with erp.transaction() as connection:
        connection.execute(sa.text("alter table purchase_orders drop index if exists purchase_orders_external_ref"))
        connection.execute(
            sa.text(f"alter table purchase_orders add {index} purchase_orders_external_ref (external_ref)")
        )
    line = Line(1, "A", 6.0, 2.0, AS_OF)
    orders = [
        PurchaseOrder(f"SP-{n}", idempotency_key(f"SP-{n}"), "S1", "W1", AS_OF, (line, replace(line, line_no=2)))
        for n in range(3)
    ]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: ErpTables().submit(orders[n % 3], silent), range(24)))
    assert in_erp("purchase_orders", "po_id") == [("SP-0",), ("SP-1",), ("SP-2",)]
    assert len(in_erp("purchase_order_lines", "po_id", "line_no")) == 6
