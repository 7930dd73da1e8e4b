"""Business rules are read strictly: a fault is reported with its place in the configuration."""

from pathlib import Path

import pytest
import yaml

from pipelines import settings
from pipelines.core.business_rules import BusinessRule, Condition
from pipelines.core.errors import StockproofError

GOOD = {"name": "one", "when": {"category": "glue"}, "then": {"freeze": True}}


def _load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, purchase: dict) -> settings.Settings:
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({"purchase": purchase}))
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(file))
    settings.load.cache_clear()
    try:
        return settings.load()
    finally:
        settings.load.cache_clear()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"when": {"risk": {"abov": 3}}}, ["purchase.rules.1.when.risk.abov: unknown key", "above, at_least"]),
        ({"when": {"colour": "red"}}, ["purchase.rules.1.when.colour", "'category'"]),
        ({"then": {"freez": True}}, ["purchase.rules.1.then.freez: unknown key", "freeze"]),
        ({"then": {"cap_quantity": -1}}, ["purchase.rules.1.then.cap_quantity = -1", "greater than or equal to 0"]),
        ({"then": {}}, ["purchase.rules.1.then", "an effect needs one of"]),
        ({"when": {"risk": {}}}, ["purchase.rules.1.when.risk", "a condition needs"]),
        ({"name": ""}, ["purchase.rules.1.name"]),
        ({"when": {"quantity": {"above": 1}}, "then": {"block_supplier": "S1"}}, ["purchase.rules.1", "when.quantity"]),
    ],
)
def test_faults_are_reported_with_their_place(monkeypatch, tmp_path, rule, words):
    with pytest.raises(StockproofError) as fault:
        _load(monkeypatch, tmp_path, {"rules": [GOOD, GOOD | rule]})
    assert all(word in str(fault.value) for word in words), fault.value


def test_vendor_terms_too(monkeypatch, tmp_path):
    with pytest.raises(
        StockproofError, match=r"purchase\.vendor_terms\.S1\.minimum: unknown key; allowed here: container_cost"
    ):
        _load(monkeypatch, tmp_path, {"vendor_terms": {"S1": {"minimum": 3}}})


def test_short_forms_mean_what_they_say(monkeypatch, tmp_path):
    found = _load(monkeypatch, tmp_path, {"rules": [GOOD, GOOD | {"then": {"block_supplier": "S1"}}]})
    first, second = found.purchase.rules
    assert first.when["category"] == Condition.model_validate({"is": ["glue"]})
    assert second.then.block_supplier == ("S1",)
    assert BusinessRule.model_validate(GOOD | {"when": {}}).when == {}
