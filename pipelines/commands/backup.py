"""``stockproof backup | backup list | verify | drill`` and ``stockproof restore --to TIME``."""

import json
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from pipelines.core.errors import StockproofError

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(
    help="Back up the warehouse, the registry and Airflow's metadata, and list the backups. Without a subcommand: make a base backup.",
    epilog="Example: stockproof backup --verify",
    invoke_without_command=True,
)
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(root: typer.Typer) -> None:
    """Add the commands to the root."""
    root.add_typer(app, name="backup")
    root.command(epilog="Example: stockproof restore --to 2026-06-28T21:30   (in schedule.timezone)")(restore)


@app.callback()
def backup(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Everything, not only what changed since the last backup.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--verify", help="Afterwards read every file of the backups and compare it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a base backup: incremental, or full where the last full one is older than backup.full_days."""
    if context.invoked_subcommand:
        return
    from pipelines.operations.backup import job
    from pipelines.stack import servers

    servers.up(Console(stderr=as_json, highlight=False).print, airflow=False)
    made = job.run("full" if full else "auto")
    if as_json:
        print(json.dumps(made, indent=2))
    else:
        console.print(f"{made['backup_id']}  {made['bytes'] / 1e6:,.0f} MB in {made['seconds']:.1f} s")
    if check:
        _verify()


@app.command("list", epilog="Example: stockproof backup list --json")
def list_(as_json: Json = False) -> None:
    """The base backups, and the span of time that can be restored."""
    from pipelines.operations.backup import queries

    found, between = queries.kept(), queries.restorable()
    rows = [
        {
            "backup_id": one.backup_id,
            "kind": one.kind,
            "parent": one.parent,
            "bytes": one.size,
            "finished_at": one.finished_at.isoformat(),
        }
        for one in found
    ]
    if as_json:
        print(json.dumps({"backups": rows, "restorable": [at.isoformat() for at in between or ()]}, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("backup", "finished", "MB", "continues"):
        table.add_column(heading, justify="right" if heading == "MB" else "left")
    for one in found:
        table.add_row(one.backup_id, f"{one.finished_at:%Y-%m-%d %H:%M:%S} UTC", f"{one.size / 1e6:,.0f}", one.parent)
    console.print(table)
    if between is None:
        console.print("there is no base backup: `stockproof backup` makes one")
    else:
        console.print(
            f"restore to any moment from {between[0]:%Y-%m-%d %H:%M:%S} to {between[1]:%Y-%m-%d %H:%M:%S} UTC"
        )


@app.command(epilog="Example: stockproof backup verify")
def verify() -> None:
    """Read every file of every backup and of the archived log, and compare it with its checksum; code 1 if one is damaged."""
    _verify()


@app.command(epilog="Example: stockproof backup drill")
def drill(as_json: Json = False) -> None:
    """Restore the newest backup into a scratch server and compare it with the running one; code 1 if they differ."""
    from pipelines.operations.backup import job
    from pipelines.stack import servers

    servers.up(Console(stderr=as_json, highlight=False).print, airflow=False)
    found = job.drill()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    console.print(
        f"{found['backup_id']} restored in {found['seconds']:.1f} s: {found['tables_compared']} tables and "
        f"{found['files_compared']} files of the registry are the same"
    )


def restore(
    to: Annotated[str, typer.Option(help="A time, e.g. 2026-06-28T21:30, or `latest`: everything that was committed.")],
    backup_id: Annotated[str | None, typer.Option("--backup", help="Begin with this base backup.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Restore the embedded servers to a point in time. Present data are kept aside; every file is checked before anything is touched."""
    from pipelines.operations.backup import restore as restoring

    moment = None if to == "latest" else _moment(to)
    if not yes:
        typer.confirm(f"Stop the servers and set them back to {moment or 'the last commit'}?", abort=True)
    done = restoring.run(moment, console.print, backup_id)
    if not done.reached:
        console.print(f"the log ends before {moment}: this is the state of its last commit")
    if done.aside:
        console.print(f"the replaced data are in {done.aside}; remove the folder if you do not need them")
    console.print("restored; `stockproof up` starts the rest")


def _moment(text: str) -> datetime:
    from pipelines import settings

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise StockproofError(f"--to {text!r} is not a time", "write it as 2026-06-28T21:30, or `latest`") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.load().schedule.timezone))


def _verify() -> None:
    from pipelines.operations.backup import job

    faults: list[Any] = job.verify()
    for word in faults:
        console.print(f"[red]{word}[/]")
    if faults:
        raise typer.Exit(1)
    console.print("every file of every backup and of the archived log is as it was written")
