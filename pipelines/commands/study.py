"""``stockproof study``: replay our policy on the recorded past of some SKUs or of all, keep the answer, compare, verify."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.commands import marts, study_text
from pipelines.core.errors import StockproofError

app = typer.Typer(
    help="Studies: what our policy would have done on the recorded past, beside what was done.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Which = Annotated[str, typer.Argument(help="Id of the study, or its beginning; last: the newest.")]


def _day(option: str, text: str) -> Any:
    return typer.Option(option, formats=["%Y-%m-%d"], help=text)


@app.command(epilog="Example: stockproof study run --items 200 --days 366")
def run(  # noqa: PLR0913, PLR0917 a command's options are its arguments
    items: Annotated[
        int | None, typer.Option(min=1, help="SKUs of the sample. Default: all, or 200 with --sample.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="stratified (default with --items): a random sample by class; or all.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="The best sellers instead: a biased sample.")] = None,
    item: Annotated[str, typer.Option(help="These item_ids alone, separated by commas.")] = "",
    days: Annotated[int, typer.Option(min=7, help="Days replayed.")] = 365,
    since: Annotated[datetime | None, _day("--from", "First day; instead of --days.")] = None,
    until: Annotated[
        datetime | None, _day("--until", "Last day. Default: the date of the marts, that is of the last run.")
    ] = None,
    retrain_days: Annotated[
        int | None,
        typer.Option(min=7, help="Forecast with boosted trees too, retrained every so many days of the past."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay our policy, selected on earlier days, with weekly re-forecasts; the books and the ERP's rule beside it."""
    from pipelines.studies import study

    if sample not in (None, "stratified", "all"):
        raise StockproofError(
            f"--sample takes stratified or all, not {sample!r}", "for a random sample of a size: --items 200"
        )
    if top and (items or sample):
        raise StockproofError(
            "--top N picks the best sellers alone, so it goes with neither --items nor --sample",
            "name one of the three",
        )
    kind: Any = "top" if top else "all" if sample == "all" or not (items or sample) else "stratified"
    named = [name.strip() for name in item.split(",") if name.strip()]
    plan = study.Plan(
        kind, top or items or 200, named, days, until.date() if until else None, since.date() if since else None,
        retrain_days,
    )  # fmt: skip
    marts.tell()
    with study_text.Bar(quiet=as_json) as bar:
        result = study.run(plan, bar.tell, bar.train)
    study_text.show(result, as_json)
    if result["status"] != "completed":
        raise typer.Exit(1)


@app.command("list", epilog="Example: stockproof study list")
def list_(as_json: Json = False) -> None:
    """Studies kept, the newest first."""
    from pipelines.studies import tables as study_tables

    rows = study_tables.listed()
    if as_json:
        typer.echo(json.dumps(rows.to_dicts(), default=str))
        return
    table = Table("study", "status", "done", "from", "until", "what")
    for row in rows.iter_rows(named=True):
        what = json.loads(row["parameters"])
        label = f"{what['items']} of {what['of']} SKUs, {what['sample']}"
        table.add_row(
            row["simulation_id"][:8],
            row["status"],
            f"{row['progress']:.0%}",
            str(row["start_date"]),
            str(row["end_date"]),
            label,
        )
    Console().print(table)


@app.command(epilog="Example: stockproof study show last --daily month")
def show(
    study: Which = "last",
    daily: Annotated[str | None, typer.Option(help="Add the daily comparison by day, week or month.")] = None,
    page: Annotated[int | None, typer.Option(min=1, help="A page of the SKUs instead of the top 20.")] = None,
    per_page: Annotated[int, typer.Option(min=1, max=1000, help="SKUs a page.")] = 100,
    as_json: Json = False,
) -> None:
    """The result of a study."""
    from pipelines.studies import result as study_result
    from pipelines.studies import tables as study_tables

    found = study_tables.found(study)
    result = found["result"] or {name: found[name] for name in ("simulation_id", "status", "progress", "message")}
    if daily:
        if daily not in ("day", "week", "month"):
            raise StockproofError(f"--daily {daily} is not known", "--daily day, week or month")
        result["daily_comparison"] = study_tables.days(found["simulation_id"], daily)
    if page and found["result"]:
        rows = study_result.item_rows(study_tables.items(found["simulation_id"]))
        result["item_level_summary"] = rows.slice((page - 1) * per_page, per_page).to_dicts()
        result["page"] = {"page": page, "per_page": per_page, "items": rows.height}
    study_text.show(result, as_json)


@app.command(epilog="Example: stockproof study compare 3f2a 91bc")
def compare(first: Which, second: Which, as_json: Json = False) -> None:
    """Two studies side by side: their figures, and the second less the first."""
    from pipelines.studies import tables as study_tables

    results = [study_tables.found(name) for name in (first, second)]
    unfinished = [found["simulation_id"] for found in results if not found["result"]]
    if unfinished:
        raise StockproofError(
            f"study {unfinished[0]} has no result", "`stockproof study list` shows which are completed"
        )
    rows = study_text.side_by_side(*(found["result"] for found in results))
    if as_json:
        typer.echo(
            json.dumps({"first": results[0]["simulation_id"], "second": results[1]["simulation_id"], "figures": rows})
        )
    else:
        study_text.compared(rows)


@app.command(epilog="Example: stockproof study cancel last")
def cancel(study: Which) -> None:
    """Stop a running study; it ends at its next step and keeps nothing."""
    from pipelines.studies import tables as study_tables

    found = study_tables.found(study)
    if not study_tables.cancel(found["simulation_id"]):
        raise StockproofError(
            f"study {found['simulation_id'][:8]} does not run, it is {found['status']}", "`stockproof study list`"
        )
    typer.echo(f"study {found['simulation_id'][:8]} is cancelled")


@app.command(epilog="Example: stockproof study prune --keep 10")
def prune(
    keep: Annotated[int, typer.Option(min=0, help="So many of the newest stay.")] = 10,
    study: Annotated[str | None, typer.Option(help="Delete this study alone.")] = None,
) -> None:
    """Delete old studies; running ones stay."""
    from pipelines.studies import tables as study_tables

    only = [study_tables.found(study)["simulation_id"]] if study else []
    deleted = study_tables.prune(keep, only)
    typer.echo(f"{deleted} {'study' if deleted == 1 else 'studies'} deleted")


@app.command(epilog="Example: stockproof study verify --as-of 2026-06-28 --item ITEM-000001")
def verify(
    as_of: Annotated[datetime | None, _day("--as-of", "Date of the run. Default: the date the marts hold.")] = None,
    item: Annotated[str, typer.Option(help="These item_ids alone, separated by commas.")] = "",
    as_json: Json = False,
) -> None:
    """Compute the passports of a run again from the warehouse and compare every figure to the bit; code 1 where one differs."""
    from pipelines.replay import verify
    from pipelines.studies import tables as study_tables

    day: date = as_of.date() if as_of else study_tables.marts_date()
    if as_of is None:
        marts.tell()
    outcome = verify.run(day, [name.strip() for name in item.split(",") if name.strip()])
    if as_json:
        typer.echo(json.dumps(outcome))
    else:
        study_text.verified(outcome)
    if outcome["equal"] != outcome["checked"] or any(outcome["tables"].values()):
        raise typer.Exit(1)
