"""``stockproof model``: versions of the forecaster, their cards and scores; promote one, take one back."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.commands import sign_in
from pipelines.commands.sign_in import By

app = typer.Typer(help="Models: which one serves, how accurate it was; promote one or roll back.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Name = Annotated[str, typer.Argument(metavar="VERSION", help="Number, or champion, challenger, previous.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log of decisions.")]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Date it holds from. Default: the newest run's."
    ),
]


@app.command("list", epilog="Example: stockproof model list")
def listed(as_json: Json = False) -> None:
    """All versions, newest first: alias, training, which dates each serves."""
    from pipelines.governance import queries

    rows = queries.models()
    if as_json:
        typer.echo(json.dumps({"models": rows}, default=_text))
        return
    table = Table(
        "version", "alias", "role", "trained", "serves", "code", title=f"{len(rows)} versions", title_justify="left"
    )
    for row in rows:
        serves = ", ".join(f"{s['from']} to {s['until'] or 'now'}" for s in row["serves"])
        table.add_row(
            str(row["number"]),
            ", ".join(row["aliases"]),
            row["role"],
            str(row["trained_as_of"]),
            serves,
            row["code_version"],
        )
    _console().print(table)


@app.command(epilog="Example: stockproof model show champion")
def show(name: Name = "champion", as_json: Json = False) -> None:
    """One version: what it was trained on, its scores by class, and the decisions on it."""
    from pipelines.governance import queries

    answer = queries.model(name)
    if as_json:
        typer.echo(json.dumps(answer, default=_text))
        return
    console = _console()
    console.print(
        f"[bold]{answer['version']}[/bold] {', '.join(answer['aliases'])}  trained as of {answer['trained_as_of']}"
    )
    console.print(f"  data {answer['data_hash']}, code {answer['code_version']}")
    console.print(f"  {escape(answer['decision'])}", soft_wrap=True)
    classes = sorted(
        {key.split(".")[0] for key in answer["metrics"] if key.endswith(".scaled_pinball") and key.count(".") == 1}
    )
    table = Table("class", "scaled pinball", "coverage 95%", "bias", "RMSSE", "MAE", "MAPE", title_justify="left")
    for name_ in [c for c in classes if c != "champion"]:
        measures = ("scaled_pinball", "coverage_95", "bias", "rmsse", "mae", "mape")
        table.add_row(name_, *(_number(answer["metrics"].get(f"{name_}.{measure}")) for measure in measures))
    console.print(table)
    for row in answer["decisions"]:
        console.print(f"  {row['as_of']} {row['action']} by {row['author']}: {escape(row['reason'])}", soft_wrap=True)


@app.command(epilog="Example: stockproof model card champion > card.md")
def card(name: Name = "champion", as_json: Json = False) -> None:
    """The model card: data, classes, scores, weak spots, what it was compared with."""
    from pipelines.governance import queries

    answer = queries.card(name)
    typer.echo(json.dumps(answer["facts"], default=_text) if as_json else answer["markdown"].rstrip())


@app.command(epilog="Example: stockproof model promote challenger --reason 'knows the new season' --by ann")
def promote(name: Name, reason: Reason, by: By = None, as_of: Day = None, as_json: Json = False) -> None:
    """Make a version serve from the newest run on; runs of earlier dates keep theirs."""
    from pipelines.governance import actions

    author = sign_in.author(by, "approver", "promote a model")
    answer = actions.promote(name, reason=reason, author=author, as_of=as_of.date() if as_of else None)
    if as_json:
        typer.echo(json.dumps(answer, default=_text))
        return
    replaced = f" in place of {answer['replaces']}" if answer["replaces"] else ""
    _console().print(f"{answer['version']} serves from {answer['from']} on{replaced}.")


@app.command(epilog="Example: stockproof model rollback --reason 'too low on lumpy items' --by ann")
def rollback(reason: Reason, by: By = None, as_of: Day = None, as_json: Json = False) -> None:
    """Roll back the champion: the version before it serves again, from the newest run on."""
    from pipelines.governance import actions

    author = sign_in.author(by, "approver", "take a model back")
    answer = actions.roll_back(reason=reason, author=author, as_of=as_of.date() if as_of else None)
    if as_json:
        typer.echo(json.dumps(answer, default=_text))
        return
    _console().print(f"{answer['version']} is taken back; {answer['serves']} serves from {answer['from']} on.")


@app.command(epilog="Example: stockproof model accuracy --by abc_class --days 91")
def accuracy(
    by: Annotated[str, typer.Option("--by", help="demand_class, category or abc_class.")] = "demand_class",
    days: Annotated[int, typer.Option(min=1, help="Newest days of runs that count.")] = 28,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Write a picture (PNG) as well.")] = None,
    as_json: Json = False,
) -> None:
    """Accuracy of forecasts whose days have passed, beside that of the simple method; and alarms of drift."""
    from pipelines.governance import queries

    rows, alarms = queries.accuracy(days, by), queries.drift()
    if plot is not None:
        plot.write_bytes(queries.picture())
    if as_json:
        typer.echo(json.dumps({"by": by, "days": days, "accuracy": rows, "drift": alarms}, default=_text))
        return
    measures = ("scaled_pinball", "coverage_95", "bias", "rmsse", "mae", "mape")
    table = Table(
        "segment", "ahead", "forecast by", "windows", "scaled pinball", "coverage 95%", "bias", "RMSSE", "MAE", "MAPE"
    )
    for row in rows:
        who = "the simple method" if row["role"] == "simple" else f"{row['model_version']} ({row['role']})"
        table.add_row(
            row["segment"], row["horizon"], who, str(row["windows"]), *(_number(row[name]) for name in measures)
        )
    console = _console()
    console.print(table)
    for alarm in alarms[:5]:
        console.print(f"  {alarm['as_of']}: {escape(alarm['what'])}; {escape(alarm['remedy'])}", soft_wrap=True)


@app.command(epilog="Example: stockproof model share")
def share(as_json: Json = False) -> None:
    """The share of SKUs that the challenger serves (governance.challenger_share), and what became of it beside the champion."""
    from pipelines.governance import queries

    answer = queries.share()
    if as_json:
        typer.echo(json.dumps(answer, default=_text))
        return
    console = _console()
    if answer["challenger"] is None:
        console.print(f"No SKU was served by a challenger; governance.challenger_share is {answer['share']:g}.")
        return
    console.print(
        f"{answer['challenger']} served {answer['skus']} SKUs from {answer['since']} to {answer['until']} (share {answer['share']:g})."
    )
    table = Table("measure", "champion", "challenger less champion", "95% interval", "pairs", "better")
    for row in answer["differences"]:
        interval = f"{row['low']:+.4f} to {row['high']:+.4f}"
        table.add_row(
            row["measure"],
            f"{row['champion']:.4f}",
            f"{row['difference']:+.4f}",
            interval,
            str(row["of"]),
            row["winner"],
        )
    console.print(table)


def _console() -> Console:
    return Console(highlight=False)


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
