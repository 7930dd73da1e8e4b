"""A fault in a rule file is refused with file, rule and key; the files we ship have none."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import expectations
from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.validate import rules

RULE: dict[str, Any] = {
    "name": "stock_negative",
    "table": "stock_levels",
    "severity": "quarantine",
    "description": "on_hand is zero or more.",
    "remedy": "count it",
    "bad_rows": "select * from {table} where on_hand < 0",
}


def written(folder: Path, *entries: dict[str, Any], **top: Any) -> Path:
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"rules": list(entries), **top}))
    return path


def changed(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (RULE | changes).items() if value is not None}


def test_a_rule_is_read(tmp_path: Path) -> None:
    gate = rules.read(written(tmp_path, RULE), "sources")
    assert gate.rules == (rules.DataRule(**RULE),)
    assert gate.sources["stock_levels"].key == ("item_id", "location_id", "counted_on")
    assert gate.checked == ("stock_levels",)


def test_a_rule_on_several_tables_is_one_rule_each(tmp_path: Path) -> None:
    gate = rules.read(written(tmp_path, changed(table=["sales", "stock_levels"])), "sources")
    assert [rule.table for rule in gate.rules] == ["sales", "stock_levels"]
    assert len(gate.rules_of("sales")) == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (changed(severty="fatal"), "unknown key severty"),
        (changed(remedy=None), "key remedy is missing"),
        (changed(description=" "), "description must be text"),
        (changed(severity="warning"), "severity is 'warning'; allowed: fatal, quarantine, review"),
        (changed(table="stock"), "table 'stock' is unknown"),
        (changed(table=["sales", 3]), "table 3 is unknown"),
        (changed(bad_rows=None), "either bad_rows or expectation"),
        (changed(expectation="ExpectColumnToExist"), "either bad_rows or expectation"),
        (changed(bad_rows="select * from stock_levels"), "SELECT from {table}"),
        (changed(kwargs={"min_value": 1}), "kwargs belong to an expectation"),
        (changed(bad_rows=None, expectation="ExpectColumnToExist"), "severity can only be fatal"),
        (changed(bad_rows=None, expectation="ExpectColumnToExist", kwargs=["on_hand"]), "kwargs a mapping"),
        (changed(stop_above=1.5), "stop_above = 1.5; it lies between 0 and 1"),
        (changed(stop_above=True), "stop_above is a share"),
        (changed(stop_above=0.5, severity="review"), "belongs to a quarantine rule"),
    ],
)
def test_a_faulty_rule_is_refused_by_file_rule_and_key(tmp_path: Path, entry: dict[str, Any], words: str) -> None:
    with pytest.raises(StockproofError) as refused:
        rules.read(written(tmp_path, entry), "sources")
    assert refused.value.message.startswith("sources.yaml: rule stock_negative: ")
    assert words in refused.value.message
    assert "docs/data-rules.md" in refused.value.remedy


def test_a_rule_without_a_name_is_refused_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(StockproofError, match="rule number 2: key name is missing"):
        rules.read(written(tmp_path, RULE, changed(name=None)), "sources")


def test_the_same_name_twice_on_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StockproofError, match="rule stock_negative: the name occurs twice for table stock_levels"):
        rules.read(written(tmp_path, RULE, RULE), "sources")


def test_quarantine_is_refused_after_the_sources(tmp_path: Path) -> None:
    with pytest.raises(StockproofError, match="quarantine is for sources and forecasts alone"):
        rules.read(written(tmp_path, RULE), "orders")


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"rule": []}, "unknown key rule"),
        ({"tables": {"x": {"rows": "select 1"}}}, "table x: key key is missing"),
        ({"tables": {"x": {"rows": "select 1", "key": []}}}, "key a list of columns"),
        ({"tables": []}, "tables must map names"),
        ({"prepared": {"x": 1}}, "prepared must map names"),
        ({"prepared": {"sales": "select 1"}}, "a table has this name"),
    ],
)
def test_a_faulty_head_is_refused(tmp_path: Path, top: dict[str, Any], words: str) -> None:
    with pytest.raises(StockproofError) as refused:
        rules.read(written(tmp_path, **top), "sources")
    assert words in refused.value.message


def test_broken_yaml_and_unknown_boundaries_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("rules: [")
    with pytest.raises(StockproofError, match=r"sources\.yaml cannot be read"):
        rules.read(tmp_path / "sources.yaml", "sources")
    with pytest.raises(StockproofError, match="no boundary is called 'source'") as refused:
        rules.load("source")
    assert "sources, features, forecasts, orders" in refused.value.remedy


@pytest.mark.parametrize("boundary", expectations.BOUNDARIES)
def test_the_rules_we_ship_are_whole_and_documented(boundary: str) -> None:
    gate = rules.load(boundary)
    guide = (settings.ROOT / "docs" / "data-rules.md").read_text()
    assert gate.rules
    assert [rule.name for rule in gate.rules if f"`{rule.name}`" not in guide] == []
