"""The ERP contract: which tables and columns an ERP must yield, whatever its own schema looks like.

One description serves the sample ERP, ``stockproof erp load``, the source profiles, extraction and the raw tables.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """Type of a contract column."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """A column of the contract.

    Attributes:
        name: column name.
        kind: type.
        required: the column must exist in the source; an optional one reads as NULL where absent.
        nullable: a present column may hold NULL.
        meaning: one line for people and error messages.
    """

    name: str
    kind: Kind
    required: bool = True
    nullable: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the contract.

    Attributes:
        name: table name, also the file name of ``stockproof erp load``.
        key: columns that identify a row.
        columns: all columns, in order.
        required: a source must have the table; an optional one reads as empty where absent.
        rare: most ERPs lack the table: a user without the right to read it is not asked for that right.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True
    rare: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    @property
    def is_versioned(self) -> bool:
        """Rows carry ``updated_at``: extracted by watermark. Others are small and read whole, as snapshots."""
        return "updated_at" in self.names


def _text(name: str, meaning: str = "", **kw: bool) -> Column:
    return Column(name, Kind.TEXT, meaning=meaning, **kw)


def _number(name: str, meaning: str = "", **kw: bool) -> Column:
    return Column(name, Kind.NUMBER, meaning=meaning, **kw)


def _money(name: str, meaning: str = "", **kw: bool) -> Column:
    return Column(name, Kind.MONEY, meaning=meaning, **kw)


def _date(name: str, meaning: str = "", **kw: bool) -> Column:
    return Column(name, Kind.DATE, meaning=meaning, **kw)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, Kind.BOOLEAN, required=False, nullable=True, meaning=f"{meaning}; empty: no")


_UPDATED: Final = Column("updated_at", Kind.TIMESTAMP, meaning="when this version of the row was recorded")

TABLES: Final[tuple[Table, ...]] = (
    Table("items", ("item_id",), (
        _text("item_id"), _text("name"), _text("category", nullable=True),
        _money("unit_cost", "what one unit costs us"),
        _money("unit_price", "what one unit sells for; less the cost, what a unit lost costs", nullable=True),
        _money("holding_cost_per_day", "per unit and day", required=False, nullable=True),
        _money("shortage_cost", "per unit of demand lost", required=False, nullable=True),
        _number("unit_volume", "space of one unit, in the measure of the limits, e.g. m³", required=False, nullable=True),
        _text("priority", "planner's priority, e.g. A", required=False, nullable=True),
        _date("created_on", required=False, nullable=True), _date("discontinued_on", required=False, nullable=True), _UPDATED,
    )),
    Table("suppliers", ("supplier_id",), (
        _text("supplier_id"), _text("name"), _text("country", required=False, nullable=True), Column("active", Kind.BOOLEAN),
        _text("working_days", "weekdays on which it works and delivers, 1: Monday, e.g. 12345; empty: all", required=False, nullable=True),
        _flag("lead_time_in_working_days", "its agreed lead times count working days"), _UPDATED,
    )),
    Table("item_suppliers", ("item_id", "supplier_id"), (
        _text("item_id"), _text("supplier_id"), Column("is_primary", Kind.BOOLEAN),
        _number("lead_time_days", "whole days between order and receipt, as agreed; 0: not known"),
        _number("min_order_qty", "empty or 0: none", nullable=True), _number("pack_size", "empty or 0: none", nullable=True),
        _money("unit_price", "purchase price per unit"), _money("ordering_cost", "fixed cost of one order", required=False, nullable=True),
        _number("price_per", "the price is for so many units; empty: 1", required=False, nullable=True),
        _number("purchase_unit_factor", "units of stock in one unit of purchase; empty: 1", required=False, nullable=True),
        _text("currency", "of its prices; empty: our own", required=False, nullable=True),
        _date("valid_from", required=False, nullable=True), _date("valid_to", "last day", required=False, nullable=True), _UPDATED,
    )),
    Table("price_breaks", ("item_id", "supplier_id", "min_qty", "valid_from"), (
        _text("item_id"), _text("supplier_id"), _number("min_qty", "price holds from this quantity on"), _money("unit_price"),
        _date("valid_from", required=False, nullable=True), _date("valid_to", "last day", required=False, nullable=True),
    ), required=False),
    Table("locations", ("location_id",), (
        _text("location_id"), _text("name"), _text("kind", "warehouse or store"),
    )),
    Table("sales", ("sale_id",), (
        _text("sale_id"), _text("item_id"), _text("location_id"), _date("sold_on"),
        _number("quantity", "units; negative is a return"), _money("unit_price", nullable=True), _UPDATED,
    )),
    Table("stock_levels", ("item_id", "location_id", "counted_on"), (
        _text("item_id"), _text("location_id"), _date("counted_on"), _number("on_hand", "closing stock of that day"), _UPDATED,
    )),
    Table("purchase_orders", ("po_id",), (
        _text("po_id"), _text("supplier_id"), _text("location_id"), _date("ordered_on"), _text("status", "open, received or cancelled"),
        _text("external_ref", "our idempotency key", required=False, nullable=True), _UPDATED,
    )),
    Table("purchase_order_lines", ("po_id", "line_no"), (
        _text("po_id"), Column("line_no", Kind.INTEGER), _text("item_id"), _number("quantity_ordered"),
        _money("unit_price", nullable=True), _date("promised_on", required=False, nullable=True),
        _date("received_on", nullable=True, required=False),
        _number("quantity_received", "rejected ones included; empty or 0: nothing came", nullable=True),
        _number("quantity_rejected", nullable=True),
        _text("status", "of the line: open, received or cancelled; empty: that of its order", required=False, nullable=True), _UPDATED,
    )),
    Table("item_policies", ("item_id", "location_id"), (
        _text("item_id"), _text("location_id"), _number("reorder_point"), _number("order_up_to"),
        _flag("maximum_is_ceiling", "no order lifts stock and what is due above order_up_to"), _UPDATED,
    ), required=False),
    Table("calendar_events", ("event_on", "name", "location_id"), (
        _date("event_on"), _text("name"), _text("location_id", required=False, nullable=True),
    ), required=False),
    Table("promotions", ("item_id", "location_id", "starts_on"), (
        _text("item_id"), _text("location_id", required=False, nullable=True), _date("starts_on"), _date("ends_on"),
        _money("price", required=False, nullable=True),
    ), required=False),
    Table("supplier_closures", ("supplier_id", "closed_from"), (
        _text("supplier_id", "empty: all suppliers", required=False, nullable=True), _date("closed_from"), _date("closed_to", "last day"),
    ), required=False, rare=True),
    Table("item_predecessors", ("item_id", "predecessor_id"), (
        _text("item_id", "the successor"), _text("predecessor_id"),
        _number("factor", "units of the successor for one of the predecessor; empty: 1", required=False, nullable=True),
        _date("replaced_on", "from this day on the predecessor is not bought", required=False, nullable=True),
    ), required=False, rare=True),
    Table("kit_components", ("kit_id", "item_id"), (
        _text("kit_id", "the item sold"), _text("item_id", "the component"), _number("quantity", "units of the component in one kit"),
    ), required=False, rare=True),
    Table("stock_batches", ("item_id", "location_id", "batch_id"), (
        _text("item_id"), _text("location_id"), _text("batch_id"), _date("expires_on", "last day", nullable=True), _number("on_hand"),
    ), required=False, rare=True),
    Table("unordered_receipts", ("receipt_id",), (
        _text("receipt_id"), _text("supplier_id", "who delivered"), _text("item_id"), _text("location_id"), _date("received_on"),
        _number("quantity", "units that came and no order line holds; 0: a cancelled document"),
        _money("unit_price", "what was paid for one", nullable=True), _UPDATED,
    ), required=False, rare=True),
    Table("currency_rates", ("currency", "valid_from"), (
        _text("currency"), _number("rate", "our money for one unit of it"), _date("valid_from", required=False, nullable=True),
    ), required=False, rare=True),
)  # fmt: skip
"""All tables of the contract, in an order in which references point backwards."""

BY_NAME: Final[dict[str, Table]] = {table.name: table for table in TABLES}
