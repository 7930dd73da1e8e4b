"""``stockproof run daily | training | release``: start an Airflow run, or join the one on the same date, and follow it to its end."""

from datetime import datetime
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
    from pipelines import settings
    from pipelines.commands import follow
    from pipelines.extract import preflight, source
    from pipelines.onboarding import newest
    from pipelines.stack import servers

    say = partial(Console(stderr=as_json, highlight=False).print, soft_wrap=True)
    servers.up(say, airflow=False)
    day = as_of.date() if as_of else newest.newest_sale(say)
    if dag_id == "release_orders":
        source.claim()  # sales that are old, or an ERP that cannot be read, are no reason to keep what was signed
    else:
        preflight.check(
            day, conf.get("items") or ()
        )  # also the run's first task; here it spares a user the wait for a run that must fail
    servers.up(say)
    again = None if settings.load().stack.airflow_url else partial(servers.up, say)
    outcome = follow.run(servers.api(), dag_id, {"as_of": day.isoformat(), **conf}, say, again)
    follow.show(outcome, as_json)
    if outcome.state != "success":
        raise typer.Exit(DEGRADED if outcome.state == "degraded" else 1)
