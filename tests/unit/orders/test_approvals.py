"""Who may sign an order of which value."""

import pytest

from pipelines.core.errors import StockproofError
from pipelines.orders.approvals import check
from pipelines.sections import Approvals

ROLES = Approvals(roles={"planner": 0.3, "director": None}, authors={"ann": "planner", "ben": "director"})


@pytest.mark.parametrize("value", [0.3, 3 * 0.1, 0.3049])
def test_a_limit_is_met_to_the_cent(value):
    check("SP-1", value, "ann", ROLES)


def test_a_cent_more_is_refused_and_the_message_says_who_may():
    with pytest.raises(StockproofError, match=r"worth 0.31; ann \(planner\) may approve up to 0.30") as refused:
        check("SP-1", 0.306, "ann", ROLES)
    assert refused.value.remedy == "ask ben to approve it"
    check("SP-1", 1e9, "ben", ROLES)
