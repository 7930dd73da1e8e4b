"""The contract's tables in a real MariaDB: types, bulk loads, refusals."""

from collections.abc import Iterator
from datetime import date, datetime

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines.core.contract import BY_NAME, TABLES
from pipelines.core.errors import StockproofError
from pipelines.io import erp, erp_tables

pytestmark = pytest.mark.servers

MOMENT = datetime.fromisoformat("2026-01-02 03:04:05.678901")
ODD_TEXTS = [
    "plain",
    "NULL",
    "",
    'say "hi"',
    "a,b",
    "back\\slash\\",
    "two\nlines",
    "Übergröße 漢字 🙂",
    "\\N",
    "'; drop table items; --",
]


@pytest.fixture
def tables(erp_url: str) -> Iterator[None]:
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
    yield


def rows(query: str) -> list[tuple]:
    with erp.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def suppliers(names: list[str | None]) -> pl.DataFrame:
    columns = {
        "supplier_id": [f"S{i}" for i in range(len(names))],
        "name": names,
        "country": [None] * len(names),
        "active": [i % 2 == 0 for i in range(len(names))],
        "updated_at": [MOMENT] * len(names),
    }
    known = erp_tables.schema(BY_NAME["suppliers"])  # optional columns of the contract are absent
    return pl.DataFrame(columns, schema={name: known[name] for name in columns})


def write(table: str, *frames: pl.DataFrame) -> int:
    with erp_tables.transaction() as connection:
        return erp_tables.replace_rows(connection, table, frames)


def test_all_tables_with_indexes_and_types(tables: None) -> None:
    assert {name for (name,) in rows("show tables")} == {table.name for table in TABLES}
    types = dict(
        rows(
            "select column_name, column_type from information_schema.columns where table_schema = database() and table_name = 'items'"
        )
    )
    assert types["item_id"] == "varchar(64)"
    assert types["name"] == "varchar(255)"
    assert types["unit_cost"] == "decimal(24,10)"
    assert types["created_on"] == "date"
    assert types["updated_at"] == "datetime(6)"
    keyed = rows(
        "select table_name, non_unique from information_schema.statistics "
        "where table_schema = database() and index_name = concat(table_name, '_key')"
    )
    assert {name for name, _ in keyed} == {table.name for table in TABLES}
    assert all(non_unique for _, non_unique in keyed), "an ERP may hold a key twice"
    dated = rows(
        "select table_name from information_schema.statistics where table_schema = database() and column_name = 'updated_at'"
    )
    assert {name for (name,) in dated} == {table.name for table in TABLES if table.is_versioned}


