"""dbt in this process: where it writes, whom it connects to, and what went wrong, by name.

dbt's own runner is used instead of its command line: the project is parsed once without the run's variables, so dbt's partial parsing
holds from one as-of date to the next, and the parsed manifest is handed to the build.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files, warehouse

PROJECT = settings.ROOT / "dbt"

# Sorts of stock and sales fit in memory; a compiler for queries of milliseconds costs more than it saves.
_SESSION = "-c work_mem=128MB -c maintenance_work_mem=256MB -c jit=off"


def folder(*parts: str) -> Path:
    """Folder of dbt below the state folder."""
    return files.state_dir("dbt", *parts)


def environment(address: str) -> dict[str, str]:
    """What ``dbt/profiles.yml`` reads, from the warehouse's address.

    Args:
        address: ``postgresql://user:password@host:port/database``.

    Returns:
        Environment variables. The password's name makes dbt keep it out of its logs.

    >>> environment("postgresql://me:s%40y@db:5433/wh")["DBT_ENV_SECRET_WAREHOUSE_PASSWORD"]
    's@y'
    """
    parts = urlsplit(address)
    return {
        "DBT_WAREHOUSE_HOST": parts.hostname or "127.0.0.1",
        "DBT_WAREHOUSE_PORT": str(parts.port or 5432),
        "DBT_WAREHOUSE_USER": unquote(parts.username or ""),
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": unquote(parts.password or ""),
        "DBT_WAREHOUSE_DATABASE": parts.path.lstrip("/"),
        "PGOPTIONS": f"{os.environ.get('PGOPTIONS', '')} {_SESSION}".strip(),
    }


@contextmanager
def _connected() -> Iterator[None]:
    """The environment for the length of a call; other connections of this process must not inherit it."""
    wanted = environment(warehouse.url())
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def parse(variables: Mapping[str, Any] | None = None) -> Any:
    """The project's manifest; only files changed since the last call are parsed again.

    Args:
        variables: for a caller that parses for other than the defaults; makes dbt parse everything.

    Returns:
        ``dbt.contracts.graph.manifest.Manifest``; also written to ``target/manifest.json``.

    Raises:
        StockproofError: the project does not parse; dbt's words name the file.
    """
    extra = ["--vars", yaml_of(variables)] if variables else []
    return invoke(["--quiet", "parse", *extra], "the dbt project does not parse").result


def invoke(arguments: Sequence[str], trouble: str, manifest: Any = None) -> Any:
    """Run one dbt command in this process.

    Args:
        arguments: command and options.
        trouble: what to say where dbt could not run at all.
        manifest: from :func:`parse`; None lets dbt parse.

    Returns:
        ``dbt.cli.main.dbtRunnerResult``: ``success`` is False where a node failed.

    Raises:
        StockproofError: dbt could not run at all: project, connection.
    """
    from dbt.cli.main import dbtRunner

    paths = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target-path": folder("target"),
        "--log-path": folder("logs"),
    }
    options = [part for option, path in paths.items() for part in (option, str(path))]
    with _connected():
        answer = dbtRunner(manifest=manifest).invoke(["--no-use-colors", "--no-version-check", *arguments, *options])
    if answer.exception is not None:
        words = str(answer.exception).strip()
        raise StockproofError(
            f"{trouble}: {words}", f"details are in dbt's log: {folder('logs') / 'dbt.log'}"
        ) from None
    return answer


def yaml_of(variables: Mapping[str, Any]) -> str:
    """Variables as dbt's ``--vars`` takes them (JSON is YAML)."""
    import json

    return json.dumps(dict(variables), default=str)
