"""A question is checked before anything is queued."""

import json

import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.studies import scenarios
from pipelines.studies.question import change_of, read, variants
from pipelines.twin import scenarios as twin


def level(reorder_point, order_up_to):
    return {"item_id": "a", "location_id": "w", "reorder_point": reorder_point, "order_up_to": order_up_to}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"policies": ["base_stok"]}, "the policies holds no base_stok"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "since 2026-02-01 comes after until 2026-01-01"),
        ({"change": {"demand_factor": -1}}, "change.demand_factor: Input should be greater than 0"),
        ({"change": {"demand": 1}}, "change.demand: Extra inputs are not permitted"),
        ({"change": {"spike_factor": 2}}, "spike_factor, spike_from and spike_until go together"),
        ({"sweep": {"parameter": "service_target", "values": [0.9, 1.2]}}, "service_target"),
        ({"policies": ["levels"]}, "go together"),
        ({"policies": ["levels"], "levels": [level(-1, 2)]}, "reorder_point"),
        ({"policies": ["levels"], "levels": [level(3, 2)]}, "lies below"),
        ({"days": 3}, "days: Input should be greater than or equal to 7"),
        (
            {
                "policies": ["ours", "eoq"],
                "sweep": {"parameter": "demand_factor", "values": [0.1 * n for n in range(1, 20)]},
            },
            "at most 24",
        ),
    ],
)
def test_what_is_not_allowed_is_named_with_its_key(given, message):
    with pytest.raises(StockproofError, match=message):
        read(given)


def test_variants_are_policies_times_values_and_each_has_its_change():
    asked = read({"policies": ["ours", "eoq"], "sweep": {"parameter": "service_target", "values": [0.9, 0.95]}})
    assert [one.label for one in variants(asked)] == ["ours @ 0.9", "ours @ 0.95", "eoq @ 0.9", "eoq @ 0.95"]
    assert [change_of(asked, one).service_target for one in variants(asked)] == [0.9, 0.95, 0.9, 0.95]


def test_scenarios_happen_together_unless_they_contradict():
    assert scenarios.change("spike+supplier_delay") == {
        "spike_factor": 2.5,
        "spike_from": 30,
        "spike_until": 32,
        "supplier_delay_days": 7,
    }
    assert scenarios.change("supplier_delay+supplier_delay")["supplier_delay_days"] == 14
    with pytest.raises(StockproofError, match="list of scenarios holds no rush"):
        scenarios.change("rush")


def test_studies_and_the_twin_share_their_scenarios(monkeypatch):
    own = {
        "promotion": {"spike_factor": 3.0, "spike_from": 10, "spike_until": 16, "demand_factor": 1.2},
        "dear": {"price_factor": 2.0},
    }
    monkeypatch.setenv("STOCKPROOF_STUDIES__SCENARIOS", json.dumps(own))
    settings.load.cache_clear()
    try:
        asked, played = scenarios.change("promotion+supplier_delay"), twin.find("promotion+supplier_delay")
        assert played.spike_days == (asked["spike_from"], asked["spike_until"]) == (10, 16)
        assert (
            (played.demand_factor, played.level_factor) == (asked["spike_factor"], asked["demand_factor"]) == (3.0, 1.2)
        )
        assert played.supplier_delay_days == asked["supplier_delay_days"] == 7
        assert "promotion" in twin.listed() and "dear" not in twin.listed()
        with pytest.raises(StockproofError, match="cannot play price_factor of the scenario dear"):
            twin.find("dear")
    finally:
        settings.load.cache_clear()


@pytest.mark.parametrize("name", ["normal", "spike", "strong_seasonality", "supplier_delay", "high_variability"])
def test_the_names_of_the_source_work_in_studies_and_in_the_twin(name):
    assert scenarios.change(name) == scenarios.change(twin.find(name).name)
