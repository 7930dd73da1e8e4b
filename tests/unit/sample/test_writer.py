"""Seeding an ERP: once, again only where asked, and never over somebody else's rows. SQLite stands in for the server here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.io import erp, erp_tables, files
from pipelines.onboarding import check
from pipelines.sample import writer
from pipelines.sample.config import SampleConfig

SMALL = SampleConfig(items=40, days=60, suppliers=6)


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The embedded ERP of a machine without MariaDB."""
    monkeypatch.delenv("ERP_URL", raising=False)
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    files.write_atomic(tmp_path / "secrets.json", json.dumps({"erp_engine": "sqlite"}))
    yield tmp_path
    settings.load.cache_clear()


class Steps:
    """Keeps what a progress bar would show."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def __call__(self, step: str, done: int, total: int) -> None:
        self.seen.append((step, done, total))


def count(table: str) -> int:
    with erp.transaction() as connection:
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def change(statement: str) -> None:
    with erp.transaction() as connection:
        connection.execute(sa.text(statement))


def test_seed_writes_everything_and_lists_the_planted_rows(sqlite: Path) -> None:
    steps = Steps()
    state = writer.seed(SMALL, steps)
    assert state["rows"] == {name: count(name) for name in BY_NAME}
    assert state["rows"]["sales"] > 500
    assert steps.seen[0] == ("generating items", 0, 40)
    assert steps.seen[-1] == ("writing rows", sum(state["rows"].values()), sum(state["rows"].values()))
    stored = json.loads((sqlite / "sample_erp.json").read_text())
    assert stored["parameters"] == SMALL.to_json()
    assert {row["table"] for row in stored["planted"]} == {"sales", "stock_levels", "item_suppliers"}
    assert all(set(row["key"]) == set(BY_NAME[row["table"]].key) for row in stored["planted"])
    assert not list(sqlite.glob("sample-*")), "the spool was left behind"


def test_the_same_sample_is_written_once_and_lives_on(sqlite: Path) -> None:
    writer.seed(SMALL, Steps())
    change(
        "insert into purchase_orders select 'OURS', supplier_id, location_id, ordered_on, 'open', 'r', updated_at "
        "from purchase_orders limit 1"
    )
    again = Steps()
    assert writer.seed(SMALL, again)["unchanged"]
    assert not again.seen
    assert count("purchase_orders where po_id = 'OURS'") == 1, "orders written back survive"
    assert not writer.seed(SMALL, Steps(), force=True)["unchanged"]
    assert count("purchase_orders where po_id = 'OURS'") == 0
    other = writer.seed(SampleConfig(items=8, days=30, suppliers=3), Steps())
    assert count("items") == other["rows"]["items"] == 8


def test_an_interrupted_seeding_is_repeated(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.seed(SMALL, Steps())

    def killed(step: str, done: int, total: int) -> None:
        if step == "writing sales":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.seed(SMALL, killed, force=True)
    assert count("sales") == 0
    state = writer.seed(SMALL, Steps())
    assert not state["unchanged"]
    assert count("sales") == state["rows"]["sales"]


def test_rows_of_somebody_else_are_not_dropped(sqlite: Path) -> None:
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=False)
        connection.execute(sa.text("insert into locations values ('W', 'own', 'warehouse')"))
    with pytest.raises(StockproofError, match="already holds rows in locations"):
        writer.seed(SMALL, Steps())
    assert count("locations where name = 'own'") == 1
    writer.seed(SMALL, Steps(), replace=True)
    assert count("locations where name = 'own'") == 0


def test_check_finds_the_sample_usable_and_names_what_is_not(sqlite: Path) -> None:
    writer.seed(SampleConfig(items=40, days=60, suppliers=6, dirty=False, counting_error_share=0.0), Steps())
    found = check.check()
    findings = {finding.part: finding for finding in found.findings}
    assert findings["books"].verdict == "usable"
    assert findings["books"].sentence.startswith("40 of 40 SKUs balance")
    assert findings["suppliers"].verdict == findings["prices"].verdict == "usable"
    change("update items set unit_price = null, shortage_cost = null")
    findings = {finding.part: finding for finding in check.check().findings}
    assert findings["prices"].verdict == "usable without" and findings["prices"].sentence.endswith("prices a unit lost")
    assert "5 of 40 items were never sold" in findings["items"].sentence
    change("update stock_levels set on_hand = on_hand + 1 where counted_on = '2026-06-20' and item_id = 'ITEM-000003'")
    change("update item_suppliers set lead_time_days = 0 where item_id = 'ITEM-000004'")
    change("delete from stock_levels where item_id = 'ITEM-000005'")
    change("delete from item_policies")
    findings = {finding.part: finding for finding in check.check().findings}
    assert "2 counts of 1 SKU do not, e.g. ITEM-000003 at WH-1 on 2026-06-20" in findings["books"].sentence
    assert (
        findings["suppliers"].verdict == findings["stock"].verdict == findings["policies"].verdict == "usable without"
    )
    change("delete from sales")
    ending = check.check()
    assert ending.verdict == "not usable"
    assert ending.findings[-1].sentence.startswith("no sale at all")
    change("drop table sales")
    change("alter table items drop column unit_cost")
    problems = [finding.sentence for finding in check.check().findings if finding.part == "schema"]
    assert problems == ["table items lacks the column unit_cost", "table sales is missing"]
