"""The report: complete, self-contained, and honest about what it shows."""

import itertools
import json
import re

import numpy as np
import pytest

from pipelines.engine import network_kernel
from pipelines.twin import config, page, plot, run, scenarios
from pipelines.twin.scenarios import find

PLAN = run.plan(config.load(), replications=20)


@pytest.fixture(scope="module")
def html():
    return page.render(PLAN, run.run_all(PLAN, scenarios.several([])))


def test_it_needs_nothing_but_itself(html):
    assert not re.findall(r'(?:src|href)="[^"]*"|https?://|@import', html)
    assert "$" not in re.sub(r"<script>.*?</script>", "", html, flags=re.S)


def test_every_scenario_metric_and_site_is_there(html):
    for name in scenarios.SCENARIOS:
        assert f"<th>{name}</th>" in html
    for name in ("service_level", "fill_rate", "lost_sales", "total_cost", "bullwhip"):
        assert f"<td>{name}</td>" in html
    for site in PLAN.network.buyers:
        assert f"<h3>{site}</h3>" in html
    assert html.count('class="series"') == 3 * 4 * 4
    assert html.count('class="series base"') == 3 * 4


def test_the_spike_moves_by_the_runs_own_figures(html):
    data = json.loads(re.search(r"const spike = (\{.*?\});", html).group(1))
    assert (data["first"], data["last"], data["spike"]) == (25, 62, [30, 32])
    base, hit = run.run(PLAN, find("normal")), run.run(PLAN, find("demand_spike"))
    more = (hit.daily - base.daily)[25:63, 2, network_kernel.ORDERED]
    store = next(site for site in data["sites"] if site["id"] == "2")
    assert store["more"] == pytest.approx(more.tolist(), abs=0.051)
    assert "bullwhip" in html


def test_without_a_spike_or_beyond_the_last_day_there_is_no_picture_of_it():
    short = run.plan(config.load(), days=30, replications=3)
    for plan, names in ((PLAN, ["normal", "supplier_delay"]), (short, ["normal", "demand_spike"])):
        assert "travels upstream" not in page.render(plan, run.run_all(plan, scenarios.several(names)))


def test_a_network_of_another_shape(tmp_path):
    content = PLAN.network.model_dump(mode="json", exclude_none=True)
    content["name"] = "<wide> & deep"
    content["warehouses"]["hub"] = dict(content["warehouses"]["warehouse_1"], source="warehouse_1")
    content["stores"]["store_3"]["source"] = "hub"
    content["stores"]["store_2"]["source"] = "supplier_1"
    content["skus"]["SKU_002"] = dict(content["skus"]["SKU_001"], demand_mean=7)
    wide = run.plan(config.parse(content), replications=3)
    html = page.render(wide, run.run_all(wide, scenarios.several(["normal", "spike"])))
    assert "&lt;wide&gt; &amp; deep" in html
    assert html.count('class="node"') == 6


def test_the_marks_of_an_axis_are_the_numbers_they_stand_at():
    """Means of lost sales below one: marks at 0, 0.5 and 1 read so, not 0, 0, 1."""
    svg = plot.days("lost", {"normal": np.array([0.0, 0.4, 0.8])}, "normal", 0)
    assert re.findall(r'text-anchor="end">([^<]+)<', svg) == ["0", "0.5", "1"]
    nothing = plot.days("lost", {"normal": np.zeros(3)}, "normal", 0)
    assert re.findall(r'text-anchor="end">([^<]+)<', nothing) == ["0", "1"]


def test_a_spike_of_nothing_still_has_a_page():
    content = PLAN.network.model_dump(mode="json", exclude_none=True)
    content["skus"]["SKU_001"] |= {"demand_mean": 0, "demand_std": 0}
    still = run.plan(config.parse(content), replications=2)
    assert "travels upstream" in page.render(still, run.run_all(still, scenarios.several(["normal", "spike"])))


def test_sites_of_every_tier_have_room():
    """Stores one tier above the deepest are most of the network: none is drawn over another."""
    content = PLAN.network.model_dump(mode="json", exclude_none=True)
    content["warehouses"]["hub"] = dict(content["warehouses"]["warehouse_1"], source="warehouse_1")
    store = content["stores"]["store_1"]
    content["stores"] = {f"near_{i}": store for i in range(12)} | {"far": dict(store, source="hub")}
    wide = run.plan(config.parse(content), replications=2)
    html = page.render(wide, run.run_all(wide, scenarios.several(["normal", "spike"])))
    places = re.findall(r'class="node" x="(\d+)" y="(-?\d+)"', html)
    columns = {x: sorted(int(y) for at, y in places if at == x) for x, _ in places}
    assert max(len(ys) for ys in columns.values()) == 13  # the hub stands among them
    assert all(low >= 0 and high - low >= 74 for ys in columns.values() for low, high in itertools.pairwise(ys))
