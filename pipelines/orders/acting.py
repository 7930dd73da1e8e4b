"""A person who does something with orders: one transaction that holds them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from pipelines import settings
from pipelines.config_schema import Approvals
from pipelines.io import warehouse
from pipelines.orders import approvals, store


@contextmanager
def acting(
    numbers: Sequence[str], by: str | None, limits: Approvals | None, act: str, *, theirs: bool = False
) -> Iterator[tuple[sa.Connection, str, Iterator[store.Row]]]:
    """A transaction for a person; each order is held as it is taken, in one sequence everywhere, so that nobody waits in a circle.

    Args:
        numbers: order numbers.
        by: the author; None: as configured.
        limits: who has a role; None: as configured.
        act: what is done, for the message to a person without a role.
        theirs: take orders that another person keeps locked, too.

    Yields:
        The connection, the author and the orders.
    """
    config = limits or settings.load().approvals
    name = approvals.author(by, config)
    hold = store.locked if theirs else lambda connection, number: store.held(connection, number, name)

    def orders(connection: sa.Connection) -> Iterator[store.Row]:
        for number in sorted(set(numbers)):
            approvals.check_role(number, name, config, act)
            yield hold(connection, number)

    with warehouse.transaction() as connection:
        yield connection, name, orders(connection)
