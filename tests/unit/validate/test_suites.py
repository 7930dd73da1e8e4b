"""Rules become expectations, or are refused by name; Great Expectations keeps quiet."""

import logging
import os
from typing import Any

import pytest

import expectations
from pipelines.core.errors import StockproofError
from pipelines.validate import rules, suites


def rule(**changes: Any) -> rules.DataRule:
    return rules.DataRule(
        **{"name": "r", "table": "sales", "severity": "fatal", "description": "d", "remedy": "x"} | changes
    )


@pytest.mark.parametrize("boundary", expectations.BOUNDARIES)
def test_every_rule_we_ship_is_an_expectation(boundary: str) -> None:
    for each in rules.load(boundary).rules:
        made = suites._expectation(each, {each: "select 1"})
        assert made.meta["rule"] == each.name
        assert made.severity == {"fatal": "critical", "quarantine": "warning", "review": "info"}[each.severity]


def test_an_expectation_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StockproofError, match="rule r on sales: expectation 'ExpectMiracles' is no class"):
        suites._expectation(rule(expectation="ExpectMiracles"), {})


def test_arguments_an_expectation_refuses_are_named() -> None:
    wrong = rule(expectation="ExpectTableRowCountToBeBetween", kwargs={"minimum": 1})
    with pytest.raises(StockproofError, match=r"rule r on sales: kwargs refused: .*minimum"):
        suites._expectation(wrong, {})


def test_braces_of_a_query_reach_the_database_unchanged() -> None:
    made = suites.BadRows(unexpected_rows_query="select '{}' from sales")
    assert made.unexpected_rows_query.format() == "select '{}' from sales"


def test_great_expectations_keeps_quiet() -> None:
    assert logging.getLogger("great_expectations.data_context.types.base").getEffectiveLevel() == logging.WARNING
    assert logging.getLogger("great_expectations").getEffectiveLevel() == logging.WARNING
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
