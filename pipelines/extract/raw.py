"""The raw tables: append-only and bitemporal. Every row the ERP ever showed us, once, with when it was recorded and when we read it.

A slice of rows and the watermark behind it are one PostgreSQL transaction: a killed extraction leaves whole slices and goes on after them.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines.core.calendar import as_of_end
from pipelines.core.contract import Kind, Table
from pipelines.extract.reader import Rows
from pipelines.extract.windows import ExtractWindow
from pipelines.io import warehouse

TYPES: Final = {
    Kind.TEXT: "text",
    Kind.NUMBER: "double precision",
    Kind.MONEY: "double precision",
    Kind.INTEGER: "bigint",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.BOOLEAN: "boolean",
}
"""PostgreSQL's type of each kind of contract column."""

_GONE: Final = "_gone boolean not null default false"
"""Column of a version that says the ERP no longer holds the row, which is then as it was last."""

_MANY: Final = 10_000
"""New rows from which the planner's statistics are worth renewing at once."""


def ensure(tables: Iterable[Table]) -> None:
    """Create what is missing: tables, columns the contract has gained, and the index on ``_recorded_at``.

    The index is a block-range one: rows arrive in the order of ``_recorded_at``, and a load pays next to nothing for it.
    """
    query = (
        "select table_name, array_agg(column_name::text) as columns from information_schema.columns "
        "where table_schema = 'raw' group by table_name"
    )
    with warehouse.transaction() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('raw'))"))
        present = {row.table_name: set(row.columns) for row in connection.execute(sa.text(query))}
        for statement in (ddl for table in tables for ddl in _missing(table, present.get(table.name))):
            connection.execute(sa.text(statement))


def _missing(table: Table, present: set[str] | None) -> list[str]:
    columns = [f'"{column.name}" {TYPES[column.kind]}' for column in table.columns]
    if present is None:
        return [
            f"create table raw.{table.name} (_row_id bigint generated always as identity, _recorded_at timestamp not null, "
            f"_extracted_at timestamptz not null default now(), {_GONE}, {', '.join(columns)})",
            f"create index {table.name}_recorded_at on raw.{table.name} using brin (_recorded_at) "
            "with (pages_per_range = 32, autosummarize = on)",
        ]
    wanted = [("_gone", _GONE), *zip(table.names, columns, strict=True)]
    return [f"alter table raw.{table.name} add column {ddl}" for column, ddl in wanted if column not in present]


def reset() -> None:
    """Forget everything extracted: for an ERP that has been refilled with other data (raw never drops a row by itself)."""
    with warehouse.transaction() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('raw'))"))
        query = "select string_agg(format('raw.%I', table_name), ', ') from information_schema.tables where table_schema = 'raw'"
        names = connection.execute(sa.text(query)).scalar()
        if names:
            connection.execute(sa.text(f"truncate {names}"))
        connection.execute(sa.text("delete from ops.watermarks"))
        connection.execute(sa.text("delete from ops.extractions"))


def watermark(table: Table) -> datetime | None:
    """Last instant up to which the table has been read, or None."""
    with warehouse.transaction() as connection:
        found = connection.execute(
            sa.text("select watermark from ops.watermarks where table_name = :t"), {"t": table.name}
        ).scalar()
    return found if isinstance(found, datetime) else None


def newest(table: Table, likely_after: datetime) -> datetime | None:
    """When the newest row that raw holds was recorded, or None where it holds none.

    Args:
        table: contract table with ``updated_at``.
        likely_after: rows after it are looked for first, which the index finds; else the table is read through.
    """
    # By the ERP's clock: a row that was found gone, or back again, is recorded at the end of a date, whenever the ERP last changed any.
    query = f"select max(least(_recorded_at, updated_at)) from raw.{table.name} where not _gone"
    with warehouse.transaction() as connection:
        found = connection.execute(sa.text(f"{query} and _recorded_at > :after"), {"after": likely_after}).scalar()
        found = found or connection.execute(sa.text(query)).scalar()
    return found if isinstance(found, datetime) else None


