"""What a gate found, written down: verdicts to ops.gates, rows to quarantine. The rule's own SELECT fills quarantine."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from pipelines.validate.as_of import ADDED
from pipelines.validate.rules import DataRule, Gate, Source

SAMPLE_ROWS: Final = 5

_TARGETS: Final = {"quarantine": "quarantine.rows", "review": "quarantine.review"}
_DETAILS: Final = "to_jsonb(b) - array[" + ", ".join(f"'{column}'" for column in ADDED) + "]"


def clear(connection: sa.Connection, gate: Gate, as_of: date) -> None:
    """Remove what an earlier run of the gate wrote for the date."""
    connection.execute(
        sa.text("delete from ops.gates where as_of = :as_of and boundary = :boundary"),
        {"as_of": as_of, "boundary": gate.boundary},
    )
    for target in _TARGETS.values():
        connection.execute(
            sa.text(f"delete from {target} where as_of = :as_of and table_name = any(:tables)"),
            {"as_of": as_of, "tables": list(gate.sources)},
        )


def keep_rows(connection: sa.Connection, rule: DataRule, source: Source, query: str, as_of: date) -> None:
    """Put the rows a rule finds into quarantine.rows or quarantine.review.

    Args:
        connection: a session that sees the gate's tables.
        rule: a rule of severity ``quarantine`` or ``review``.
        source: its table. Rows of raw keep their ``_row_id``; others are numbered in the order of their key.
        query: the rule's SELECT.
        as_of: the run's date.
    """
    key = ", ".join(f"coalesce({column}::text, '(null)')" for column in source.key)
    row_id = "_row_id" if source.rows is None else f"row_number() over (order by {', '.join(source.key)})"
    statement = f"""
        insert into {_TARGETS[rule.severity]} (as_of, table_name, row_id, rule, row_key, details, remedy)
        select :as_of, :table_name, row_id, :rule, row_key, details, :remedy
        from (select {row_id} as row_id, concat_ws('/', {key}) as row_key, {_DETAILS} as details
              from ({query}) b) found
        on conflict do nothing"""
    parameters = {"as_of": as_of, "table_name": rule.table, "rule": rule.name, "remedy": rule.remedy}
    connection.execute(sa.text(statement), parameters)


def sample(connection: sa.Connection, query: str) -> list[Any]:
    """A few of the rows a rule's SELECT finds, as dictionaries, for the message."""
    statement = f"select {_DETAILS} from ({query}) b limit {SAMPLE_ROWS}"
    return list(connection.execute(sa.text(statement)).scalars())


def count(connection: sa.Connection, table: str) -> int:
    """Rows of one of the gate's tables."""
    return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def keep_verdicts(connection: sa.Connection, gate: Gate, as_of: date, verdicts: Sequence[Mapping[str, Any]]) -> None:
    """Write one row a rule to ops.gates.

    Args:
        connection: any connection to the warehouse.
        gate: the gate.
        as_of: the run's date.
        verdicts: mappings with ``rule``, ``table_name``, ``severity``, ``bad_rows``, ``passed``, ``message``.
    """
    connection.execute(
        sa.text(
            """insert into ops.gates (as_of, boundary, rule, table_name, severity, bad_rows, passed, message)
            values (:as_of, :boundary, :rule, :table_name, :severity, :bad_rows, :passed, :message)"""
        ),
        [{"as_of": as_of, "boundary": gate.boundary, **verdict} for verdict in verdicts],
    )
