"""The sample ERP, ``erp load`` and ``erp check`` on a real MariaDB."""

import json
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines.core.contract import TABLES
from pipelines.core.errors import StockproofError
from pipelines.io import erp, files
from pipelines.onboarding import check
from pipelines.onboarding import load as loading
from pipelines.sample import writer
from pipelines.sample.balance import balance_errors
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import generate

pytestmark = pytest.mark.servers

CONFIG = SampleConfig(items=80, days=200, stores=1, suppliers=8)


def tell(step: str, done: int, total: int) -> None:
    assert step
    assert 0 <= done <= total


def table(name: str) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(erp.read_arrow(f"select * from {name}")))


def test_what_is_seeded_is_what_was_generated(erp_url: str) -> None:
    state = writer.seed(CONFIG, tell)
    frames = generate(CONFIG)
    for one in TABLES:
        stored, made = table(one.name), frames[one.name]
        assert state["rows"][one.name] == made.height
        assert stored.height == made.height
        casts = {name: kind for name, kind in made.schema.items() if kind != pl.Null}
        same = stored.select(pl.col(name).cast(kind) for name, kind in casts.items()).sort(made.columns)
        assert same.equals(made.sort(made.columns)), one.name
    assert len(json.loads((files.state_dir() / "sample_erp.json").read_text())["planted"]) == frames["planted"].height
    wrong = balance_errors(
        *(table(name) for name in ("stock_levels", "sales", "purchase_orders", "purchase_order_lines"))
    )
    touched = set(frames["counting_errors"]["item_id"]) | {
        row["key"].get("item_id") or row["key"]["sale_id"].split("-", 2)[1] for row in state["planted"]
    }
    assert {item for item in wrong["item_id"] if item not in touched and item[5:] not in touched} == set()
    assert writer.seed(CONFIG, tell)["unchanged"]


def test_a_filled_erp_of_the_users_own_is_not_overwritten(erp_url: str) -> None:
    with pytest.raises(StockproofError, match="already holds rows") as refused:
        writer.seed(SampleConfig(items=3, days=30, suppliers=2), tell)
    assert "--replace" in refused.value.remedy


def test_check_reads_it(erp_url: str) -> None:
    found = check.check()
    assert found.verdict == "usable without"
    assert [finding.part for finding in found.findings] == [
        "sales",
        "items",
        "prices",
        "stock",
        "suppliers",
        "receipts",
        "policies",
        "beyond",
        "successors",
        "books",
        "unordered receipts",
    ]
    facts = {one.table: one for one in found.tables}
    assert facts["stock_levels"].last == facts["sales"].last == "2026-06-28"


def test_books_with_one_count_a_sku_cannot_be_checked(erp_url: str) -> None:
    with erp.transaction() as connection:
        connection.execute(sa.text("create table kept_levels as select * from stock_levels"))
        connection.execute(sa.text("delete from stock_levels where counted_on <> '2026-06-28'"))
    books = next(finding for finding in check.check().findings if finding.part == "books")
    with erp.transaction() as connection:
        connection.execute(sa.text("delete from stock_levels"))
        connection.execute(sa.text("insert into stock_levels select * from kept_levels"))
        connection.execute(sa.text("drop table kept_levels"))
    assert books.verdict == "usable without" and "was counted twice" in books.sentence


def test_a_dump_loads_back_to_the_same_rows(erp_url: str, tmp_path: Path) -> None:
    before = {one.name: table(one.name) for one in TABLES}
    for number, (name, frame) in enumerate(before.items()):
        if number % 2:
            frame.write_parquet(tmp_path / f"{name}.parquet")
        else:
            frame.write_csv(tmp_path / f"{name}.csv")
    loaded = loading.load(tmp_path, tell, replace=True)
    assert loaded.rows == {name: frame.height for name, frame in before.items()}
    for name, frame in before.items():
        assert table(name).sort(frame.columns).equals(frame.sort(frame.columns)), name
    assert writer.read_state() == {}, "the ERP no longer holds the sample"
