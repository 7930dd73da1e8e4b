"""``stockproof up | down | status``."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command(epilog="Example: stockproof up")(up)
    app.command(epilog="Example: stockproof down")(down)
    app.command(epilog="Example: stockproof worker --name second --state /var/lib/stockproof")(worker)
    app.command(epilog="Example: stockproof status --json | python -m json.tool")(status)


def up() -> None:
    """Start the embedded stack: PostgreSQL, MariaDB, MLflow, Airflow and the desk on 127.0.0.1. Safe to repeat."""
    from pipelines.stack import servers

    servers.up(console.print)
    _addresses(servers.status())


def down() -> None:
    """Stop every server of the embedded stack. Data stays."""
    from pipelines.stack import servers

    servers.down(console.print)


def worker(
    name: str = typer.Option("worker", help="Name of this worker; no two workers share one."),
    state: str = typer.Option(..., help="State folder of this worker; nothing in it is shared."),
) -> None:
    """Take tasks of the stack's Airflow through Celery until it is stopped; needs warehouse, registry and ERP, no shared disk."""
    import os

    from pipelines.stack import worker as celery

    command, environment = celery.command(name, state)
    os.execvpe(command[0], command, environment)  # noqa: S606


def status(as_json: bool = typer.Option(False, "--json", help="For programs; holds passwords.")) -> None:
    """Addresses and health of each part; code 1 if a part is down."""
    from pipelines.stack import servers

    found = servers.status()
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _addresses(found)
    if any(state != "healthy" for state in found["health"].values()):
        raise typer.Exit(1)


def _addresses(found: dict[str, Any]) -> None:
    from urllib.parse import urlsplit

    table = Table(box=None, pad_edge=False)
    for heading in ("part", "address", "health"):
        table.add_column(heading, overflow="fold")
    for part, state in found["health"].items():
        address = str(found[f"{part}_url"])
        password = urlsplit(address).password
        colour = "green" if state == "healthy" else "red"
        table.add_row(part, address.replace(f":{password}@", ":…@") if password else address, f"[{colour}]{state}[/]")
    console.print(table)
    console.print(f"Airflow's user is {found['airflow_user']}, its password {found['airflow_password']}")
