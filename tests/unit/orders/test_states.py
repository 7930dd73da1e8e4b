"""Which state may follow which."""

import itertools

import pytest

from pipelines.config_schema import Approvals
from pipelines.core.errors import StockproofError
from pipelines.orders import approvals, states


def test_nothing_comes_back_from_the_erp():
    later = (states.SUBMITTED, states.ACKNOWLEDGED, states.RECEIVED, states.CANCELLED, states.CLOSED)
    early = (states.OVERRIDDEN, states.APPROVED, states.REJECTED, states.SUPERSEDED)
    assert states.PROPOSED not in states.SOURCES  # nothing becomes proposed: that is where an order begins
    for state, target in itertools.product(later, early):
        assert not states.may_become(state, target)


def test_only_what_a_person_signed_is_submitted():
    assert states.SOURCES[states.SUBMITTED] == (states.APPROVED,)
    assert [s for s in states.SOURCES if states.may_become(states.PROPOSED, s)] == [
        "overridden",
        "approved",
        "rejected",
        "superseded",
    ]


@pytest.mark.parametrize("value", [20.0, 19.99])
def test_a_limit_holds_up_to_itself(value):
    config = Approvals(roles={"planner": 20.0}, authors={"ann": "planner"})
    approvals.check("SP", value, "ann", config)
    with pytest.raises(StockproofError, match=r"ann \(planner\) may approve up to 20\.00"):
        approvals.check("SP", 20.01, "ann", config)


def test_a_role_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="ann has the role king; the roles are planner, manager, director"):
        Approvals(authors={"ann": "king"})


def test_the_author_is_the_one_named_first():
    assert approvals.author("ann", Approvals(author="ben")) == "ann"
    assert approvals.author(None, Approvals(author="ben")) == "ben"
    assert approvals.author(" ", Approvals()) != ""


def test_what_the_erp_refused_is_a_planners_again():
    assert [s for s in states.SOURCES if states.may_become(states.REFUSED, s)] == [
        "overridden",
        "approved",
        "rejected",
        "superseded",
    ]
    assert states.REFUSED not in states.ON_ITS_WAY


def test_each_state_is_unsigned_on_its_way_or_ended():
    every = {states.PROPOSED, *states.SOURCES}
    ended = {states.REJECTED, states.SUPERSEDED, states.CANCELLED, states.CLOSED}
    assert every == {*states.UNSIGNED, *states.ON_ITS_WAY} | ended
    assert set(states.ALIVE) == every - ended
