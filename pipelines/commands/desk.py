"""``stockproof desk``: where the planner's desk is, and the way in."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(epilog="Example: stockproof desk")(desk)


def desk() -> None:
    """Print the address of the planner's desk; until someone has signed in, a one-time password too."""
    from pipelines.access import actions
    from pipelines.stack import servers

    once = actions.first_user()
    typer.echo(f"desk      {servers.desk_url()}")
    if once:
        typer.echo(f"          sign in as admin, one-time password {once}")
