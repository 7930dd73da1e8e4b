"""``stockproof rollout show | hold | force | release``: how far our policy has taken over."""

import json
from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.commands import sign_in
from pipelines.commands.sign_in import By

app = typer.Typer(
    help="The rollout of our policy: stages, what the rules say, and manual decisions.",
    epilog="Example: stockproof rollout show | stockproof rollout hold --reason 'stocktaking' --by ann",
    no_args_is_help=True,
)

Group = Annotated[str, typer.Option("--group", help="The group; `show` lists them.")]
Why = Annotated[str, typer.Option(help="Why, one sentence for those who ask later.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command(epilog="Example: stockproof rollout show --json")
def show(
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="As seen then.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show stage, figures and verdict of each group, and the log."""
    from pipelines.operations.rollout import queries

    day = as_of.date() if as_of else date.max
    groups, log = queries.groups(day), queries.log(day)
    if as_json:
        typer.echo(json.dumps({"groups": groups, "log": log}, indent=2, default=str))
        return
    if not groups:
        typer.echo("No rollout: our policy decides every SKU. rollout.enabled begins one with the next run.")
        return
    for row in groups:
        held = ", held by a person" if row["held"] else ""
        typer.echo(
            f"{row['group_name']}: {row['stage']} since {row['since']}{held}, {row['skus_ours']:,} of {row['skus']:,} SKUs ours"
        )
        typer.echo(f"  {row['sentence']}")
        typer.echo(f"  {row['verdict']}: {row['reason']}")
    table = Table(box=None)
    for name in ("as_of", "group_name", "event", "stage", "author", "reason"):
        table.add_column(name.replace("_", " "))
    for row in log[:20]:
        table.add_row(
            *(escape(str(row[name])) for name in ("as_of", "group_name", "event", "stage", "author", "reason"))
        )
    Console(highlight=False, width=150).print(table)


@app.command(epilog="Example: stockproof rollout hold --group all --reason 'stocktaking this week' --by ann")
def hold(reason: Why, group: Group = "all", by: By = None, as_json: Json = False) -> None:
    """Keep a group in its stage until it is released."""
    _act("held", group, reason, by, None, as_json)


@app.command(epilog="Example: stockproof rollout force pilot --reason 'the board decided' --by ben")
def force(
    stage: Annotated[str, typer.Argument(metavar="STAGE")],
    reason: Why,
    group: Group = "all",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Move a group to a stage and keep it there until it is released."""
    _act("forced", group, reason, by, stage, as_json)


@app.command(epilog="Example: stockproof rollout release --reason 'stocktaking is over' --by ann")
def release(reason: Why, group: Group = "all", by: By = None, as_json: Json = False) -> None:
    """Let the rules decide about a group again."""
    _act("released", group, reason, by, None, as_json)


def _act(event: str, group: str, reason: str, by: str | None, stage: str | None, as_json: bool) -> None:
    from pipelines.operations.rollout import actions

    author = sign_in.author(by, "approver", "change the rollout")
    done = actions.act(event, group, reason, author, stage)
    words = f"{done['group']}: {event}, {done['stage']} from the run of {done['from']} on, by {author}: {reason}"
    typer.echo(json.dumps(done, indent=2) if as_json else words)
