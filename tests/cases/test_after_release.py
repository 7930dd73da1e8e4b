"""What the ERP's people do to an order of ours after it was released."""

from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from tests.cases.company import AS_OF, Item
from tests.cases.conftest import PLAIN


def test_an_order_that_the_erp_changed_is_due_as_it_is_there_and_named(company: Any) -> None:
    from pipelines.core.purchase_order import silent
    from pipelines.io import erp
    from pipelines.orders import decide, job

    company.load([*PLAIN, Item("BIG", sales=200, policy=(3000, 5000), count=0)])
    company.run()
    assert company.line("BIG").quantity == 5000
    order = company.read("select order_id from orders.lines where item_id = 'BIG'")["order_id"][0]
    decide.approve([order], "ann")
    job.release_approved(AS_OF, recorded_at=datetime.combine(AS_OF, time(21)), step=silent)
    with erp.transaction() as connection:
        change = "update purchase_order_lines set quantity_ordered = 3000, updated_at = '2026-06-29 10:00' where item_id = 'BIG'"
        connection.execute(sa.text(change))
    company.run(AS_OF + timedelta(days=1))
    assert company.line("BIG").due == 3000
    assert any("from 5,000 units to 3,000" in sentence for sentence in company.notices)


def test_an_order_deleted_in_the_erp_before_any_run_saw_it_is_no_longer_due_and_named(company: Any) -> None:
    from pipelines.core.purchase_order import silent
    from pipelines.io import erp
    from pipelines.orders import decide, job

    company.load([*PLAIN, Item("GONE", sales=2, policy=(60, 100), count=40)])
    company.run()
    order = company.read("select order_id from orders.lines where item_id = 'GONE'")["order_id"][0]
    decide.approve([order], "ann")
    job.release_approved(AS_OF, recorded_at=datetime.combine(AS_OF, time(21)), step=silent)
    with erp.transaction() as connection:
        connection.execute(sa.text("delete from purchase_order_lines where po_id = :po"), {"po": order})
        connection.execute(sa.text("delete from purchase_orders where po_id = :po"), {"po": order})
        # The next day's books are there, and the order is not.
        count = "insert into stock_levels (item_id, location_id, counted_on, on_hand, updated_at) values ('GONE', 'W', :day, 38, :at)"
        next_day = AS_OF + timedelta(days=1)
        connection.execute(sa.text(count), {"day": next_day, "at": datetime.combine(next_day, time(19))})
    company.run(next_day)
    line = company.line("GONE")
    assert (line.due, line.proposed, line.quantity) == (0, 0, 62)
    assert any(order in sentence and "60 units" in sentence for sentence in company.notices)
    state = company.read("select state from orders.orders where order_id = :order", order=order)["state"][0]
    assert state == "cancelled"
