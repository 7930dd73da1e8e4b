"""Approved orders into the purchase tables of the ERP contract: each order once, whatever dies on the way.

Three things hold an order apart from its double, none of which needs a right to alter a foreign schema: a named lock of the server for the
idempotency key, a look for the key under that lock, and one transaction for head and lines. Where ``external_ref`` is unique, as in tables
of our own making, the index stands behind them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import sqlalchemy as sa

from pipelines.core.errors import Refused, ServiceAway, StockproofError
from pipelines.core.purchase_order import PurchaseOrder, Receipt, Step
from pipelines.io import erp, erp_address

LOCK_SECONDS: Final = 30
ANSWER_SECONDS: Final = 120
"""An ERP that is silent for longer is away: a line that broke without a word would else hold the release, and those after it, for ever."""

_SIGNAL: Final = 1644
"""MariaDB's ER_SIGNAL_EXCEPTION: a trigger said no."""

_COLUMNS: Final = "po_id, supplier_id, location_id, ordered_on, status, external_ref, updated_at"
_HEAD: Final = """
insert into purchase_orders ({columns}) values (:po_id, :supplier_id, :location_id, :ordered_on, 'open', :key, {now})
"""
_LINE_COLUMNS: Final = (
    "po_id, line_no, item_id, quantity_ordered, unit_price, promised_on, "
    "quantity_received, quantity_rejected, updated_at"
)
_LINE: Final = """
insert into purchase_order_lines ({columns})
values (:po_id, :line_no, :item_id, :quantity, :unit_price, :promised_on, 0, 0, {now})
"""


@cache
def _engine(address: str) -> sa.Engine:
    if address.startswith("sqlite:"):
        return sa.create_engine(address, isolation_level="AUTOCOMMIT", connect_args={"timeout": LOCK_SECONDS})
    # READ COMMITTED: under the lock we must see what the holder before us has written, not a snapshot older than the lock.
    return erp_address.engine(
        address,
        pool_pre_ping=True,
        pool_size=1,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": 10,
            "read_timeout": ANSWER_SECONDS,
            "write_timeout": ANSWER_SECONDS,
            "charset": "utf8mb4",
        },
    )


@dataclass(frozen=True)
class ErpTables:
    """The tables ``purchase_orders`` and ``purchase_order_lines`` of the ERP.

    Attributes:
        recorded_at: written into ``updated_at``; None: the ERP's own clock, which is what a live ERP wants.
        name: of this way into an ERP.
    """

    recorded_at: datetime | None = None
    name: str = "erp"

    def submit(self, order: PurchaseOrder, step: Step) -> None:
        """Insert the order, or what is missing of it.

        Raises:
            Refused: a rule of the ERP's tables stands against the order (with the ERP's own words); nothing of it is kept.
            StockproofError: unreachable, or the lock is held too long by another release.
        """
        try:
            with _locked(order.key) as connection:
                step("erp locked")
                self._write(connection, order, step)
                step("erp written")
            step("erp committed")
        except sa.exc.DBAPIError as fault:
            if _is_of_the_order(fault):
                raise Refused(
                    f"the ERP at {erp.shown_url()} refused order {order.order_id}: {_words(fault)}",
                    f"override, approve or reject it: `stockproof orders show {order.order_id}`; it is not on its way",
                ) from None
            raise _failed(f"did not take order {order.order_id}", fault) from None

    def find(self, key: str) -> Receipt | None:
        """The order under a key, as the ERP holds it.

        Raises:
            StockproofError: unreachable, or the connection broke while it was read back.
        """
        try:
            with _connection() as connection:
                return _find(connection, key)
        except sa.exc.DBAPIError as fault:
            raise _failed(f"could not tell what it holds under the key {key}", fault) from None

    def _write(self, connection: sa.Connection, order: PurchaseOrder, step: Step) -> None:
        held = _find(connection, order.key)
        now = ":now" if self.recorded_at else "current_timestamp" + ("" if _is_sqlite(connection) else "(6)")
        moment = {"now": self.recorded_at} if self.recorded_at else {}
        po_id = held.po_id if held else order.order_id
        if held is None:
            head = {
                "po_id": po_id,
                "supplier_id": order.supplier_id,
                "location_id": order.location_id,
                "ordered_on": order.ordered_on,
                "key": order.key,
            }
            connection.execute(sa.text(_HEAD.format(columns=_COLUMNS, now=now)), head | moment)
            step("erp head")
        # An engine without transactions (MyISAM) can hold a head whose lines were never written.
        there = connection.execute(sa.text("select line_no from purchase_order_lines where po_id = :po"), {"po": po_id})
        numbers = {int(row[0]) for row in there}
        for line in order.lines:
            if line.line_no in numbers:
                continue
            values = {
                "po_id": po_id,
                "line_no": line.line_no,
                "item_id": line.item_id,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "promised_on": line.promised_on,
            }
            connection.execute(sa.text(_LINE.format(columns=_LINE_COLUMNS, now=now)), values | moment)
            step("erp line")


