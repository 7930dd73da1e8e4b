"""``stockproof users add | list | remove | renew``: who may sign in, and what they may do."""

import getpass
import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="Users of the API and the desk: who may do what.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.")]


@app.command(epilog="Example: stockproof users add ann --role approver --limit manager")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, planner (override, reject), approver (sign, release) or admin.")],
    limit: Annotated[
        str | None,
        typer.Option(help="Role of approvals.roles whose limit holds for the signatures; default: no limit."),
    ] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Add a user. Without a password, a one-time password is printed: it is valid for 72 hours and one sign-in."""
    from pipelines.access import actions
    from pipelines.access.people import ROLES

    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    known = next((one for one in ROLES if one == role), None)
    once = actions.add_user(name, known or role, limit=limit, by=getpass.getuser(), password=password)  # type: ignore[arg-type]
    typer.echo(f"{name} is {role}" + (f"; one-time password: {once}" if once else ""))


@app.command(name="list", epilog="Example: stockproof users list")
def show(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show the users, their roles and when they last signed in."""
    from pipelines.access import queries

    users = queries.listed()
    if as_json:
        typer.echo(json.dumps(users, indent=2, default=str))
        return
    table = Table("name", "role", "limit", "state", "last here", box=None)
    for user in users:
        seen = f"{user['seen_at']:%Y-%m-%d %H:%M}" if user["seen_at"] else ""
        state = "one-time password" if user["must_change"] else ""
        table.add_row(user["name"], user["role"], user["limit_role"] or "none", state, seen)
    Console(highlight=False).print(table)


@app.command(epilog="Example: stockproof users remove ann")
def remove(name: Name) -> None:
    """Remove a user; the user's sessions and tokens end at once."""
    from pipelines.access import actions

    actions.remove_user(name, by=getpass.getuser())
    typer.echo(f"{name} removed")


@app.command(epilog="Example: stockproof users renew ann")
def renew(name: Name) -> None:
    """Print a new one-time password for a user who has lost theirs; the user's sessions and tokens end."""
    from pipelines.access import actions

    typer.echo(f"{name}: one-time password: {actions.renew(name, by=getpass.getuser())}")
