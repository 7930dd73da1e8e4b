"""``stockproof orders approve | reject | override | close | ledger``: what a planner does with orders, and what became of it."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.commands import sign_in
from pipelines.commands.sign_in import By
from pipelines.core.errors import StockproofError
from pipelines.core.text import count, verb

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Orders = Annotated[
    list[str] | None, typer.Argument(metavar="[ORDER]…", help="Order numbers of `stockproof orders list`.")
]
Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="Of this run alone; without it, of all runs."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``stockproof orders``."""
    app.command(epilog="Example: stockproof orders approve --all --as-of 2026-06-28")(approve)
    app.command(epilog="Example: stockproof orders reject SP-260628-A283654F77 --reason 'vendor is closed'")(reject)
    app.command(
        epilog="Example: stockproof orders override SP-260628-A283654F77:3 --quantity 48 --reason 'fair in town'"
    )(override)
    app.command(epilog="Example: stockproof orders close SP-260628-A283654F77 --reason 'never keyed in'")(close)
    app.command(epilog="Example: stockproof orders ledger --json")(ledger)


def approve(
    orders: Orders = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All orders that wait, except those that a rule holds back for review.")
    ] = False,
    as_of: Day = None,
    by: By = None,
    reason: Annotated[str, typer.Option(help="Remark for the audit trail.")] = "",
    as_json: Json = False,
) -> None:
    """Sign orders; `stockproof run release` then sends them. An order held back because of a new fact must be signed again."""
    from pipelines.orders import decide

    name, limits = sign_in.signer(by, "approver", "approve orders")
    left: list[str] = []
    if everything and not orders:
        chosen, left = decide.open_orders(as_of.date() if as_of else None)
    elif orders and not everything:
        chosen = orders
    else:
        raise StockproofError("which orders?", "name them, or give --all, not both")
    outcome = decide.approve(chosen, name, reason=reason, limits=limits) | {"left_to_look_at": left}
    if as_json:
        typer.echo(json.dumps(outcome, indent=2))
        return
    console = Console(highlight=False)
    console.print(
        f"{escape(str(outcome['author']))} approved {count(outcome['count'], 'order')}, {outcome['order_value']:,.2f}"
    )
    if again := outcome.get("confirmed"):
        console.print(f"signed again: {', '.join(again)}", soft_wrap=True)
    if left:
        wants = verb(len(left), "must be reviewed and approved by its", "must be reviewed and approved by their")
        console.print(f"{len(left)} {wants} number: {', '.join(left)}", soft_wrap=True)
    if chosen:
        console.print("send them: stockproof run release")


def reject(
    orders: Annotated[list[str], typer.Argument(metavar="ORDER…", help="Order numbers.")],
    reason: Annotated[str, typer.Option(help="Reason, one sentence, kept in the audit trail.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Refuse orders; possible until a release has taken them."""
    from pipelines.orders import decide

    outcome = decide.reject(orders, reason, *sign_in.signer(by, "planner", "reject orders"))
    typer.echo(
        json.dumps(outcome, indent=2) if as_json else f"{outcome['author']} rejected {', '.join(orders)}: {reason}"
    )


def override(
    line: Annotated[str, typer.Argument(metavar="LINE", help="ORDER:LINE_NO or ORDER:ITEM_ID.")],
    quantity: Annotated[float, typer.Option(help="Units; 0 takes the line off the order.")],
    reason: Annotated[str, typer.Option(help="Reason, one sentence; the ledger groups by it.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change the quantity of a line; the order must still be approved."""
    from pipelines.orders import decide

    outcome = decide.override(line, quantity, reason, *sign_in.signer(by, "planner", "override lines"))
    words = (
        f"{outcome['item_id']}: {outcome['proposed_quantity']:.10g} → {quantity:.10g} by {outcome['author']}: {reason}"
    )
    typer.echo(json.dumps(outcome, indent=2) if as_json else words)
    if outcome["remark"] and not as_json:
        typer.echo(f"taken, but {outcome['remark']}", err=True)


def close(
    orders: Annotated[list[str], typer.Argument(metavar="ORDER…", help="Order numbers.")],
    reason: Annotated[str, typer.Option(help="Reason, one sentence, kept in the audit trail.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Close released orders that never appeared in the ERP, such as files nobody entered; their goods no longer count as on order."""
    from pipelines.orders import decide

    closed = decide.close(orders, reason, *sign_in.signer(by, "approver", "close orders"))
    typer.echo(json.dumps(closed, indent=2) if as_json else f"{closed['author']} closed {', '.join(orders)}: {reason}")


def ledger(as_json: Json = False) -> None:
    """Score the overrides: each is replayed four weeks later against the proposal; by author and by reason."""
    from pipelines.orders.ledger import ranking

    ranked = ranking()
    if as_json:
        typer.echo(json.dumps(ranked, indent=2))
        return
    console = Console(highlight=False)
    for by, rows in ranked.items():
        console.print(_table(by, rows))


def _table(by: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"Overrides by {by}", box=None)
    table.add_column(by)
    for heading in ("overrides", "not ordered", "scored", "better", "units saved from loss", "money saved"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = (row["overrides"], row["not_ordered"], row["scored"], row["better"])
        table.add_row(
            escape(row["name"]),
            *(f"{n:,}" for n in numbers),
            f"{row['lost_units_avoided']:,.1f}",
            f"{row['saving']:,.2f}",
        )
    return table
