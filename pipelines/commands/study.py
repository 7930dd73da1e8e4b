"""``stockproof study``: ask what another policy would have done, watch the replay, keep the answer, compare, report, verify."""

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.commands import marts, study_question, study_text
from pipelines.commands import study_question as ask
from pipelines.core.errors import StockproofError
from pipelines.core.text import count

app = typer.Typer(
    help="Studies: what another policy would have done on the recorded past, beside what was done.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Which = Annotated[str, typer.Argument(help="Id of the study, or its beginning; last: the newest.")]
POLL_SECONDS = 0.3


@app.command(
    epilog="Example: stockproof study submit --items 500 --policy ours,base_stock --change demand_factor=1.2 --name peak"
)
def submit(  # noqa: PLR0913, PLR0917 a command's options are its arguments
    question: ask.File = None, items: ask.Items = None, sample: ask.Sample = None, top: ask.Top = None, item: ask.Item = "",
    category: ask.Category = "", supplier: ask.Supplier = "", location: ask.Location = "", class_: ask.Classes = "", abc: ask.Abc = "",
    saved: ask.Saved = "", days: ask.Span = None, since: ask.Since = None, until: ask.Until = None,
    policy: ask.Policies = "", levels: ask.Levels = None,
    scenario: ask.Scenario = "", change: ask.Change = None, sweep: ask.Sweep = "", stock_budget: ask.StockBudget = None,
    change_cost: ask.Cost = None, retrain_days: ask.Retrain = None, name: ask.Name = "", tags: ask.Tags = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Check the question, queue the study in Airflow, print its id and return."""
    number = _submit(study_question.question(locals()))
    typer.echo(json.dumps({"simulation_id": number, "status": "queued"}) if as_json else number)


@app.command(epilog="Example: stockproof study run --items 200 --days 366")
def run(  # noqa: PLR0913, PLR0917 a command's options are its arguments
    question: ask.File = None, items: ask.Items = None, sample: ask.Sample = None, top: ask.Top = None, item: ask.Item = "",
    category: ask.Category = "", supplier: ask.Supplier = "", location: ask.Location = "", class_: ask.Classes = "", abc: ask.Abc = "",
    saved: ask.Saved = "", days: ask.Span = None, since: ask.Since = None, until: ask.Until = None,
    policy: ask.Policies = "", levels: ask.Levels = None,
    scenario: ask.Scenario = "", change: ask.Change = None, sweep: ask.Sweep = "", stock_budget: ask.StockBudget = None,
    change_cost: ask.Cost = None, retrain_days: ask.Retrain = None, name: ask.Name = "", tags: ask.Tags = "",
    here: Annotated[bool, typer.Option("--here", help="In this process, without Airflow.")] = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Submit a study and follow it to its answer."""
    asked = study_question.question(locals())
    marts.tell()
    if here:
        from pipelines.studies import job

        answer = job.run(asked)
        study_text.show(answer, as_json)
        if answer["status"] != "completed":
            raise typer.Exit(1)
        return
    _follow(_submit(asked), as_json)


@app.command(epilog="Example: stockproof study watch last")
def watch(study: Which = "last", as_json: Json = False) -> None:
    """Follow a study to its answer; ending the command does not end the study."""
    from pipelines.studies import queries

    _follow(queries.found(study)["simulation_id"], as_json)


def _submit(question: Any) -> str:
    """Record the study and start its run; one that Airflow refuses is closed as failed."""
    from pipelines.stack import servers
    from pipelines.studies import actions

    number = actions.submit(question)
    try:
        servers.api().trigger("simulation_study", f"study-{number}", {"simulation_id": number})
    except StockproofError as fault:
        actions.abandon(number, fault.message)
        raise
    return number


def _follow(number: str, as_json: bool) -> None:
    from pipelines.studies import queries

    with study_text.Bar(quiet=as_json) as bar:
        while True:
            known = queries.state(number)
            bar.show(known)
            if known["status"] not in ("queued", "running"):
                break
            time.sleep(POLL_SECONDS)
    found = queries.found(number)
    study_text.show(found["result"] or _state(found), as_json)
    if found["status"] != "completed":
        raise typer.Exit(1)


def _state(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("simulation_id", "status", "progress", "stage", "message")}


@app.command("list", epilog="Example: stockproof study list --tag peak")
def list_(
    status: Annotated[str, typer.Option(help="queued, running, completed, failed or cancelled.")] = "",
    tag: Annotated[str, typer.Option(help="Of this tag.")] = "",
    as_json: Json = False,
) -> None:
    """Studies kept, the newest first."""
    from pipelines.studies import queries

    rows = queries.listed(status, tag)
    if as_json:
        typer.echo(json.dumps(rows.to_dicts(), default=str))
        return
    table = Table("study", "name", "status", "done", "from", "until", "what", "author")
    for row in rows.iter_rows(named=True):
        what = json.loads(row["parameters"])
        label = f"{what['items']:,} of {what['of']:,} SKUs, {what['sample']}"
        label += f", {count(what['variants'], 'variant')}" if what.get("variants", 1) > 1 else ""
        dates = str(row["start_date"]), str(row["end_date"])
        table.add_row(
            row["simulation_id"][:8], row["name"], row["status"], f"{row['progress']:.0%}", *dates, label, row["author"]
        )
    Console().print(table)


@app.command(epilog="Example: stockproof study show last --daily month")
def show(
    study: Which = "last",
    daily: Annotated[str | None, typer.Option(help="Add the daily comparison by day, week or month.")] = None,
    item: Annotated[
        str, typer.Option(help="Days of this SKU, as ITEM or ITEM@LOCATION: stock, sales, orders by policy.")
    ] = "",
    by: Annotated[str, typer.Option(help="A page of item, category, supplier, class, abc or location.")] = "",
    sort: Annotated[
        str, typer.Option(help="By which benefit: cost_saved, stockout_reduction, inventory_reduction, …")
    ] = "cost_saved",
    page: Annotated[int | None, typer.Option(min=1, help="Which page.")] = None,
    per_page: Annotated[int, typer.Option(min=1, max=1000, help="Rows a page.")] = 100,
    as_json: Json = False,
) -> None:
    """The answer of a study, or how far it is."""
    from pipelines.studies import queries

    found = queries.found(study)
    result = found["result"] or _state(found)
    if found["result"]:
        if daily:
            result["daily_comparison"] = queries.daily(found, daily)
        if by or page:
            result |= queries.page(found, by or "item", sort, page or 1, per_page)
        if item:
            result["item_days"] = queries.item_days(found, item)
    study_text.show(result, as_json)


@app.command(epilog="Example: stockproof study compare 3f2a 91bc")
def compare(studies: Annotated[list[str], typer.Argument(help="Two or more studies.")], as_json: Json = False) -> None:
    """Studies side by side: what differed in the question, and each minus the first with a paired interval."""
    from pipelines.studies import queries

    compared = queries.compared(studies)
    if as_json:
        typer.echo(json.dumps(compared, default=str))
    else:
        study_text.compared(compared)


@app.command(epilog="Example: stockproof study report last --format pdf")
def report(
    studies: Annotated[list[str], typer.Argument(help="A study, or several to compare.")],
    form: Annotated[str, typer.Option("--format", help="html, pdf or xlsx.")] = "html",
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: among the reports of the state folder.")
    ] = None,
) -> None:
    """The report of a study or of a comparison: a page with plots, a PDF to print, or a workbook."""
    from pipelines.stack import packages
    from pipelines.studies import actions

    if form == "pdf":
        packages.pango()
    typer.echo(actions.report(studies, form, out))


@app.command(epilog="Example: stockproof study scenarios")
def scenarios(as_json: Json = False) -> None:
    """Scenarios by name: built-in ones and those of the configuration."""
    from pipelines.studies import scenarios as named

    known = named.listed()
    if as_json:
        typer.echo(json.dumps(known))
        return
    table = Table("scenario", "what it changes")
    for name, change in known.items():
        table.add_row(name, ", ".join(f"{key} = {value}" for key, value in change.items()) or "nothing")
    Console().print(table)


@app.command(epilog="Example: stockproof study cancel last")
def cancel(study: Which) -> None:
    """Stop a study that is queued or runs; it ends at its next step and keeps nothing."""
    from pipelines.studies import actions

    typer.echo(f"study {actions.cancel(study)[:8]} is cancelled")


@app.command(epilog="Example: stockproof study prune --keep 10")
def prune(
    keep: Annotated[int, typer.Option(min=0, help="How many of the newest to keep.")] = 10,
    study: Annotated[str | None, typer.Option(help="Delete this study alone.")] = None,
) -> None:
    """Delete studies that have ended."""
    from pipelines.studies import actions

    deleted = actions.prune(keep, [study] if study else [])
    typer.echo(f"{deleted} {'study' if deleted == 1 else 'studies'} deleted")


@app.command(epilog="Example: stockproof study verify --as-of 2026-06-28 --item ITEM-000001")
def verify(
    as_of: Annotated[datetime | None, ask.day("--as-of", "Date of the run. Default: the date the marts hold.")] = None,
    item: Annotated[str, typer.Option(help="These item_ids alone, separated by commas.")] = "",
    as_json: Json = False,
) -> None:
    """Compute the passports of a run again from the warehouse and compare every figure to the bit; code 1 if one differs."""
    from pipelines.replay import verify
    from pipelines.studies import queries

    day: date = as_of.date() if as_of else queries.marts_date()
    if as_of is None:
        marts.tell()
    outcome = verify.run(day, [name.strip() for name in item.split(",") if name.strip()])
    if as_json:
        typer.echo(json.dumps(outcome))
    else:
        study_text.verified(outcome)
    if outcome["equal"] != outcome["checked"] or any(outcome["tables"].values()):
        raise typer.Exit(1)
