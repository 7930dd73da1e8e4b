"""Reads the rules of a boundary and refuses a rule that cannot mean anything, naming file, rule and key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

import yaml

import expectations
from pipelines.core import contract
from pipelines.core.errors import StockproofError

Severity = Literal["fatal", "quarantine", "review"]

STOP_ROWS: Final = 20
"""A quarantine rule's stop_above counts from so many rows on: in a handful of rows one fault is a large share."""

GUIDE: Final = "docs/data-rules.md tells how a rule is written"

QUARANTINES: Final = ("sources", "forecasts")
"""Boundaries whose readers leave out what is in quarantine: staging, and the views ``plan.sound_…``."""

_FILE_KEYS: Final = {"tables", "prepared", "rules"}
_TABLE_KEYS: Final = {"rows", "key"}
_NEEDED: Final = {"name", "table", "severity", "description", "remedy"}
_RULE_KEYS: Final = _NEEDED | {"bad_rows", "expectation", "kwargs", "stop_above"}


@dataclass(frozen=True)
class Source:
    """A table that a boundary looks at.

    Attributes:
        name: what rules call it.
        key: columns that identify a row.
        rows: the SELECT that yields its rows; None for a table of the ERP contract, read as of the date from raw.
    """

    name: str
    key: tuple[str, ...]
    rows: str | None = None


@dataclass(frozen=True)
class DataRule:
    """One rule on one table.

    Attributes:
        name: unique within table.
        table: name of the table it is about.
        severity: ``fatal`` stops the run, ``quarantine`` takes rows out, ``review`` keeps and lists them.
        description: what holds where the rule is kept.
        remedy: what to do where it is broken.
        bad_rows: SELECT of the offending rows, with placeholders (see :mod:`pipelines.validate.as_of`); or None.
        expectation: class of Great Expectations that is asked instead; or None.
        kwargs: arguments of the expectation.
        stop_above: share of the table's rows in (0, 1) above which a quarantine rule stops the run; or None.
    """

    name: str
    table: str
    severity: Severity
    description: str
    remedy: str
    bad_rows: str | None = None
    expectation: str | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    stop_above: float | None = None

    def stops(self, bad_rows: int, rows: int) -> bool:
        """So many of a table's rows break the rule that the run stops instead of leaving them out."""
        return self.stop_above is not None and bad_rows >= STOP_ROWS and bad_rows > self.stop_above * rows


@dataclass(frozen=True)
class Gate:
    """A boundary.

    Attributes:
        boundary: its name.
        sources: its tables by name.
        prepared: name → SELECT that is asked once, for rules to use as a table.
        rules: in the file's order.
    """

    boundary: str
    sources: Mapping[str, Source]
    prepared: Mapping[str, str]
    rules: tuple[DataRule, ...]

    def rules_of(self, table: str) -> tuple[DataRule, ...]:
        """Rules on one table."""
        return tuple(rule for rule in self.rules if rule.table == table)

    @property
    def checked(self) -> tuple[str, ...]:
        """Tables that have rules, in the order of their first rule."""
        return tuple(dict.fromkeys(rule.table for rule in self.rules))


def load(boundary: str) -> Gate:
    """Rules of a boundary.

    Args:
        boundary: ``sources``, ``features``, ``forecasts`` or ``orders``.

    Returns:
        The gate.

    Raises:
        StockproofError: no such boundary, or a fault in its file.
    """
    if boundary not in expectations.BOUNDARIES:
        raise StockproofError(
            f"no boundary is called {boundary!r}", f"it is one of {', '.join(expectations.BOUNDARIES)}"
        )
    return read(expectations.path(boundary), boundary)


