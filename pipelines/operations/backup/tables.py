"""SQL of the backups: their record in the warehouse, and the digests of tables that a drill compares."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines.io import warehouse

READS: Final = ("ops.backups", "ops.backup_drills")
WRITES: Final = ("ops.backups", "ops.backup_drills")

_TABLES: Final = """
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and not c.relispartition and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
    union all
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'
    order by 1"""


def record(backup: Mapping[str, Any]) -> None:
    """Keep that a base backup was made."""
    warehouse.execute(
        "insert into ops.backups (backup_id, kind, parent, started_at, finished_at, bytes, seconds, copied)"
        " values (:backup_id, :kind, :parent, :started_at, :finished_at, :bytes, :seconds, :copied)"
        " on conflict (backup_id) do nothing",
        **backup,
    )


def record_drill(drill: Mapping[str, Any]) -> None:
    """Keep what a drill found."""
    warehouse.execute(
        "insert into ops.backup_drills (drilled_at, backup_id, seconds, tables_compared, files_compared, differences)"
        " values (:drilled_at, :backup_id, :seconds, :tables_compared, :files_compared, :differences)",
        **drill,
    )


def finished() -> Sequence[Mapping[str, Any]]:
    """Base backups on record, newest first."""
    return warehouse.read("select * from ops.backups order by finished_at desc").to_dicts()


def newest_finish() -> datetime | None:
    """When the newest base backup was finished; None where there is none."""
    with warehouse.transaction() as connection:
        return connection.execute(sa.text("select max(finished_at) from ops.backups")).scalar_one()


def newest_drill() -> Mapping[str, Any] | None:
    """The newest drill; None where there was none."""
    found = warehouse.read("select * from ops.backup_drills order by drilled_at desc limit 1").to_dicts()
    return found[0] if found else None


def digests(address: str) -> dict[str, tuple[int, int]]:
    """Rows of every table of a database, and the sum of their hashes.

    Args:
        address: of the database.

    Returns:
        ``schema.table`` → (rows, sum of hashes); equal where the rows are, in whatever order.
    """
    engine = sa.create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sa.NullPool)
    with engine.connect() as connection:
        names: Sequence[str] = connection.execute(sa.text(_TABLES)).scalars().all()
        found = {}
        for name in names:
            rows, total = connection.execute(
                sa.text(f"select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from {name} t")
            ).one()
            found[name] = (int(str(rows)), int(str(total)))
        return found


def mark(name: str) -> None:
    """Name the present position of the log, so that a recovery can end there."""
    warehouse.execute("select pg_create_restore_point(:name)", name=name)
