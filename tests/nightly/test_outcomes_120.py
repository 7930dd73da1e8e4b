"""Outcomes of 120 days of a closed loop, a run at the close of each, equal those computed one at a time from what happened."""

import pytest

from tests.integration import outcomes_world as world
from tests.integration.test_outcomes import differences, expected, held, lived

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

START, LAST = 125, 244


def test_outcomes_of_120_days_equal_a_slow_recomputation_to_the_cent(warehouse_url: str) -> None:
    del warehouse_url
    company = lived(START, LAST)
    assert len(held()) == 4 * (120 + LAST - START)
    assert differences(expected(company, LAST, START)) == []
    placed = [order for order in company.orders if START <= order.ordered <= LAST]
    assert {order.change for order in placed} == set(world.CHANGES)
    assert sum(min(shelf) == 0 for shelf in company.stock.values()) >= 2, "some items ran out"
