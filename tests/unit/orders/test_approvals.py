"""Who may sign an order of which value."""

import pytest

from pipelines.config_schema import Approvals
from pipelines.core.errors import StockproofError
from pipelines.orders.approvals import check

ROLES = Approvals(roles={"planner": 0.3, "director": None}, authors={"ann": "planner", "ben": "director"})


@pytest.mark.parametrize("value", [0.3, 3 * 0.1, 0.3049])
def test_a_limit_is_met_to_the_cent(value):
    check("SP-1", value, "ann", ROLES)


def test_a_cent_more_is_refused_and_the_message_says_who_may():
    with pytest.raises(StockproofError, match=r"worth 0.31; ann \(planner\) may approve up to 0.30") as refused:
        check("SP-1", 0.306, "ann", ROLES)
    assert refused.value.remedy == "ask ben to approve it"
    check("SP-1", 1e9, "ben", ROLES)


def test_without_authors_anybody_signs_and_with_them_only_who_has_a_role():
    check("SP-1", 1e9, "eve", Approvals(roles={"planner": 0.3}))
    with pytest.raises(StockproofError, match=r"eve has no role .* may not approve order SP-1") as refused:
        check("SP-1", 0.2, "eve", ROLES)
    assert refused.value.remedy == "ask ann or ben to approve it"


def test_what_nobody_covers_says_so():
    with pytest.raises(StockproofError, match=r"may approve up to 0\.30") as refused:
        check("SP-1", 0.4, "ann", Approvals(roles={"planner": 0.3}, authors={"ann": "planner", "bob": "planner"}))
    assert refused.value.remedy == "raise a limit in approvals.roles: none covers it"
