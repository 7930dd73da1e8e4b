"""Lead time: agreed as nothing, measured as it is."""

from datetime import timedelta
from typing import Any

from tests.cases.company import AS_OF, Item, Line, Order
from tests.cases.registry import case

# A lead time of 9 days: ordered at the close of the 2nd, there for the sales of the 12th.
RECEIVED = [
    Order(f"{month:02d}-{on:02d}", [Line(60, received=(60, f"{month:02d}-{on + 10:02d}"))], status="received")
    for month in (3, 4, 5)
    for on in (2, 16)
]


# Among the others its receipts would speak for suppliers that never delivered.
@case(Item("LT0", sales=5, lead=0, policy=(60, 120), count=20, orders=RECEIVED), PLANNING__UNMET_DEMAND="backorder")
def test_an_agreed_lead_time_of_zero_leaves_the_measured_one(day: Any) -> None:
    line = day.line("LT0")
    assert line.quantity == 100
    assert line.expected_on == AS_OF + timedelta(days=10)
