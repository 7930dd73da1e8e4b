"""Several rules on one line: the strictest cap holds, in whatever order they are written."""

import pytest

from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

ROWS, BREAKS = make(120, seed=3)


def _decided(*effects):
    rules = [{"name": f"rule {n}", "when": {}, "then": effect} for n, effect in enumerate(effects)]
    return decide(ROWS, BREAKS, AS_OF, config(consolidate=False, rules=rules)).table


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        ({"cap_quantity": 30}, {"cap_quantity": 60}),
        ({"cap_days": 10}, {"cap_days": 25}),
        ({"cap_value": 200}, {"cap_value": 600}),
        ({"cap_stock": 40}, {"cap_stock": 90}),
    ],
)
def test_the_strictest_cap_holds(strict, loose):
    alone, second = _decided(strict), _decided(loose)
    assert (alone["quantity"] < second["quantity"]).sum() > 5, "the stricter one matters"
    for both in (_decided(strict, loose), _decided(loose, strict)):
        assert both["quantity"].equals(alone["quantity"])
        assert both["reason_code"].equals(alone["reason_code"])
