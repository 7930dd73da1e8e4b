"""The sample ERP through the gate: the rows planted in it, all of them and nothing else, are found."""

import json

import polars as pl
import pytest

from pipelines.core import contract
from pipelines.core.calendar import as_of_end
from pipelines.extract import raw
from pipelines.io import warehouse
from pipelines.sample import generate
from pipelines.sample.config import UNTIL, SampleConfig
from pipelines.sample.dirty import DUPLICATED_KEY, NEGATIVE_STOCK, SPIKE, UNKNOWN_ITEM, ZERO_LEAD_TIME
from pipelines.validate import job

pytestmark = pytest.mark.servers

FOUND_BY = {
    NEGATIVE_STOCK: "stock_negative",
    UNKNOWN_ITEM: "unknown_item",
    ZERO_LEAD_TIME: "lead_time_missing",
    DUPLICATED_KEY: "key_duplicated",
    SPIKE: "sale_absurd",
}


def extracted(config: SampleConfig) -> pl.DataFrame:
    """Put a sample ERP into raw as extraction would; returns the list of planted rows."""
    frames = generate.generate(config)
    raw.ensure(contract.TABLES)
    for table in contract.TABLES:
        recorded = pl.col("updated_at") if table.is_versioned else pl.lit(as_of_end(UNTIL), dtype=pl.Datetime("us"))
        frame = frames[table.name].with_columns(recorded.alias("_recorded_at"))
        with warehouse.adbc() as connection, connection.cursor() as cursor:
            cursor.execute(f"truncate raw.{table.name}")
            cursor.adbc_ingest(table.name, frame.to_arrow(), mode="append", db_schema_name="raw")
    return frames["planted"]


def listed(target: str) -> set[tuple[str, str, str]]:
    return set(warehouse.read(f"select table_name, rule, row_key from quarantine.{target}").iter_rows())


@pytest.mark.parametrize("stores", [0, 2])
def test_planted_rows_all_of_them_and_nothing_else(warehouse_url: str, stores: int) -> None:
    planted = extracted(SampleConfig(items=120, days=200, stores=stores))
    job.run("sources", UNTIL)
    expected = {
        (row["table"], FOUND_BY[row["kind"]], "/".join(str(part) for part in json.loads(row["key"]).values()))
        for row in planted.iter_rows(named=True)
    }
    assert set(planted["kind"]) == set(FOUND_BY)
    spikes = {row for row in expected if row[1] == "sale_absurd"}
    kept = {row for row in expected if row[1] == FOUND_BY[ZERO_LEAD_TIME]}
    assert listed("rows") == expected - kept
    assert kept <= listed("review")
    farthest = warehouse.read(
        "select row_key from quarantine.review where rule = 'demand_spike' order by (details ->> 'sigma')::float desc"
    )
    assert set(farthest["row_key"].head(len(spikes))) == {key for _, _, key in spikes}


def test_a_sample_without_planted_rows_has_nothing_in_quarantine(warehouse_url: str) -> None:
    assert extracted(SampleConfig(items=120, days=200, dirty=False)).is_empty()
    assert job.run("sources", UNTIL)["quarantined"] == 0
    assert listed("rows") == set()
    assert {rule for _, rule, _ in listed("review")} <= {"demand_spike"}