def load_slice(table: Table, rows: Rows | None, window: ExtractWindow) -> tuple[int, int]:
    """Bring one slice in and move the watermark to its end, in one transaction.

    Args:
        table: contract table with ``updated_at``.
        rows: all rows of the ERP in the window, or None where it has none.
        window: the slice.

    Returns:
        Rows read, and rows that raw did not hold.

    Raises:
        StockproofError: the ERP broke off; nothing of the slice is kept.
    """
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        begin(cursor, table)
        known = one(cursor, f"select watermark from ops.watermarks where table_name = '{table.name}'")
        read = new = 0
        if rows is not None and (known is None or known < window.low):
            # Raw holds nothing beyond the watermark: there is nothing to compare with.
            read = new = _ingest(cursor, rows, table.name, recorded_at="updated_at", db_schema_name="raw")
        elif rows is not None:
            read, new = _merge(cursor, table, rows, window)
        cursor.execute(
            f"insert into ops.watermarks (table_name, watermark) values ('{table.name}', '{window.watermark.isoformat()}') "
            "on conflict (table_name) do update set watermark = excluded.watermark, updated_at = now() "
            "where watermarks.watermark < excluded.watermark"
        )
    return read, new


def store_snapshot(table: Table, rows: Rows, as_of: date) -> tuple[int, int]:
    """Keep a whole-table snapshot under the end of the as-of date, where it differs from the newest one up to then.

    A table that has become empty is kept as one row of NULLs: the newest snapshot must have a row for the as-of view to see it.

    Args:
        table: contract table without ``updated_at``.
        rows: all its rows.
        as_of: the run's as-of date; another snapshot under the same date is replaced.

    Returns:
        Rows read, and rows stored; 0 stored where nothing has changed.

    Raises:
        StockproofError: the ERP broke off; nothing is kept.
    """
    recorded = f"timestamp '{as_of_end(as_of).isoformat()}'"
    columns = ", ".join(f'"{name}"' for name in table.names)
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        begin(cursor, table)
        read = stage(cursor, table, rows)
        newest = f"(select max(_recorded_at) from raw.{table.name} where _recorded_at <= {recorded})"
        held = f"select {columns} from raw.{table.name} where _recorded_at = {newest} and num_nonnulls({columns}) > 0"
        fresh = f"select {columns} from stage"
        if not one(cursor, f"select exists(({fresh} except all {held}) union all ({held} except all {fresh}))"):
            return read, 0
        cursor.execute(f"delete from raw.{table.name} where _recorded_at = {recorded}")
        if read:
            cursor.execute(
                f"insert into raw.{table.name} ({columns}, _recorded_at) select {columns}, {recorded} from stage"
            )
        else:
            cursor.execute(f"insert into raw.{table.name} (_recorded_at) values ({recorded})")
        return read, read


def is_extracted(table: Table, as_of: date) -> bool:
    """The table's extraction for this as-of date has ended before, and the rows it brought let the run go on.

    Where a rule stopped the run, the ERP may have been fixed since: the date is to be read again.
    """
    query = """
        select exists(select 1 from ops.extractions where as_of = :d and table_name = :t) and not exists(
            select 1 from ops.gates where as_of = :d and boundary = 'sources' and severity = 'fatal' and not passed)"""
    with warehouse.transaction() as connection:
        return bool(connection.execute(sa.text(query), {"d": as_of, "t": table.name}).scalar())


def note(table: Table, as_of: date, rows_read: int, rows_new: int) -> None:
    """Record that the extraction ended; rows a later attempt adds to the same date are added to its count."""
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text(
                "insert into ops.extractions (as_of, table_name, rows_read, rows_new) values (:d, :t, :read, :new) "
                "on conflict (as_of, table_name) do update "
                "set rows_read = excluded.rows_read, rows_new = extractions.rows_new + excluded.rows_new, finished_at = now()"
            ),
            {"d": as_of, "t": table.name, "read": rows_read, "new": rows_new},
        )
        if rows_new > _MANY:
            connection.execute(
                sa.text("set local default_statistics_target = 20")
            )  # a fifth of the sample, and of its cost
            connection.execute(sa.text(f"analyze raw.{table.name}"))


def begin(cursor: Any, table: Table) -> None:
    """One writer a table; and losing the last commit in a crash only means to read that slice again."""
    cursor.execute(f"select pg_advisory_xact_lock(hashtext('raw.{table.name}'))")
    cursor.execute("set local synchronous_commit = off")


