"""SQL of the rows a gate looks at: the ERP's tables as they were known on the as-of date, and the placeholders of the rules. Pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pipelines.core import calendar, contract, quantiles
from pipelines.core.errors import StockproofError
from pipelines.core.inventory import LARGEST_LINE, LONGEST_COVER_DAYS
from pipelines.validate.rules import GUIDE, DataRule, Gate, Source

ADDED: Final[tuple[str, ...]] = ("_row_id", "_copy", "_extracted_at")
"""Columns of the as-of rows that say nothing about the ERP's row."""


def placeholders(
    as_of: date,
    *,
    spike_sigmas: float,
    spike_quarantine_sigmas: float,
    spike_min_days: int,
    max_quantity: float | None,
    bucket_days: int,
    least_stock: float,
    items: Sequence[str],
) -> dict[str, str]:
    """What the placeholders of every rule and table stand for, apart from those of the rule's own table.

    Args:
        as_of: the run's date.
        spike_sigmas: standard deviations from which on a day's sales are a spike.
        spike_quarantine_sigmas: standard deviations from which on a sale is taken for a typing error.
        spike_min_days: other days with sales a SKU needs before its spikes are judged.
        max_quantity: largest quantity of an order line, units; None: by the scale of each item.
        bucket_days: days of a planning bucket, in which ``dim_sku.mean_demand`` is counted.
        least_stock: least count that is one, units: zero, or less where unmet demand waits.
        items: item_ids the run plans; empty: all.

    Returns:
        Name → SQL.
    """
    listed = ", ".join(_literal(item) for item in items)
    return {
        "as_of": f"date '{as_of.isoformat()}'",
        "spike_sigmas": _number(spike_sigmas),
        "spike_quarantine_sigmas": _number(spike_quarantine_sigmas),
        "spike_min_days": str(int(spike_min_days)),
        "max_quantity": "cast(null as double precision)" if max_quantity is None else _number(max_quantity),
        "largest_line": _number(LARGEST_LINE),
        "longest_cover_buckets": _number(LONGEST_COVER_DAYS / bucket_days),
        "longest_cover_days": _number(LONGEST_COVER_DAYS),
        "least_stock": _number(least_stock),
        "in_scope": f"item_id in ({listed})" if items else "true",
        "quantiles": ", ".join(quantiles.COLUMNS),
        "quantiles_fall": " or ".join(
            f"{low} > {high} + 1e-9 * abs({high})"
            for low, high in zip(quantiles.COLUMNS, quantiles.COLUMNS[1:], strict=False)
        ),
        "highest_quantile": quantiles.COLUMNS[-1],
    }


def bad_rows(rule: DataRule, source: Source, values: Mapping[str, str]) -> str:
    """A rule's SELECT, ready to run in a session that has the gate's views.

    Args:
        rule: a rule with ``bad_rows``.
        source: the rule's table.
        values: see :func:`placeholders`.

    Returns:
        SQL.

    Raises:
        StockproofError: an unknown placeholder.
    """
    own = {"table": rule.table, "key": ", ".join(source.key)}
    if source.rows is None:
        own["key_missing"] = key_missing(contract.BY_NAME[source.name])
    return fill(f"rule {rule.name} on {rule.table}", rule.bad_rows or "", {**values, **own})


def fill(where: str, sql: str, values: Mapping[str, str]) -> str:
    """SQL with its placeholders filled.

    Raises:
        StockproofError: an unknown placeholder, or a brace that is not doubled.
    """
    try:
        return sql.format_map(values)
    except (KeyError, ValueError, IndexError) as fault:
        raise StockproofError(
            f"{where}: placeholder {fault} is unknown; known: {', '.join(sorted(values))}",
            f"a literal brace is doubled; {GUIDE}",
        ) from None


def statements(gate: Gate, as_of: date, values: Mapping[str, str]) -> dict[str, list[str]]:
    """Statements that make a temporary view of each table a gate looks at, and the tables it has prepared.

    Args:
        gate: the boundary.
        as_of: the run's date.
        values: see :func:`placeholders`.

    Returns:
        Name, as the rules use it, → statements; to be run in this order in one session.
    """
    views = {
        name: _contract_view(contract.BY_NAME[name], as_of)
        if source.rows is None
        else [f"create temporary view {name} as {fill(f'table {name}', source.rows, values)}"]
        for name, source in gate.sources.items()
    }
    prepared = {
        name: [f"create temporary table {name} as {fill(f'prepared {name}', select, values)}", f"analyze {name}"]
        for name, select in gate.prepared.items()
    }
    return views | prepared


def key_missing(table: contract.Table) -> str:
    """Condition: a column of the key that must be there is null or empty.

    >>> key_missing(contract.BY_NAME["purchase_order_lines"])
    "po_id is null or po_id = '' or line_no is null"
    """
    return " or ".join(
        f"{column.name} is null" + (f" or {column.name} = ''" if column.kind is contract.Kind.TEXT else "")
        for column in _key_columns(table)
        if not column.nullable
    )


def _key_columns(table: contract.Table) -> list[contract.Column]:
    return [column for column in table.columns if column.name in table.key]


def _contract_view(table: contract.Table, as_of: date) -> list[str]:
    """The contract's table on the as-of date: newest version of each key that is not gone, or the rows of the newest snapshot.

    Keys that occur once, nearly all, must not be sorted: one hash aggregate finds those that occur more often, and only their rows are
    ranked. ``_copy`` numbers the rows of one key within its newest version; a row whose key lacks a column is a copy of nothing.
    """
    raw, repeated = f"raw.{table.name}", f"{table.name}_repeated"
    end = f"timestamp '{calendar.as_of_end(as_of).isoformat(sep=' ')}'"
    known = f"_recorded_at <= {end}"
    if not table.is_versioned:  # extraction keeps an empty snapshot as one row of NULLs
        known = f"_recorded_at = (select max(_recorded_at) from {raw} where {known}) and num_nonnulls({', '.join(table.names)}) > 0"
    key = ", ".join(f"coalesce({c.name}::text, '')" if c.nullable else c.name for c in _key_columns(table))
    return [
        f"""create temporary table {repeated} as
        select _row_id, _recorded_at < newest or gone as superseded,
          row_number() over (partition by {key}, _recorded_at order by _row_id) as _copy
        from (
          select *, max(_recorded_at) over (partition by {key}) as newest,
            first_value(_gone) over (partition by {key} order by _recorded_at desc, _row_id desc) as gone
          from {raw} where {known}
            and ({key}) in (select {key} from {raw} where {known} group by {key} having count(*) > 1)
        ) versions""",
        f"analyze {repeated}",
        f"""create temporary view {table.name} as
        select r.*, coalesce(v._copy, 1) as _copy
        from (select * from {raw} where {known}) r left join {repeated} v on v._row_id = r._row_id
        where not coalesce(v.superseded, false)""",
    ]


def _number(value: float) -> str:
    """A number as SQL; infinity, which switches a threshold off, has no literal of its own."""
    return repr(float(value)) if math.isfinite(value) else f"float8 '{float(value)}'"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
