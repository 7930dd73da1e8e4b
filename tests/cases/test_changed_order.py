"""An order that somebody changes in the ERP after its release is named in the notices of the next day."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from pipelines.io import erp, warehouse
from pipelines.orders import decide, job
from tests.cases.company import AS_OF, Item
from tests.cases.product import Company


def test_a_released_line_changed_in_the_erp_is_in_the_notices(company: Company) -> None:
    company.load([Item("CHANGED", sales=100, policy=(3000, 5000), count=0)])
    company.run()
    order = warehouse.read("select order_id from orders.orders")["order_id"][0]
    decide.approve([order], "ann")
    job.release_approved(AS_OF, recorded_at=datetime.combine(AS_OF, time(23, 30)))
    with erp.transaction() as connection:
        line = connection.execute(sa.text("select quantity_ordered from purchase_order_lines")).scalar()
        connection.execute(
            sa.text("update purchase_order_lines set quantity_ordered = 3000, updated_at = '2026-06-29 09:00:00'")
        )
    assert line == 5000
    company.run(AS_OF + timedelta(days=1))
    assert any("from 5,000 units to 3,000" in sentence for sentence in company.notices)
