"""Both forecasting systems on companies of known truth, by their panels: every reported fault of a forecast is one of the situations."""

import pytest

from tests.worlds import arrays, judge, truth
from tests.worlds.__main__ import few
from tests.worlds.company import Company
from tests.worlds.known_off import KNOWN_OFF
from tests.worlds.situations import FAST

REPLICAS = 8


@pytest.mark.parametrize("company", FAST, ids=lambda company: company.name)
def test_forecasts_meet_the_truth_but_where_the_list_says_why(company: Company) -> None:
    drawn = truth.draw(few(company, REPLICAS))
    found = judge.findings(drawn, arrays.forecast(drawn))
    assert found
    assert not (wrong := judge.faults(company, found, KNOWN_OFF)), "\n".join(wrong)


def test_the_list_names_situations_that_are_played() -> None:
    played = {one.name for company in FAST for one in company.situations}
    assert {name for name, _ in KNOWN_OFF} <= played


def test_names_of_situations_are_unique() -> None:
    names = [one.name for company in FAST for one in company.situations]
    assert len(names) == len(set(names))
