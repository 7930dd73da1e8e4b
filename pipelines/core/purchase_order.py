"""A purchase order as it leaves us: what every way into an ERP (tables, file, HTTP) is given."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

_NAMESPACE: Final = uuid.UUID("6f1d7a52-5e0c-5c4b-9a3f-2b8f0d7c4e11")
"""Root of our keys. It never changes: the keys of orders already in an ERP depend on it."""

Step = Callable[[str], None]
"""Called with each step of a release as it is reached."""


def silent(step: str) -> None:
    """A :data:`Step` that nobody listens to."""
    del step


@dataclass(frozen=True)
class Line:
    """A line of a purchase order.

    Attributes:
        line_no: number within the order.
        item_id: what is bought.
        quantity: units.
        unit_price: money per unit, None where no price is known.
        promised_on: when it should arrive by the agreed lead time.
    """

    line_no: int
    item_id: str
    quantity: float
    unit_price: float | None
    promised_on: date | None


@dataclass(frozen=True)
class PurchaseOrder:
    """An order to one supplier for one location.

    Attributes:
        order_id: our number.
        key: idempotency key; the ERP keeps it in ``external_ref``.
        supplier_id: who delivers.
        location_id: where to.
        ordered_on: the day it is placed.
        lines: at least one.
    """

    order_id: str
    key: str
    supplier_id: str
    location_id: str
    ordered_on: date
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Receipt:
    """What the other side says it holds under a key.

    Attributes:
        po_id: its own number of the order.
        lines: number of lines.
        units: their total quantity.
        recorded_at: when it was recorded, by the clock of the ERP's tables; None: the other side does not say.
    """

    po_id: str
    lines: int
    units: float
    recorded_at: datetime | None = None


class Destination(Protocol):
    """A way into an ERP. :meth:`submit` may be called any number of times, by several processes at once: one order comes of it."""

    @property
    def name(self) -> str:
        """Short name, recorded with the order: ``erp``, ``file`` or ``rest``."""
        ...

    def submit(self, order: PurchaseOrder, step: Step) -> None:
        """Bring the order there, unless it is there already.

        Raises:
            StockproofError: refused or unreachable; nothing is half-written.
        """
        ...

    def find(self, key: str) -> Receipt | None:
        """What is there under a key; None where nothing is."""
        ...


def order_id(as_of: date, supplier_id: str, location_id: str, part: int = 1) -> str:
    """Number of the order that a date's run proposes for a supplier and a location.

    The same arguments always give the same number, so that a run repeated after the loss of everything but the ERP still finds its orders.

    Args:
        as_of: the run's date.
        supplier_id: who delivers.
        location_id: where to.
        part: 1, or the next number for what a repeated run proposes in addition to an order that was decided before.

    >>> order_id(date(2026, 6, 28), "SUP-001", "WH-1"), order_id(date(2026, 6, 28), "SUP-001", "WH-1", 2)
    ('SP-260628-A283654F77', 'SP-260628-A283654F77-2')
    """
    name = "\x1f".join((as_of.isoformat(), supplier_id, location_id))
    base = f"SP-{as_of:%y%m%d}-{uuid.uuid5(_NAMESPACE, name).hex[:10].upper()}"
    return base if part == 1 else f"{base}-{part}"


def idempotency_key(order: str) -> str:
    """Key under which an order is known to the ERP: a UUID of version 5 (RFC 9562) of its number.

    >>> idempotency_key("SP-260628-A283654F77") == idempotency_key("SP-260628-A283654F77")
    True
    """
    return str(uuid.uuid5(_NAMESPACE, order))
