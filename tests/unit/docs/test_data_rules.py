"""docs/data-rules.md lists every rule with its true severity and tables."""

import re

import pytest

from pipelines.settings import ROOT
from pipelines.validate import rules

TEXT = (ROOT / "docs" / "data-rules.md").read_text()
LINE = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| (\w+) \| (.*) \|$", re.M)


def listed(boundary: str) -> dict[tuple[str, str], str]:
    """Rule and the sentence on its tables → severity, as the page lists them for a boundary."""
    part = TEXT.split("## All rules", 1)[1].split(f"### {boundary}\n", 1)[1].split("\n### ", 1)[0]
    return {(name, of): severity for names, severity, of in LINE.findall(part) for name in re.findall(r"\w+", names)}


@pytest.mark.parametrize("boundary", ["sources", "features", "forecasts", "orders"])
def test_the_page_lists_every_rule_as_it_is(boundary: str) -> None:
    page, gate = listed(boundary), rules.load(boundary)
    assert {name for name, _ in page} == {rule.name for rule in gate.rules}
    for rule in gate.rules:
        severity, of = next((severity, of) for (name, of), severity in page.items() if name == rule.name)
        assert (rule.name, severity) == (rule.name, rule.severity)
        assert of.startswith("every table") or rule.table in of.split(", "), f"{rule.name} asks {rule.table}, too"