@pytest.mark.parametrize("local_infile", [1, 0])
def test_odd_values_survive_both_ways_of_loading(
    tables: None, local_infile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted, insert = [], erp_tables._insert
    monkeypatch.setattr(erp_tables, "_insert", lambda *given: inserted.append(given) or insert(*given))
    with erp_tables.transaction() as connection:
        connection.execute(sa.text(f"set global local_infile = {local_infile}"))
    try:
        assert write("suppliers", suppliers(ODD_TEXTS)) == len(ODD_TEXTS)
    finally:
        with erp_tables.transaction() as connection:
            connection.execute(sa.text("set global local_infile = 1"))
    assert len(inserted) == (0 if local_infile else 1), "a server that refuses files is sent rows"
    stored = rows(
        "select name, country, active, updated_at from suppliers order by cast(substr(supplier_id, 2) as int)"
    )
    assert stored == [(name, None, (i + 1) % 2, MOMENT) for i, name in enumerate(ODD_TEXTS)]


def test_a_server_without_backslash_escapes_is_loaded_too(tables: None) -> None:
    names = ["back\\slash\\", "two\nlines", "'quoted'"]
    with erp_tables.transaction() as connection:
        before = connection.exec_driver_sql("select @@sql_mode").scalar_one()
        connection.exec_driver_sql("set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES')")
        try:
            assert erp_tables.replace_rows(connection, "suppliers", [suppliers(names)]) == 3
        finally:
            connection.exec_driver_sql(f"set sql_mode = '{before}'")
    assert rows("select name from suppliers order by supplier_id") == [(name,) for name in names]


def test_numbers_and_dates_survive(tables: None) -> None:
    numbers = [0.1, -2.5, 1e-7, 123456789.123, 3.0]
    frame = pl.DataFrame(
        {
            "sale_id": list("abcde"),
            "item_id": ["A"] * 5,
            "location_id": ["W"] * 5,
            "sold_on": [date(2026, 6, day) for day in range(1, 6)],
            "quantity": numbers,
            "unit_price": [None, 0.0000137, 0.0, 12345678901234.5, 2.0],
            "updated_at": [MOMENT] * 5,
        }
    )
    write("sales", frame)
    stored = rows("select quantity, unit_price, sold_on from sales order by sale_id")
    assert [row[0] for row in stored] == numbers
    assert [None if row[1] is None else float(row[1]) for row in stored] == [
        None,
        0.0000137,
        0.0,
        12345678901234.5,
        2.0,
    ]
    assert [row[2] for row in stored] == frame["sold_on"].to_list()


def test_a_table_that_holds_fewer_decimals_takes_money_rounded(tables: None) -> None:
    with erp_tables.transaction() as connection:
        connection.execute(sa.text("alter table sales modify unit_price decimal(18,4)"))
    sale = {
        "sale_id": ["a"],
        "item_id": ["A"],
        "location_id": ["W"],
        "sold_on": [date(2026, 6, 1)],
        "quantity": [1.0],
        "unit_price": [1.23456789],
    }
    write("sales", pl.DataFrame({**sale, "updated_at": [MOMENT]}))
    assert [float(row[0]) for row in rows("select unit_price from sales")] == [1.2346]


def test_replace_is_one_transaction(tables: None) -> None:
    write("suppliers", suppliers(["first"]))
    with pytest.raises(StockproofError, match="suppliers"):
        write("suppliers", suppliers(["second", "third"]), suppliers(["x" * 256]))
    assert rows("select name from suppliers") == [("first",)]
    with pytest.raises(StockproofError, match="suppliers"):
        write("suppliers", suppliers([None]))
    assert rows("select name from suppliers") == [("first",)]
    assert write("suppliers") == 0
    assert rows("select count(*) from suppliers") == [(0,)]


def test_keys_may_repeat_and_differ_by_case_but_our_reference_is_unique(tables: None) -> None:
    write("suppliers", suppliers(["a", "b"]).with_columns(supplier_id=pl.lit("same")))
    assert rows("select count(*) from suppliers where supplier_id = 'SAME'") == [(0,)]
    order = "insert into purchase_orders values ('{0}', 'S', 'W', '2026-01-01', 'open', {1}, '2026-01-01')"
    with erp.transaction() as connection:
        for po_id, reference in (("1", "null"), ("1", "null"), ("2", "'r-1'")):
            connection.execute(sa.text(order.format(po_id, reference)))
    with pytest.raises(sa.exc.IntegrityError), erp.transaction() as connection:
        connection.execute(sa.text(order.format("3", "'r-1'")))


def test_tables_that_exist_stay_unless_replaced(tables: None) -> None:
    write("suppliers", suppliers(["kept"]))
    with erp_tables.transaction() as connection:
        assert erp_tables.create_tables(connection, replace=False) == []
        assert erp_tables.filled(connection) == ["suppliers"]
        assert len(erp_tables.create_tables(connection, replace=True)) == len(TABLES)
        assert erp_tables.filled(connection) == []


def test_tables_of_an_older_version_get_the_columns_they_lack(erp_url: str) -> None:
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
        connection.execute(
            sa.text("alter table suppliers drop column working_days, drop column lead_time_in_working_days")
        )
        connection.execute(
            sa.text(
                "insert into suppliers (supplier_id, name, active, updated_at) values ('S', 'Vendor', true, '2026-01-01')"
            )
        )
        assert erp_tables.create_tables(connection, replace=False) == []
        row = connection.execute(sa.text("select supplier_id, working_days from suppliers")).one()
    assert tuple(row) == ("S", None)
