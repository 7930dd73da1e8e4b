"""Who may sign an order of which value. Pure."""

import getpass

from pipelines.config_schema import Approvals
from pipelines.core.errors import NotAllowed, StockproofError


def author(given: str | None, config: Approvals) -> str:
    """Who acts: ``--by``, else the configuration, else the user of the operating system.

    Raises:
        StockproofError: none of them names anybody.
    """
    name = (given or config.author or "").strip()
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise StockproofError(
            "nobody is named as the author of this step", "add --by NAME or set STOCKPROOF_APPROVALS__AUTHOR"
        ) from None


def check_role(order_id: str, name: str, config: Approvals, act: str) -> None:
    """Refuse an author without a role; the value is asked for when the order is signed.

    Args:
        order_id: the order.
        name: the author.
        config: roles, and who has which.
        act: what the author is about to do, as a verb.

    Raises:
        StockproofError: authors are configured, and this is none of them; the remedy names who may.
    """
    if config.authors and name not in config.authors:
        raise NotAllowed(
            f"{name} has no role in approvals.authors and may not {act} order {order_id}",
            f"ask {' or '.join(sorted(config.authors))} to {act} it",
        )


def check(order_id: str, value: float, name: str, config: Approvals) -> None:
    """Refuse an author who may not sign an order.

    Args:
        order_id: the order.
        value: what it costs, money.
        name: the author.
        config: roles, their limits, and who has which.

    Raises:
        StockproofError: no role, or its limit is below the value; the remedy names who may.

    >>> check("SP-1", 500.0, "ann", Approvals(roles={"planner": 1000.0}, authors={"ann": "planner"}))
    """
    if not config.authors:
        return
    able = sorted(other for other, role in config.authors.items() if _covers(config.roles[role], value))
    remedy = f"ask {' or '.join(able)} to approve it" if able else "raise a limit in approvals.roles: none covers it"
    role = config.authors.get(name)
    if role is None:
        raise NotAllowed(f"{name} has no role in approvals.authors and may not approve order {order_id}", remedy)
    limit = config.roles[role]
    if not _covers(limit, value):
        raise NotAllowed(
            f"order {order_id} is worth {value:,.2f}; {name} ({role}) may approve up to {limit:,.2f}", remedy
        )


def _covers(limit: float | None, value: float) -> bool:
    """In cents, as both are shown: 3 × 0.1 is not above 0.3, and 10,000.004 counts as 10,000.00."""
    return limit is None or round(value, 2) <= limit
