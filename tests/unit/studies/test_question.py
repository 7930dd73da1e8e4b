"""A question is checked before anything is queued."""

import pytest

from pipelines.core.errors import StockproofError
from pipelines.studies import scenarios
from pipelines.studies.question import change_of, read, variants


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
        ({"policies": ["ours", "eoq"], "sweep": {"parameter": "demand_factor", "values": [0.1 * n for n in range(1, 20)]}}, "at most 24"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_named_with_its_key(given, message):
    with pytest.raises(StockproofError, match=message):
        read(given)


def test_variants_are_policies_times_values_and_each_has_its_change():
    asked = read({"policies": ["ours", "eoq"], "sweep": {"parameter": "service_target", "values": [0.9, 0.95]}})
    assert [one.label for one in variants(asked)] == ["ours @ 0.9", "ours @ 0.95", "eoq @ 0.9", "eoq @ 0.95"]
    assert [change_of(asked, one).service_target for one in variants(asked)] == [0.9, 0.95, 0.9, 0.95]


def test_scenarios_happen_together_unless_they_contradict():
    assert scenarios.change("spike+supplier_delay") == {
        "spike_factor": 2.5, "spike_from": 30, "spike_until": 32, "supplier_delay_days": 7,
    }  # fmt: skip
    assert scenarios.change("supplier_delay+supplier_delay")["supplier_delay_days"] == 14
    with pytest.raises(StockproofError, match="the scenarios holds no rush"):
        scenarios.change("rush")
