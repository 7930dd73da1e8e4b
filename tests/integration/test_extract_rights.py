"""A user of the ERP who may read single tables and columns, as a careful administrator grants it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import TABLES
from pipelines.extract import job, profiles
from tests.integration.extract_erp import change, empty, held, on, sell

pytestmark = pytest.mark.servers


@pytest.fixture
def database(erp_url: str, warehouse_url: str) -> str:
    """An ERP with a further user who has no right yet."""
    empty()
    change("create or replace user reader@'127.0.0.1' identified by 'reader'")
    return str(sa.make_url(erp_url).database)


@contextmanager
def reader(erp_url: str) -> Iterator[None]:
    """As that user."""
    address = sa.make_url(erp_url).set(username="reader", password="reader").render_as_string(hide_password=False)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ERP_URL", address)
            settings.load.cache_clear()
            yield
    finally:
        settings.load.cache_clear()


def grant(database: str, table: str, columns: Sequence[str] = ()) -> None:
    """SELECT on a table, or on some of its columns alone. Our own user has every right and yet may not GRANT."""
    rights = "'', 'Select'" if columns else "'Select', ''"
    change(
        "insert into mysql.tables_priv (Host, Db, User, Table_name, Table_priv, Column_priv) "
        f"values ('127.0.0.1', '{database}', 'reader', '{table}', {rights})"
    )
    for column in columns:
        change(
            "insert into mysql.columns_priv (Host, Db, User, Table_name, Column_name, Column_priv) "
            f"values ('127.0.0.1', '{database}', 'reader', '{table}', '{column}', 'Select')"
        )
    change("flush privileges")


def test_a_user_who_may_read_the_contracts_columns_alone_reads_them(database: str, erp_url: str) -> None:
    sell(1)
    change("alter table sales add margin double default 7")
    for table in TABLES:
        grant(database, table.name, table.names if table.name == "sales" else ())
    with reader(erp_url):
        assert job.run(on(1))["sales"] == 1
        assert held("sales", "sale_id", "quantity") == [("S001", 1.0)]


def test_a_needed_column_that_may_not_be_read_is_named(database: str, erp_url: str) -> None:
    for table in TABLES:
        grant(database, table.name, table.names[:-1] if table.name == "sales" else ())
    with reader(erp_url):
        assert profiles.inspect(on(1)).problems == ("table sales lacks the column updated_at",)


def test_a_table_that_is_not_there_and_one_that_may_not_be_read_look_the_same(database: str, erp_url: str) -> None:
    change("drop table promotions")
    for table in TABLES:
        if table.name not in ("promotions", "items"):
            grant(database, table.name)
    with reader(erp_url):
        items, promotions = profiles.inspect(on(1)).problems
    assert items == "table items: no right to read it"
    assert promotions.startswith("table promotions: no right to read it, or there is none")
    assert "GRANT SELECT on it, or on the database where there is none" in promotions
