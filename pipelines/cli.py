"""The command ``stockproof``."""

import contextlib
import logging
import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.commands import (
    alerts,
    audit,
    backup,
    desk,
    erp,
    explain,
    forecast,
    inventory,
    model,
    operate,
    orders,
    orders_decide,
    outcomes,
    rollout,
    run,
    safety_stock,
    sign_in,
    stack,
    study,
    trace,
    twin,
    users,
    vendors,
)
from pipelines.core.errors import StockproofError
from pipelines.io import files

app = typer.Typer(
    help="Replenishment you can check before you buy: from an ERP's MariaDB to purchase orders that carry their proof.",
    epilog="Start: stockproof up && stockproof erp seed && stockproof run training && stockproof run daily",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
stack.register(app)
app.add_typer(erp.app, name="erp")
app.add_typer(run.app, name="run")
orders_decide.register(orders.app)
app.add_typer(orders.app, name="orders")
app.add_typer(forecast.app, name="forecast")
app.add_typer(model.app, name="model")
app.add_typer(study.app, name="study")
app.add_typer(inventory.app, name="report")
app.add_typer(twin.app, name="twin")
app.add_typer(vendors.app, name="vendors")
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(rollout.app, name="rollout")
safety_stock.register(app)
trace.register(app)
desk.register(app)
sign_in.register(app)
app.add_typer(users.app, name="users")
app.add_typer(audit.app, name="audit")
backup.register(app)
app.add_typer(alerts.app, name="alerts")
operate.register(app)
explain.register(app)


def main() -> None:
    """Run a command; a fault with a remedy ends with code 1 and no traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except StockproofError as fault:
        _tell(fault)
    except Exception as fault:
        advice = files.full(fault) or _lacking(fault)
        if advice is None:
            raise
        _tell(advice)


def _lacking(fault: Exception) -> StockproofError | None:
    from pipelines.io import warehouse  # not at the top: every `--help` would wait for it

    return warehouse.lacking(fault)


def _tell(fault: StockproofError) -> NoReturn:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error[/] {escape(fault.message)}", soft_wrap=True)
    if fault.remedy:
        console.print(f"[bold]remedy[/] {escape(fault.remedy)}", soft_wrap=True)
    with contextlib.suppress(StockproofError, OSError):  # a configuration that cannot be read, where that is the fault
        if "make room" not in (fault.remedy or "") and (first := files.cramped()):
            console.print(f"[bold]first[/] {escape(first)}", soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
