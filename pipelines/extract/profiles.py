"""Source profiles: how an ERP's own schema yields the tables of the contract.

``erp.profile`` names one: ``canonical`` (the ERP has the contract's tables), a built-in folder beside this file, or a folder of the user's
own. A profile is a folder of ``<table>.sql``, each one SELECT that yields the contract's columns by name; extraction wraps it with casts
and with the window to read. ``:as_of`` in a file stands for the run's as-of date, ``:since`` for the start of the window: rows recorded
before it are not wanted, and a file that says so spares the ERP the work. A line ``-- read: whole`` says that a row may change and keep
its ``updated_at``: all rows are compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import BY_NAME, TABLES, Table
from pipelines.core.errors import StockproofError
from pipelines.io import erp

CANONICAL: Final = "canonical"
FOLDER: Final = Path(__file__).parent / "profiles"

_REMEDY: Final = (
    "`stockproof erp check` lists what is usable; "
    "an ERP with another schema needs a source profile (erp.profile, docs/source-profiles.md)"
)
_AS_OF: Final = re.compile(r":as_of\b")
_SINCE: Final = re.compile(r":since\b")
_WHOLE: Final = re.compile(r"^\s*--\s*read:\s*whole\s*$", re.MULTILINE)
_ANY_DATE: Final = "'2000-01-01'"
_NO_TABLE: Final = 1146
_NO_RIGHT: Final = (1142, 1143)
TEXTS: Final = frozenset({249, 250, 251, 252, 253, 254})
"""MariaDB's type codes of texts, ENUM and SET among them."""
NUMBERS: Final = frozenset({0, 1, 2, 3, 4, 5, 8, 9, 246})
"""Those of numbers."""


@dataclass(frozen=True)
class Source:
    """One contract table as the ERP yields it.

    Attributes:
        table: the contract's description.
        query: SELECT whose result has at least ``columns``; may hold ``:since``, see :meth:`since`.
        columns: the contract's columns that it yields, in the contract's order; the others read as NULL.
        origin: where the query comes from, for people: the ERP's table or the profile's file.
        types: MariaDB's type code of each column, where known; a value of the right type is not cast again.
        whole: a row may change and keep its ``updated_at``: every run compares all rows with what was extracted before.
    """

    table: Table
    query: str
    columns: tuple[str, ...]
    origin: str
    types: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False

    def since(self, instant: datetime) -> str:
        """The query for rows recorded from an instant on; it may yield earlier ones too."""
        return _SINCE.sub(f"'{instant.isoformat(sep=' ')}'", self.query)


@dataclass(frozen=True)
class Profile:
    """The sources of all contract tables.

    Attributes:
        name: as configured.
        sources: by table name; None for an optional table that the ERP does not have.
        problems: what keeps the profile from being used, one sentence each.
    """

    name: str
    sources: Mapping[str, Source | None]
    problems: tuple[str, ...]


def load(as_of: date) -> Profile:
    """The configured profile, checked against the ERP before anything is read.

    Args:
        as_of: the run's as-of date, for profiles that use ``:as_of``.

    Returns:
        A profile without problems.

    Raises:
        StockproofError: the ERP cannot be entered, or a required table or column is missing (all of them are named).
    """
    profile = inspect(as_of)
    if profile.problems:
        raise StockproofError(
            f"the ERP at {erp.shown_url()} cannot be used as it is: " + "; ".join(profile.problems), _REMEDY
        )
    return profile


def inspect(as_of: date) -> Profile:
    """The configured profile with all its problems, without raising for them (``stockproof erp check`` prints them).

    Args:
        as_of: as-of date for profiles that use ``:as_of``.

    Returns:
        The profile; its problems are empty where it is usable.

    Raises:
        StockproofError: the ERP cannot be entered, or there is no such profile.
    """
    name = settings.load().erp.profile
    queries, problems = _queries(name, as_of)
    sources: dict[str, Source | None] = {}
    with erp.transaction() as connection:
        for table in TABLES:
            sources[table.name] = None
            if table.name in queries:
                query, origin = queries[table.name]
                found = _probe(connection, table, query, origin, is_canonical=name == CANONICAL)
                sources[table.name] = found if isinstance(found, Source) else None
                problems += [found] if isinstance(found, str) else []
    return Profile(name, sources, tuple(problems))


