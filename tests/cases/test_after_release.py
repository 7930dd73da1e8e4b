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