def stage(cursor: Any, table: Table, rows: Rows) -> int:
    """Load rows into the temporary table ``stage`` of the cursor's transaction. Returns their number."""
    columns = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in table.columns)
    cursor.execute(f"create temp table stage ({columns}) on commit drop")
    return _ingest(cursor, rows, "stage", temporary=True)


def _ingest(cursor: Any, rows: Rows, target: str, *, recorded_at: str = "", **where: Any) -> int:
    """Load batches as they arrive. Columns are named, so that _row_id and _extracted_at take their defaults."""
    import pyarrow as pa

    schema, batches = rows.schema, iter(rows)
    if recorded_at:
        schema = schema.append(pa.field("_recorded_at", pa.timestamp("us")))
        batches = (batch.append_column("_recorded_at", batch.column(recorded_at)) for batch in rows)
    try:
        return int(
            cursor.adbc_ingest(target, pa.RecordBatchReader.from_batches(schema, batches), mode="append", **where)
        )
    except Exception:
        if rows.fault:  # the driver's own error only quotes it
            raise rows.fault from None
        raise


def _merge(cursor: Any, table: Table, rows: Rows, window: ExtractWindow) -> tuple[int, int]:
    """Add what raw lacks, as a difference of multisets: rows the ERP holds twice stay two, rows read again add nothing.

    Rows that the ERP changed without a new ``updated_at`` take the place of what they were: all of their key and ``updated_at`` are
    recorded again, a microsecond later. They are compared with what stands, so a change that is taken back is one more change. So does a
    row that was changed by an earlier clock than its last version (the hour that autumn gives back, a second server): it is recorded
    again after the version that the ERP no longer holds.
    """
    read = stage(cursor, table, rows)
    columns = ", ".join(f'"{name}"' for name in table.names)
    cursor.execute(f"create temp table added on commit drop as {_differences(table, columns, window)}")
    cursor.execute(f"insert into raw.{table.name} ({columns}, _recorded_at) select {columns}, _recorded_at from added")
    return read, int(one(cursor, "select count(*) from added"))


def _differences(table: Table, columns: str, window: ExtractWindow) -> str:
    """Rows of ``stage`` that raw is to be given, with when they count as recorded."""
    key = ", ".join(f'"{name}"' for name in table.key)
    version = f'{key}, "updated_at"'
    low, last = window.low.isoformat(), window.watermark.isoformat()
    later = f"least(max(_recorded_at) + interval '1 microsecond', timestamp '{last}') as recorded_at"
    return f"""
        with held as (
            select {columns}, _recorded_at from raw.{table.name} where _recorded_at >= '{low}' and _recorded_at <= '{last}' and not _gone),
        again as (  -- few: what was changed in place before
            select {version}, max(_recorded_at) as newest from held where _recorded_at > updated_at group by {version}),
        standing as (
            select {columns}, _recorded_at from held left join again using ({version}) where newest is null or _recorded_at = newest),
        new as (select {columns} from stage except all select {columns} from standing),
        gone as (select {columns} from standing except all select {columns} from stage),
        changed as (
            select {version}, {later}
            from standing inner join (select {version} from gone intersect select {version} from new) both_ways using ({version})
            group by {version}),
        current as (  -- few: of keys with a version that is gone, the one that the ERP holds
            select {key}, max(updated_at) as updated_at from stage where ({key}) in (select {key} from gone) group by {key}),
        behind as (
            select {key}, current.updated_at, {later}
            from standing inner join (select {version} from gone) lost using ({version}) inner join current using ({key})
            where standing.updated_at > current.updated_at group by {key}, current.updated_at)
        select {columns}, coalesce(newest, updated_at) as _recorded_at
        from new left join again using ({version}) left join changed using ({version}) where recorded_at is null
        union all
        select {columns}, recorded_at from stage inner join changed using ({version})
        union all
        select {columns}, recorded_at from new inner join behind using ({version})"""


def one(cursor: Any, query: str) -> Any:
    """First value of a query's first row, or None."""
    cursor.execute(query)
    row = cursor.fetchone()
    return row[0] if row else None
