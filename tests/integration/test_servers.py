"""The servers under the other integration tests are the real ones."""

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines import cli
from pipelines.core.errors import StockproofError
from pipelines.io import erp, warehouse

pytestmark = pytest.mark.servers


def test_postgres_answers_and_is_migrated(warehouse_url: str) -> None:
    tables = warehouse.read(
        "select table_schema || '.' || table_name as t from information_schema.tables where table_schema = 'plan'"
    )
    assert "plan.decisions" in tables["t"].to_list()
    assert warehouse.read("select version() as v")["v"][0].startswith("PostgreSQL 18")


def test_replace_is_one_transaction_and_safe_to_repeat(warehouse_url: str) -> None:
    frame = pl.DataFrame(
        {"table_name": ["sales", "items"], "as_of": ["2026-01-01"] * 2, "rows_read": [1, 2], "rows_new": [1, 2]}
    )
    frame = frame.with_columns(pl.col("as_of").str.to_date())
    for _ in range(2):
        assert warehouse.replace("ops.extractions", frame, {"as_of": "2026-01-01"}) == 2
    stored = warehouse.read("select table_name, rows_read from ops.extractions order by 1")
    assert stored.rows() == [("items", 2), ("sales", 1)]
    bad = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias("rows_read"))
    with pytest.raises(Exception, match="null value"):
        warehouse.replace("ops.extractions", bad, {"as_of": "2026-01-01"})
    assert warehouse.read("select count(*) as n from ops.extractions")["n"][0] == 2
    assert warehouse.replace("ops.extractions", frame.head(1), {"as_of": "2026-01-01"}, also=["table_name"]) == 1
    assert warehouse.read("select count(*) as n from ops.extractions")["n"][0] == 2


def test_tables_of_one_run_are_replaced_together_or_not_at_all(warehouse_url: str) -> None:
    day = {"as_of": "2026-02-01"}
    one = pl.DataFrame({"table_name": ["sales"], "as_of": ["2026-02-01"], "rows_read": [1], "rows_new": [1]})
    one = one.with_columns(pl.col("as_of").str.to_date())
    metric = pl.DataFrame({"as_of": ["2026-02-01"], "step": ["forecast"], "noted": [1.0]})
    warehouse.execute("create table ops.noted (as_of date, step text not null, noted float8)")
    warehouse.replace_all(
        {"ops.extractions": one, "ops.noted": metric.with_columns(pl.col("as_of").str.to_date())}, day
    )
    again = one.with_columns(rows_read=pl.lit(7))
    nameless = metric.with_columns(pl.col("as_of").str.to_date(), step=pl.lit(None, pl.String))
    with pytest.raises(Exception, match="null value"):
        warehouse.replace_all({"ops.extractions": again, "ops.noted": nameless}, day)
    stored = "select e.rows_read, n.step from ops.extractions e join ops.noted n on n.as_of = e.as_of where e.as_of = '2026-02-01'"
    assert warehouse.read(stored).rows() == [(1, "forecast")]
    warehouse.replace_all({"ops.extractions": again, "ops.noted": metric.clear()}, day)  # an empty frame only deletes
    assert warehouse.read("select rows_read from ops.extractions where as_of = '2026-02-01'").rows() == [(7,)]
    assert warehouse.read("select * from ops.noted").is_empty()


def test_a_table_or_column_of_another_version_is_reported_with_a_remedy(
    warehouse_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warehouse that an earlier version filled and no run since: the command line ended in the driver's traceback."""
    asked = {
        'relation "marts.fct_new" does not exist': lambda: warehouse.read("select 1 as one from marts.fct_new"),
        'column "newer" does not exist': lambda: warehouse.execute("select newer from ops.watermarks"),
    }
    for words, ask in asked.items():
        monkeypatch.setattr(cli, "app", ask)
        with pytest.raises(SystemExit):
            cli.main()
        printed = capsys.readouterr().err
        assert f"the warehouse lacks what this version reads: {words}" in printed
        assert "stockproof up" in printed
    assert warehouse.lacking(ValueError("another")) is None


def test_tables_of_a_newer_version_are_left_alone(warehouse_url: str) -> None:
    before = warehouse.read("select version_num as v from ops.alembic_version")["v"][0]
    warehouse.execute("update ops.alembic_version set version_num = '9999'")
    with pytest.raises(StockproofError, match=r"another version of Stockproof, newer than this one.*9999"):
        warehouse.migrate()
    warehouse.execute("update ops.alembic_version set version_num = :before", before=before)
    warehouse.migrate()


def test_mariadb_answers(erp_url: str) -> None:
    with erp.transaction() as connection:
        assert "MariaDB" in connection.execute(sa.text("select version()")).scalar_one()
    assert erp.read_arrow("select 1 as one").to_pydict() == {"one": [1]}
