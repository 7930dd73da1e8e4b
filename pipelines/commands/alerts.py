"""``stockproof alerts list | rules | test | acknowledge | assign | snooze | done``."""

import json
from datetime import UTC
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.commands import sign_in
from pipelines.commands.sign_in import By

app = typer.Typer(help="What is wrong, who has seen it, and whether messages arrive.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Number = Annotated[int, typer.Argument(help="Number of the alert, as `alerts list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the act.")]

COLOURS = {"critical": "red", "warning": "yellow", "info": "cyan"}


@app.command("list", epilog="Example: stockproof alerts list --all --json")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over, done or snoozed.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows.")] = 100,
    as_json: Json = False,
) -> None:
    """Open alerts, newest first."""
    from pipelines.operations import queries

    found = queries.open_alerts(closed=everything, limit=limit)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    if not found:
        print("no open alert")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("no.", "level", "since", "what", "state"):
        table.add_column(heading, overflow="fold")
    for one in found:
        since = f"{one['opened_at'].astimezone(UTC):%Y-%m-%d %H:%M}"
        level = f"[{COLOURS[one['level']]}]{one['level']}[/]"
        table.add_row(str(one["alert_id"]), level, since, f"{one['title']}: {one['what']}", _state(one))
    Console(highlight=False).print(table)


@app.command(epilog="Example: stockproof alerts rules")
def rules(as_json: Json = False) -> None:
    """The rules in force."""
    from pipelines.operations import queries

    found = queries.listed_rules()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "level", "fires", "what"):
        table.add_column(heading, overflow="fold")
    for one in found:
        bound = f"above {one['above']:g}" if one["above"] is not None else f"below {one['below'] or 0:g}"
        fires = "raised by the program" if one["event"] else f"{one['metric']} {bound}"
        table.add_row(one["name"], f"[{COLOURS[one['level']]}]{one['level']}[/]", fires, one["title"])
    Console(highlight=False).print(table)


@app.command(epilog="Example: stockproof alerts prometheus > /etc/prometheus/stockproof.yml")
def prometheus() -> None:
    """The rules in force as a rules file of Prometheus."""
    from pipelines.operations import queries

    print(queries.prometheus_rules(), end="")


@app.command("test", epilog="Example: stockproof alerts test --level warning")
def send_test(
    level: Annotated[str, typer.Option(help="critical, warning or info.")] = "info", as_json: Json = False
) -> None:
    """Send a test message through every channel configured for a level; code 1 if one refuses it."""
    from pipelines.operations import actions

    answer = actions.send_test(level)
    if as_json:
        print(json.dumps(answer, indent=2))
    elif not answer["delivered"] and not answer["failed"]:
        print(f"nothing is configured for {level}: notify.smtp_url, notify.webhook_url or notify.apprise_urls")
    else:
        for way in answer["delivered"]:
            print(f"{way}: delivered")
        for warning in answer["warnings"]:
            print(warning)
    if answer["failed"]:
        raise typer.Exit(1)


@app.command(epilog="Example: stockproof alerts acknowledge 12 --reason 'the ERP restarts'")
def acknowledge(number: Number, by: By = None, reason: Reason = "") -> None:
    """Mark an alert as seen."""
    from pipelines.operations import actions

    actions.acknowledge(number, _author(by), reason)
    print(f"alert {number} acknowledged")


@app.command(epilog="Example: stockproof alerts assign 12 ann")
def assign(
    number: Number, to: Annotated[str, typer.Argument(help="Who takes it.")], by: By = None, reason: Reason = ""
) -> None:
    """Assign an alert to a person."""
    from pipelines.operations import actions

    actions.assign(number, to, _author(by), reason)
    print(f"alert {number} assigned to {to}")


@app.command(epilog="Example: stockproof alerts snooze 12 --hours 4")
def snooze(
    number: Number,
    hours: Annotated[float, typer.Option(help="For how long.")] = 24.0,
    by: By = None,
    reason: Reason = "",
) -> None:
    """Hide an alert for some hours; it is sent again if the condition still holds then."""
    from pipelines.operations import actions

    actions.snooze(number, hours, _author(by), reason)
    print(f"alert {number} snoozed for {hours:g} hours")


@app.command(epilog="Example: stockproof alerts done 12 --reason 'counted again'")
def done(number: Number, by: By = None, reason: Reason = "") -> None:
    """Close an alert."""
    from pipelines.operations import actions

    actions.done(number, _author(by), reason)
    print(f"alert {number} done")


def _state(one: dict[str, Any]) -> str:
    if one["recovered_at"]:
        return "recovered"
    if one["done_at"]:
        return f"done by {one['done_by']}"
    parts = [f"assigned to {one['assigned_to']}"] if one["assigned_to"] else []
    parts += [f"seen by {one['acknowledged_by']}"] if one["acknowledged_by"] else []
    return ", ".join(parts) or "open"


def _author(by: str | None) -> str:
    return sign_in.author(by, "planner", "act on alerts")
