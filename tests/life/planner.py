"""A planner who signs, refuses, changes and forgets; and what he remembers of what he signed."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from pipelines.io import warehouse
from pipelines.orders import decide
from tests.life.ledger import Row

AUTHOR = "ann"


@dataclass(frozen=True)
class Signed:
    """An order as it was when it was signed.

    Attributes:
        key: its idempotency key.
        as_of: date of the run that proposed it.
        units: by item.
    """

    key: str
    as_of: date
    units: dict[str, float]


@dataclass
class Planner:
    """Acts on the orders that wait.

    Attributes:
        chance: draws what is done.
        signed: orders that were approved and not rejected since.
        happened: a line an act.
    """

    chance: np.random.Generator
    signed: dict[str, Signed] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)

    def work(self, day: date) -> None:
        """Look at every order that waits, and now and then at one that is signed already."""
        for order in orders("state in ('proposed', 'overridden')"):
            self._decide(order, day)
        for order in orders("state = 'approved'"):
            if self.chance.random() < 0.1:
                self._reject(order, day)

    def _decide(self, order: Row, day: date) -> None:
        act = self.chance.choice(["approve", "reject", "override", "wait"], p=[0.55, 0.1, 0.15, 0.2])
        if act == "approve":
            self._approve(order, day)
        elif act == "reject":
            self._reject(order, day)
        elif act == "override":
            line = order["lines"][int(self.chance.integers(len(order["lines"])))]
            units = float(np.floor(line["quantity"] * self.chance.choice([0.0, 0.5, 1.5, 2.0])))
            decide.override(f"{order['order_id']}:{line['line_no']}", units, "knows better", AUTHOR)
            self.happened.append(
                f"{day} {order['order_id']} {line['item_id']} {line['quantity']:g} overridden by {units:g}"
            )
            changed = orders(f"order_id = '{order['order_id']}'")[0]
            if self.chance.random() < 0.6:
                self._approve(changed, day)

    def _approve(self, order: Row, day: date) -> None:
        units = {line["item_id"]: line["quantity"] for line in order["lines"] if line["quantity"] > 0}
        if not units:
            self._reject(order, day)
            return
        decide.approve([order["order_id"]], AUTHOR)
        self.signed[order["order_id"]] = Signed(order["key"], order["as_of"], units)
        self.happened.append(f"{day} {order['order_id']} approved: {units}")

    def _reject(self, order: Row, day: date) -> None:
        decide.reject([order["order_id"]], "not now", AUTHOR)
        self.signed.pop(order["order_id"], None)
        self.happened.append(f"{day} {order['order_id']} rejected")


def orders(where: str = "true") -> list[Row]:
    """Orders with their lines, by number."""
    heads = warehouse.read(
        f"select *, cast(idempotency_key as text) as key from orders.orders where {where} order by order_id"
    )
    lines = warehouse.read(
        f"select l.* from orders.lines l join orders.orders o using (order_id) where {where} order by order_id, line_no"
    )
    held: dict[str, list[Row]] = {}
    for line in lines.iter_rows(named=True):
        held.setdefault(line["order_id"], []).append(line)
    return [{**head, "lines": held.get(head["order_id"], [])} for head in heads.iter_rows(named=True)]
