"""Placeholders are filled, and those nobody knows are refused; quantile order is spelled out."""

from datetime import date
from itertools import pairwise

import pytest

import expectations
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS
from pipelines.validate import as_of, rules

AS_OF = date(2026, 6, 28)


def values(items: tuple[str, ...] = ()) -> dict[str, str]:
    return as_of.placeholders(
        AS_OF,
        spike_sigmas=3.0,
        spike_quarantine_sigmas=12.0,
        spike_min_days=8,
        max_quantity=1e4,
        bucket_days=7,
        least_stock=0.0,
        items=items,
    )


def rule(bad_rows: str, table: str = "sales") -> rules.DataRule:
    return rules.DataRule("r", table, "quarantine", "d", "r", bad_rows=bad_rows)


def test_a_rule_is_filled_with_its_table_key_and_date() -> None:
    source = rules.Source("sales", ("sale_id",))
    query = as_of.bad_rows(rule("select {key} from {table} where {key_missing} or sold_on > {as_of}"), source, values())
    assert query == "select sale_id from sales where sale_id is null or sale_id = '' or sold_on > date '2026-06-28'"


def test_an_optional_part_of_a_key_may_be_missing() -> None:
    query = as_of.bad_rows(
        rule("{table}: {key_missing}", "promotions"), rules.Source("promotions", ("item_id",)), values()
    )
    assert "location_id" not in query
    assert "item_id is null" in query


@pytest.mark.parametrize("text", ["select {nothing} from {table}", "select {} from {table}", "select '{' from {table}"])
def test_an_unknown_placeholder_is_refused_by_rule(text: str) -> None:
    with pytest.raises(StockproofError, match=r"rule r on sales: placeholder .* is unknown; known: as_of") as refused:
        as_of.bad_rows(rule(text), rules.Source("sales", ("sale_id",)), values())
    assert "doubled" in refused.value.remedy


def test_a_literal_brace_is_doubled() -> None:
    assert as_of.fill("here", "select '{{}}'", values()) == "select '{}'"


def test_chosen_items_are_quoted() -> None:
    assert values()["in_scope"] == "true"
    assert values(("a", "b'c"))["in_scope"] == "item_id in ('a', 'b''c')"


def test_every_pair_of_neighbouring_quantiles_is_compared() -> None:
    falls = values()["quantiles_fall"].split(" or ")
    assert [tuple(part.split(" + ")[0].split(" > ")) for part in falls] == list(pairwise(COLUMNS))
    assert values()["highest_quantile"] == COLUMNS[-1]


@pytest.mark.parametrize("boundary", expectations.BOUNDARIES)
def test_every_rule_and_table_we_ship_can_be_filled(boundary: str) -> None:
    gate = rules.load(boundary)
    for each in gate.rules:
        if each.bad_rows:
            assert "{" not in as_of.bad_rows(each, gate.sources[each.table], values())
    made = as_of.statements(gate, AS_OF, values())
    assert list(made) == [*gate.sources, *gate.prepared]


def test_a_view_of_the_erp_ends_with_the_as_of_date() -> None:
    made = as_of.statements(rules.load("sources"), AS_OF, values())
    assert all(
        "_recorded_at <= timestamp '2026-06-28 23:59:59.999999'" in made[name][-1]
        for name in rules.load("sources").sources
    )
