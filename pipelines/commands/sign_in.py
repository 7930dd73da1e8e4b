"""``stockproof login | logout``, and who acts on the command line: from the first user on, the person who is logged in."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.core.errors import NotAllowed

if TYPE_CHECKING:
    from pipelines.access.people import Role
    from pipelines.config_schema import Approvals

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="Who acts. Once users exist: who is logged in. Before: default approvals.author, else the system's user.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command(epilog="Example: stockproof login ann")(login)
    app.command(epilog="Example: stockproof logout")(logout)


def login(name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.")]) -> None:
    """Sign in for the commands that act under a name; a one-time password is replaced first."""
    from pipelines.access import actions
    from pipelines.io import files

    user = actions.authenticate(name, typer.prompt("Password", hide_input=True))
    if user.must_change:
        user = actions.choose_password(
            user, typer.prompt("Password of your own", hide_input=True, confirmation_prompt=True)
        )
    held = json.dumps({"session": actions.start_session(user)})
    files.write_atomic(_file(), held, mode=0o600)
    typer.echo(f"{user.name} is logged in as {user.role}")


def logout() -> None:
    """End the session of `stockproof login`."""
    from pipelines.access import actions

    if token := _token():
        actions.end_session(token)
    _file().unlink(missing_ok=True)
    typer.echo("logged out")


def signer(by: str | None, role: "Role", act: str) -> "tuple[str | None, Approvals | None]":
    """Who signs, and within which limits.

    Args:
        by: the name given.
        role: the role that may.
        act: what is done, as a verb with its object.

    Returns:
        The name and the limits; ``by`` and None where there are no users yet: then the configuration holds.

    Raises:
        NotAllowed: users exist and nobody, or another person than ``by``, is logged in, or the role is lower.
    """
    from pipelines.access import queries

    if not queries.active():
        return by, None
    user = queries.of_session(token) if (token := _token()) else None
    if user is None or user.must_change:
        raise NotAllowed(f"users exist, and nobody is logged in to {act}", "stockproof login NAME")
    if by is not None and by != user.name:
        raise NotAllowed(
            f"{user.name} is logged in and cannot sign as {by}", f"leave --by out, or `stockproof login {by}`"
        )
    user.require(role, act)
    return user.name, queries.approvals()


def author(by: str | None, role: "Role", act: str) -> str:
    """Who does something that is kept under a name: the person who is logged in; before there are users, ``--by`` or its defaults.

    Args:
        by: the name given.
        role: the role that may.
        act: what is done, as a verb with its object.

    Raises:
        StockproofError: as of :func:`signer`, or nobody is named.
    """
    from pipelines import settings
    from pipelines.orders import approvals

    name, _ = signer(by or None, role, act)
    return approvals.author(name, settings.load().approvals)


def _file() -> Path:
    from pipelines.io import files

    return files.state_dir("desk") / f"login-{os.getuid()}.json"


def _token() -> str:
    try:
        return str(json.loads(_file().read_text())["session"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