def read(path: Path, boundary: str) -> Gate:
    """Rules of a file; see :func:`load`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as fault:
        raise StockproofError(f"{path.name} cannot be read: {fault}", "fix the YAML") from None
    _check_keys(path.name, content, _FILE_KEYS, {"rules"})
    sources = _sources(path.name, content.get("tables"))
    rules: list[DataRule] = []
    if not isinstance(content["rules"], list):
        raise StockproofError(f"{path.name}: rules must be a list", GUIDE)
    for number, entry in enumerate(content["rules"], start=1):
        named = isinstance(entry, dict) and isinstance(entry.get("name"), str)
        where = f"{path.name}: rule {entry['name'] if named else f'number {number}'}"
        rules.extend(_rules(where, entry, sources, boundary))
    _refuse_doubles(path.name, rules)
    return Gate(boundary, sources, _prepared(path.name, content.get("prepared", {}), sources), tuple(rules))


def _sources(file: str, tables: object) -> dict[str, Source]:
    if tables is None:
        return {table.name: Source(table.name, table.key) for table in contract.TABLES}
    if not isinstance(tables, dict) or not tables:
        raise StockproofError(f"{file}: tables must map names to rows and key", GUIDE)
    for name, entry in tables.items():
        _check_keys(f"{file}: table {name}", entry, _TABLE_KEYS, _TABLE_KEYS)
        if not isinstance(entry["rows"], str) or not isinstance(entry["key"], list) or not entry["key"]:
            raise StockproofError(f"{file}: table {name}: rows must be a SELECT and key a list of columns", GUIDE)
    return {name: Source(name, tuple(map(str, entry["key"])), entry["rows"]) for name, entry in tables.items()}


def _prepared(file: str, entries: object, sources: Mapping[str, Source]) -> dict[str, str]:
    if not isinstance(entries, dict) or not all(isinstance(select, str) for select in entries.values()):
        raise StockproofError(f"{file}: prepared must map names to SELECTs", GUIDE)
    taken = sorted(set(entries) & set(sources))
    if taken:
        raise StockproofError(f"{file}: prepared {', '.join(taken)}: a table has this name", "rename it")
    return {str(name): select for name, select in entries.items()}


def _rules(where: str, entry: Any, sources: Mapping[str, Source], boundary: str) -> list[DataRule]:
    _check_keys(where, entry, _RULE_KEYS, _NEEDED)
    for key in sorted(_NEEDED - {"table"}):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise StockproofError(f"{where}: {key} must be text, and not empty", GUIDE)
    if entry["severity"] not in get_args(Severity):
        raise StockproofError(
            f"{where}: severity is {entry['severity']!r}; allowed: {', '.join(get_args(Severity))}", GUIDE
        )
    _check_condition(where, entry)
    _check_consequence(where, entry, boundary)
    tables = entry["table"] if isinstance(entry["table"], list) else [entry["table"]]
    for table in tables:
        if not isinstance(table, str) or table not in sources:
            raise StockproofError(f"{where}: table {table!r} is unknown; known here: {', '.join(sources)}", GUIDE)
    return [DataRule(**{**entry, "table": table}) for table in tables]


def _check_condition(where: str, entry: Mapping[str, Any]) -> None:
    """Exactly one of bad_rows and expectation says what is wrong."""
    if ("bad_rows" in entry) == ("expectation" in entry):
        raise StockproofError(f"{where}: give either bad_rows or expectation", GUIDE)
    if "bad_rows" in entry:
        if not isinstance(entry["bad_rows"], str) or "{table}" not in entry["bad_rows"]:
            raise StockproofError(f"{where}: bad_rows must be a SELECT from {{table}}, the rule's table", GUIDE)
        if "kwargs" in entry:
            raise StockproofError(f"{where}: kwargs belong to an expectation, not to bad_rows", GUIDE)
        return
    if not isinstance(entry["expectation"], str) or not isinstance(entry.get("kwargs", {}), dict):
        raise StockproofError(f"{where}: expectation must be the name of a class, and kwargs a mapping", GUIDE)
    if entry["severity"] != "fatal":
        raise StockproofError(f"{where}: an expectation names no rows, so its severity can only be fatal", GUIDE)


def _check_consequence(where: str, entry: Mapping[str, Any], boundary: str) -> None:
    if entry["severity"] == "quarantine" and boundary not in QUARANTINES:
        raise StockproofError(
            f"{where}: severity quarantine is for {' and '.join(QUARANTINES)} alone: nobody else leaves rows out", GUIDE
        )
    if "stop_above" not in entry:
        return
    share = entry["stop_above"]
    if entry["severity"] != "quarantine" or isinstance(share, bool) or not isinstance(share, int | float):
        raise StockproofError(f"{where}: stop_above is a share of rows and belongs to a quarantine rule", GUIDE)
    if not 0 < share < 1:
        raise StockproofError(f"{where}: stop_above = {share}; it lies between 0 and 1", GUIDE)


def _check_keys(where: str, entry: object, allowed: set[str], needed: set[str]) -> None:
    if not isinstance(entry, dict):
        raise StockproofError(f"{where} must be a mapping, not {type(entry).__name__}", GUIDE)
    unknown = sorted(str(key) for key in entry if key not in allowed)
    if unknown:
        raise StockproofError(
            f"{where}: unknown key {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}", GUIDE
        )
    missing = sorted(needed - set(entry))
    if missing:
        raise StockproofError(f"{where}: key {', '.join(missing)} is missing", GUIDE)


def _refuse_doubles(file: str, rules: list[DataRule]) -> None:
    seen: set[tuple[str, str]] = set()
    for rule in rules:
        if (rule.table, rule.name) in seen:
            raise StockproofError(
                f"{file}: rule {rule.name}: the name occurs twice for table {rule.table}", "rename one of them"
            )
        seen.add((rule.table, rule.name))
