"""``stockproof run daily | training | release``: start an Airflow run, or join the one on the same date, and follow it to its end."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.core.errors import StockproofError

app = typer.Typer(
    help="Run a DAG through Airflow and follow it to its end. Exit code: 0 success, 1 failed, 3 orders complete though a step failed.",
    no_args_is_help=True,
)

DEGRADED = 3
"""Exit code of a run whose orders are complete though a step failed."""

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Nothing recorded after this day is read. Default: the ERP's newest sale."
    ),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full-extract",
        help="Read the whole ERP again, for rows that changed or came late without a new updated_at; takes as long as the first run.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="End with one JSON document: state, seconds, stages, report.")]


@app.command(
    epilog="Example: stockproof run daily --as-of 2026-06-28   (after the ERP was corrected in place: with --full-extract)"
)
def daily(
    as_of: AsOf = None,
    items: Annotated[str, typer.Option(help="item_ids, separated by commas; empty: all.")] = "",
    chunk_size: Annotated[
        int | None, typer.Option(min=1, help="SKUs a mapped replay task; default: replay.chunk_size.")
    ] = None,
    full_extract: Full = False,
    as_json: Json = False,
) -> None:
    """From the ERP to purchase order proposals and the report."""
    named = [item.strip() for item in items.split(",") if item.strip()]
    if items and not named:
        raise StockproofError(f"--items {items!r} names no item", "name item_ids, or leave --items out to run all")
    conf: dict[str, Any] = {
        "items": named,
        "chunk_size": chunk_size,
        "full_extract": full_extract,
    }
    _run("daily_replenishment", as_of, conf, as_json)


@app.command(epilog="Example: stockproof run training --as-of 2026-06-28")
def training(as_of: AsOf = None, full_extract: Full = False, as_json: Json = False) -> None:
    """Backtest the forecasters and register the best as champion."""
    _run("weekly_training", as_of, {"full_extract": full_extract}, as_json)


@app.command(epilog="Example: stockproof run release --as-of 2026-06-28")
def release(as_of: AsOf = None, as_json: Json = False) -> None:
    """Write the approved orders into the ERP, each exactly once; --as-of is the day they are placed."""
    _run("release_orders", as_of, {}, as_json)


def _run(dag_id: str, as_of: datetime | None, conf: dict[str, Any], as_json: bool) -> None:
    from pipelines.commands import follow
    from pipelines.extract import preflight, source
    from pipelines.stack import servers

    say = partial(Console(stderr=as_json, highlight=False).print, soft_wrap=True)
    servers.up(say, airflow=False)
    day = as_of.date() if as_of else _newest_sale(say)
    if dag_id == "release_orders":
        source.claim()  # sales that are old, or an ERP that cannot be read, are no reason to keep what was signed
    else:
        preflight.check(
            day, conf.get("items") or ()
        )  # also the run's first task; here it spares a user the wait for a run that must fail
    servers.up(say)
    outcome = follow.run(servers.api(), dag_id, {"as_of": day.isoformat(), **conf}, say)
    follow.show(outcome, as_json)
    if outcome.state != "success":
        raise typer.Exit(DEGRADED if outcome.state == "degraded" else 1)


def _newest_sale(say: Callable[[str], None]) -> date:
    """Day of the ERP's newest sale, slips of the keys aside; one that is set aside is told of."""
    from pipelines.extract import profiles, reader
    from pipelines.onboarding import check_pitfalls

    sales = profiles.load(date.max).sources["sales"]
    newest = None
    if sales:
        # A sale of a day after it was recorded is a slip of the keys: one of 2062 must not make the run one of 2062.
        newest = reader.first(sales, "max(t.sold_on)", "t.sold_on <= t.updated_at") or reader.first(
            sales, "max(t.sold_on)"
        )
    if newest is None:
        raise StockproofError(
            "the ERP holds no sale", "load data (`stockproof erp load DIR`) or make a sample (`stockproof erp seed`)"
        )
    day = _day(newest)
    before = reader.first(sales, "max(t.sold_on)", f"t.sold_on < '{day}'") if sales else None
    if before is not None and check_pitfalls.slip([day, _day(before)]):
        say(
            f"the newest sale is of {day}, long after the one before it: a slip of the keys? The run is of {_day(before)}"
        )
        return _day(before)
    return day


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])