def _queries(name: str, as_of: date) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Query and origin by table, and what is wrong with the folder itself."""
    if name == CANONICAL:
        return {table.name: (f"SELECT * FROM `{table.name}`", f"table {table.name}") for table in TABLES}, []
    folder = FOLDER / name if (FOLDER / name).is_dir() else Path(name).expanduser()
    if not folder.is_dir():
        known = ", ".join([CANONICAL, *sorted(path.name for path in FOLDER.iterdir() if path.is_dir())])
        raise StockproofError(
            f"erp.profile = {name!r}: no such source profile",
            f"built in are {known}; anything else is the path of a folder",
        )
    files = {path.stem: path for path in sorted(folder.glob("*.sql"))}
    problems = [f"{path}: the contract has no table {stem}" for stem, path in files.items() if stem not in BY_NAME]
    problems += [
        f"{folder / table.name}.sql is missing" for table in TABLES if table.required and table.name not in files
    ]
    return {stem: (_statement(path, as_of), str(path)) for stem, path in files.items() if stem in BY_NAME}, problems


def _statement(path: Path, as_of: date) -> str:
    try:
        content = path.read_text(encoding="utf-8-sig")  # editors of Windows write a byte order mark
    except (OSError, UnicodeDecodeError) as fault:
        raise StockproofError(
            f"profile file {path} cannot be read: {fault}", "fix the file or its permissions"
        ) from None
    return _AS_OF.sub(f"'{as_of.isoformat()}'", content).strip().rstrip(";").rstrip()


def _probe(
    connection: sa.Connection, table: Table, query: str, origin: str, *, is_canonical: bool
) -> Source | str | None:
    """The source, or a sentence on why it cannot be used, or None for an optional table that is absent."""
    try:
        # The line break keeps a trailing comment of the file from swallowing the parenthesis.
        probed = connection.execution_options(no_parameters=True).exec_driver_sql(
            f"SELECT * FROM (\n{_SINCE.sub(_ANY_DATE, query)}\n) t LIMIT 0"
        )
    except sa.exc.DBAPIError as fault:
        if erp.timed_out(fault):
            raise erp.silent(origin, erp.was_ended(fault)) from None
        code = fault.orig.args[0] if fault.orig is not None and fault.orig.args else None
        if is_canonical and (code == _NO_TABLE or "no such table" in str(fault.orig)):
            return f"{origin} is missing" if table.required else None
        if code in _NO_RIGHT:
            granted = _granted(connection, table) if is_canonical else ""
            silent = None if is_canonical and table.rare else _denied(origin, table)
            return _probe(connection, table, granted, origin, is_canonical=False) if granted else silent
        return f"{origin}: {fault.orig.args[-1] if fault.orig is not None and fault.orig.args else fault}"
    # A name is written in capitals or not; SQL takes it for the same.
    types: dict[str, Any] = {str(column[0]).lower(): column[1] for column in probed.cursor.description}
    missing = [column.name for column in table.columns if column.required and column.name not in types]
    if missing:
        return f"{origin} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if table.is_versioned and types["updated_at"] in NUMBERS:
        return f"{origin}: updated_at is a number, no point in time; of seconds since 1970 FROM_UNIXTIME(…) makes one"
    columns = tuple(name for name in table.names if name in types)
    return Source(table, query, columns, origin, types, whole=bool(_WHOLE.search(query)))


def _granted(connection: sa.Connection, table: Table) -> str:
    """SELECT of the contract's columns that the user may read of the ERP's table of that name; empty where there are none."""
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
        f"AND table_name = '{table.name}' AND FIND_IN_SET('select', privileges)"
    )
    granted: set[str] = set(connection.exec_driver_sql(query).scalars()).intersection(table.names)
    columns = ", ".join(f"`{name}`" for name in table.names if name in granted)
    return f"SELECT {columns} FROM `{table.name}`" if columns else ""


def _denied(origin: str, table: Table) -> str:
    sentence = f"{origin}: no right to read it"
    if table.required or not origin.startswith("table "):
        return sentence
    return (
        f"{sentence}, or there is none, which MariaDB does not tell a user with rights on single tables: GRANT SELECT on it, "
        "or on the database where there is none"
    )