@contextmanager
def _connection() -> Iterator[sa.Connection]:
    try:
        connection = _engine(erp.url()).connect()
    except sa.exc.DBAPIError as fault:
        raise erp.unreachable(fault) from None
    with connection:
        yield connection


@contextmanager
def _locked(key: str) -> Iterator[sa.Connection]:
    """A connection that holds the lock of a key, and one transaction on it; the lock outlives the transaction, never the connection."""
    with _connection() as connection:
        if _is_sqlite(connection):
            connection.exec_driver_sql("begin immediate")
            try:
                yield connection
                connection.exec_driver_sql("commit")
            except BaseException:
                connection.exec_driver_sql("rollback")
                raise
            return
        name = f"stockproof:{key}"
        if (
            connection.execute(sa.text("select get_lock(:name, :wait)"), {"name": name, "wait": LOCK_SECONDS}).scalar()
            != 1
        ):
            raise StockproofError(
                f"another release holds the order with the key {key} for more than {LOCK_SECONDS} s",
                "run the release again once the other has ended; nothing was written",
            )
        connection.rollback()  # ends the transaction that the call began; what follows is one of its own
        try:
            with connection.begin():
                yield connection
        finally:
            if not connection.invalidated:
                connection.execute(sa.text("select release_lock(:name)"), {"name": name})


def _find(connection: sa.Connection, key: str) -> Receipt | None:
    head = connection.execute(
        sa.text("select po_id, updated_at from purchase_orders where external_ref = :key order by po_id limit 1"),
        {"key": key},
    ).first()
    if head is None:
        return None
    query = "select count(*), coalesce(sum(quantity_ordered), 0) from purchase_order_lines where po_id = :po"
    lines = connection.execute(sa.text(query), {"po": head[0]}).one()
    recorded_at = head[1] if isinstance(head[1], datetime | None) else datetime.fromisoformat(str(head[1]))
    return Receipt(str(head[0]), int(lines[0]), float(lines[1]), recorded_at)


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _is_of_the_order(fault: sa.exc.DBAPIError) -> bool:
    """A foreign key, a check, a value that does not fit, or a trigger that signals: the same order would be refused again."""
    if isinstance(fault, sa.exc.IntegrityError | sa.exc.DataError):
        return True
    code = fault.orig.args[0] if fault.orig is not None and fault.orig.args else None
    return code == _SIGNAL


def _words(fault: sa.exc.DBAPIError) -> str:
    return str(fault.orig).splitlines()[0] if fault.orig is not None else str(fault).splitlines()[0]


def _failed(what: str, fault: sa.exc.DBAPIError) -> StockproofError:
    words = _words(fault)
    kind = ServiceAway if fault.connection_invalidated else StockproofError
    return kind(
        f"the ERP at {erp.shown_url()} {what}: {words}",
        "see that it is up and that our user may read and insert into purchase_orders and purchase_order_lines, then "
        "`stockproof run release` again: nothing is half-written and nothing is written twice",
    )
