"""The gate of sources where it stops the run, where there is nothing to stop, and its spikes against the plain formula."""

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import expectations
from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.validate import job, rules
from tests.integration.validate_rows import AS_OF, RECORDED, VALID, clean_erp

pytestmark = pytest.mark.servers

GATE = rules.load("sources")
FATAL_RULES = [(rule.table, rule.name) for rule in GATE.rules if rule.severity == "fatal"]

BREAK = {
    "table_has_rows": lambda erp, table: erp.rows[table].clear(),
    "items_have_ids": lambda erp, table: [row.update(item_id=None) for row in erp.rows[table]],
    "items_have_costs": lambda erp, table: [row.update(unit_cost=None) for row in erp.rows[table]],
}


@pytest.mark.parametrize(("table", "rule"), FATAL_RULES)
def test_a_fatal_rule_stops_the_run_and_says_where(warehouse_url: str, table: str, rule: str) -> None:
    erp = clean_erp()
    assert rule in BREAK, f"rule {rule} has no test case: add one to BREAK"
    BREAK[rule](erp, table)
    erp.write()
    with pytest.raises(StockproofError) as stop:
        job.run("sources", AS_OF)
    assert f"{table}: {rule}: " in stop.value.message
    assert stop.value.remedy
    verdict = warehouse.read(
        "select severity, passed from ops.gates where table_name = :t and rule = :r", t=table, r=rule
    )
    assert verdict.row(0) == ("fatal", False)


def test_a_clean_erp_passes_and_nothing_is_listed(warehouse_url: str) -> None:
    clean_erp().write()
    counts = job.run("sources", AS_OF)
    assert counts == {"rules": len(GATE.rules), "broken": 0, "quarantined": 0, "review": 0}
    assert warehouse.read("select 1 from quarantine.rows union all select 1 from quarantine.review").is_empty()


def test_an_infinite_threshold_switches_its_rule_off(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QUALITY__SPIKE_SIGMAS", "QUALITY__SPIKE_QUARANTINE_SIGMAS", "PURCHASE__MAX_QUANTITY"):
        monkeypatch.setenv(f"STOCKPROOF_{name}", "inf")
    settings.load.cache_clear()
    clean_erp().write()
    broken = job.run("sources", AS_OF)["broken"]
    monkeypatch.undo()
    settings.load.cache_clear()
    assert broken == 0


def test_a_fault_of_most_rows_stops_instead_of_emptying_the_table(warehouse_url: str) -> None:
    erp = clean_erp()
    for row in erp.rows["stock_levels"][:60]:
        row["on_hand"] = -1.0
    erp.write()
    with pytest.raises(StockproofError) as stop:
        job.run("sources", AS_OF)
    assert "stock_levels: stock_negative: 60 rows of 80, more than the 50%" in stop.value.message
    assert stop.value.message.count('"on_hand": -1') == 5


def test_before_the_first_sale_the_run_stops(warehouse_url: str) -> None:
    clean_erp().write()
    with pytest.raises(StockproofError, match="sales: table_has_rows: observed 0"):
        job.run("sources", RECORDED.date() - timedelta(days=1))


def test_a_missing_table_is_named(warehouse_url: str) -> None:
    clean_erp().write()
    warehouse.execute("drop table raw.promotions")
    with pytest.raises(StockproofError, match=r"gate sources: promotions cannot be read.*does not exist"):
        job.run("sources", AS_OF)


def test_a_row_that_breaks_two_rules_counts_once(warehouse_url: str) -> None:
    erp = clean_erp()
    sale = erp.valid("sales", "sold nowhere")
    erp.add("sales", sale | {"quantity": None, "location_id": "nowhere"})
    erp.add("sales", sale | {"quantity": None, "sale_id": "without a quantity"})
    erp.write()
    counts = job.run("sources", AS_OF)
    found = warehouse.read(
        "select rule, count(*) as rows from quarantine.rows where table_name = 'sales' group by rule order by rule"
    )
    assert found.rows() == [("sale_quantity_missing", 2), ("unknown_location", 1)]
    assert (counts["quarantined"], counts["review"]) == (2, 0)


def test_spikes_are_those_of_the_plain_formula(warehouse_url: str) -> None:
    """Against the slow, obvious reading of the rule, on demand of all kinds."""
    random = np.random.default_rng(7)
    erp = clean_erp()
    series: dict[tuple[str, int], float] = {}
    for number, day in product(range(12), range(60)):
        quantity = float(random.negative_binomial(1 + number % 4, 0.1 + 0.05 * number)) * (random.random() < 0.7)
        if quantity > 0:
            series[f"R{number}", day] = quantity
    for day in range(20):  # without any deviation: the last day sells twice, and four times, the mean
        series["ones and a two", day] = 1.0 if day else 2.0
        series["ones and a four", day] = 1.0 if day else 4.0
    for item in {item for item, _ in series}:
        erp.add("items", VALID["items"] | {"item_id": item})
    for (item, day), quantity in series.items():
        sale: dict[str, Any] = {"sale_id": f"{item} {day}", "item_id": item, "sold_on": AS_OF - timedelta(days=day)}
        erp.add("sales", VALID["sales"] | sale | {"quantity": quantity})
    erp.write()
    job.run("sources", AS_OF)
    found = warehouse.read("select row_key from quarantine.review where rule = 'demand_spike'")
    assert set(found["row_key"]) == _spikes(series)
    assert {"ones and a four 0"} == {key for key in found["row_key"] if key.startswith("ones")}


def _spikes(series: dict[tuple[str, int], float]) -> set[str]:
    spikes = set()
    for (item, day), quantity in series.items():
        others = np.array([q for (i, d), q in series.items() if i == item and d != day])
        if len(others) >= 8 and quantity - others.mean() > 3 * max(others.std(ddof=1), others.mean() / 3):
            spikes.add(f"{item} {day}")
    assert spikes
    return spikes


def test_an_empty_snapshot_is_no_faulty_row(warehouse_url: str) -> None:
    """Extraction keeps it as one row of NULLs, newer than the rows of the day before."""
    erp = clean_erp()
    erp.add("promotions", VALID["promotions"] | {"item_id": "unknown"}, RECORDED)
    erp.add("promotions", {})
    erp.write()
    assert job.run("sources", AS_OF)["broken"] == 0


def test_a_rule_that_cannot_be_asked_is_named_and_nothing_is_written(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean_erp().write()
    job.run("sources", AS_OF)
    rule = {"name": "odd", "table": "sales", "severity": "quarantine", "description": "d", "remedy": "r"}
    content = yaml.safe_dump({"rules": [rule | {"bad_rows": "select * from {table} where colour = 'red'"}]})
    (tmp_path / "sources.yaml").write_text(content)
    monkeypatch.setattr(expectations, "path", lambda boundary: tmp_path / f"{boundary}.yaml")
    with pytest.raises(StockproofError, match=r'rule odd on sales cannot be asked: .*column "colour" does not exist'):
        job.run("sources", AS_OF)
    kept = warehouse.read("select rule from ops.gates where as_of = :as_of", as_of=AS_OF)
    assert kept.height == len(GATE.rules)
    assert "odd" not in kept["rule"]
