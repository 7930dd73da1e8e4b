"""Tables of an ERPNext 15 site, after its published DocType definitions: the fields the profile reads, with Frappe's column types."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.extract import profiles, reader
from pipelines.io import erp

AS_OF = date(2026, 6, 28)

_TYPES: Final = {
    "Link": "varchar(140)",
    "Data": "varchar(140)",
    "Select": "varchar(140)",
    "Text": "text",
    "TextEditor": "longtext",
    "Currency": "decimal(21,9) NOT NULL DEFAULT 0.000000000",
    "Float": "decimal(21,9) NOT NULL DEFAULT 0.000000000",
    "Percent": "decimal(21,9) NOT NULL DEFAULT 0.000000000",
    "Int": "int(11) NOT NULL DEFAULT 0",
    "Check": "int(1) NOT NULL DEFAULT 0",
    "Date": "date",
    "Time": "time(6)",
}
_STANDARD: Final = (
    "`name` varchar(140) NOT NULL, `creation` datetime(6) DEFAULT NULL, `modified` datetime(6) DEFAULT NULL, "
    "`modified_by` varchar(140) DEFAULT NULL, `owner` varchar(140) DEFAULT NULL, `docstatus` int(1) NOT NULL DEFAULT 0, "
    "`idx` int(8) NOT NULL DEFAULT 0"
)
_CHILD: Final = "`parent` varchar(140) DEFAULT NULL, `parentfield` varchar(140) DEFAULT NULL, `parenttype` varchar(140) DEFAULT NULL"

DOCTYPES: Final = {
    "Item": (
        "item_code:Data item_name:Data item_group:Link stock_uom:Link purchase_uom:Link disabled:Check "
        "is_stock_item:Check has_variants:Check is_fixed_asset:Check valuation_rate:Currency "
        "standard_rate:Currency last_purchase_rate:Float lead_time_days:Int min_order_qty:Float "
        "safety_stock:Float end_of_life:Date delivered_by_supplier:Check brand:Link"
    ),
    "Item Price": (
        "item_code:Link uom:Link packing_unit:Int price_list:Link buying:Check selling:Check customer:Link "
        "supplier:Link batch_no:Link currency:Link price_list_rate:Currency lead_time_days:Int "
        "valid_from:Date valid_upto:Date"
    ),
    "Supplier": (
        "supplier_name:Data country:Link supplier_group:Link disabled:Check on_hold:Check hold_type:Select "
        "release_date:Date"
    ),
    "Warehouse": (
        "warehouse_name:Data company:Link is_group:Check disabled:Check is_rejected_warehouse:Check "
        "warehouse_type:Link parent_warehouse:Link"
    ),
    "POS Profile": "warehouse:Link company:Link disabled:Check",
    "Delivery Note": (
        "customer:Link company:Link posting_date:Date posting_time:Time is_return:Check return_against:Link "
        "is_internal_customer:Check status:Select"
    ),
    "Sales Invoice": (
        "customer:Link company:Link posting_date:Date posting_time:Time is_return:Check return_against:Link "
        "is_internal_customer:Check update_stock:Check is_pos:Check is_consolidated:Check status:Select"
    ),
    "Purchase Order": (
        "supplier:Link company:Link transaction_date:Date schedule_date:Date set_warehouse:Link status:Select "
        "per_received:Percent"
    ),
    "Purchase Receipt": (
        "supplier:Link company:Link posting_date:Date posting_time:Time is_return:Check return_against:Link "
        "status:Select"
    ),
    "Purchase Invoice": "supplier:Link company:Link posting_date:Date is_return:Check update_stock:Check status:Select",
    "Stock Ledger Entry": (
        "item_code:Link warehouse:Link posting_date:Date posting_time:Time voucher_type:Link voucher_no:Data "
        "voucher_detail_no:Data actual_qty:Float qty_after_transaction:Float valuation_rate:Currency "
        "is_cancelled:Check company:Link"
    ),
    "Holiday List": "holiday_list_name:Data from_date:Date to_date:Date",
    "Pricing Rule": (
        "title:Data apply_on:Select price_or_product_discount:Select warehouse:Link coupon_code_based:Check "
        "selling:Check buying:Check applicable_for:Select supplier:Link min_qty:Float valid_from:Date "
        "valid_upto:Date rate_or_discount:Select rate:Currency discount_percentage:Float "
        "discount_amount:Currency disable:Check"
    ),
}
CHILDREN: Final = {
    "Item Supplier": "supplier:Link supplier_part_no:Data",
    "Item Default": "company:Link default_warehouse:Link default_supplier:Link",
    "Item Reorder": (
        "warehouse:Link warehouse_group:Link warehouse_reorder_level:Float warehouse_reorder_qty:Float "
        "material_request_type:Select"
    ),
    "UOM Conversion Detail": "uom:Link conversion_factor:Float",
    "Delivery Note Item": (
        "item_code:Link warehouse:Link qty:Float uom:Link conversion_factor:Float stock_qty:Float "
        "base_net_rate:Currency against_sales_invoice:Link si_detail:Data dn_detail:Data"
    ),
    "Sales Invoice Item": (
        "item_code:Link warehouse:Link qty:Float uom:Link conversion_factor:Float stock_qty:Float "
        "base_net_rate:Currency delivery_note:Link dn_detail:Data delivered_by_supplier:Check"
    ),
    "Packed Item": (
        "parent_item:Link item_code:Link warehouse:Link qty:Float conversion_factor:Float rate:Currency "
        "uom:Link parent_detail_docname:Data"
    ),
    "Purchase Order Item": (
        "item_code:Link warehouse:Link qty:Float uom:Link conversion_factor:Float stock_qty:Float "
        "base_rate:Currency base_net_rate:Currency schedule_date:Date expected_delivery_date:Date "
        "received_qty:Float returned_qty:Float delivered_by_supplier:Check"
    ),
    "Purchase Receipt Item": (
        "item_code:Link warehouse:Link rejected_warehouse:Link qty:Float received_qty:Float "
        "rejected_qty:Float stock_qty:Float conversion_factor:Float base_net_rate:Currency purchase_order:Link "
        "purchase_order_item:Data purchase_receipt_item:Data"
    ),
    "Purchase Invoice Item": (
        "item_code:Link warehouse:Link qty:Float received_qty:Float rejected_qty:Float stock_qty:Float "
        "conversion_factor:Float base_net_rate:Currency purchase_order:Link po_detail:Data purchase_receipt:Link pr_detail:Data "
        "purchase_invoice_item:Data"
    ),
    "Holiday": "holiday_date:Date weekly_off:Check description:TextEditor",
    "Pricing Rule Item Code": "item_code:Link uom:Link",
    "Pricing Rule Item Group": "item_group:Link uom:Link",
}


INDEXES: Final = {
    "Stock Ledger Entry": ("item_code,warehouse,posting_date",),
    "Purchase Receipt Item": ("purchase_order_item",),
    "Purchase Invoice Item": ("po_detail",),
}
"""Further fields that ERPNext indexes and the profile needs."""


def moment(text: str) -> datetime:
    """An instant, e.g. ``2026-06-01 10:00``."""
    return datetime.fromisoformat(text)


def rows(table: str, *columns: str, as_of: date = AS_OF) -> list[tuple[Any, ...]]:
    """What the profile yields for a table, sorted; only the named columns where any are named."""
    source = profiles.load(as_of).sources[table]
    assert source is not None
    found = [row for batch in reader.read(source) for row in batch.to_pylist()]
    names = columns or source.columns
    return sorted((tuple(row[name] for name in names) for row in found), key=str)


def fresh(configured: pytest.MonkeyPatch) -> Iterator["Site"]:
    """A site with one warehouse and no document; settings name the profile."""
    configured.setenv("STOCKPROOF_ERP__PROFILE", "erpnext")
    settings.load.cache_clear()
    with erp.transaction() as connection:
        if not sa.inspect(connection).has_table("tabItem"):
            create_tables(connection)
    site = Site()
    site.clear()
    site.add("Warehouse", "Main - T", "2026-01-01", warehouse_name="Main")
    yield site


def create_tables(connection: sa.Connection) -> None:
    """Make all tables, as ``bench migrate`` would name and type them."""
    for doctype, fields in (DOCTYPES | CHILDREN).items():
        columns = [f"`{name}` {_TYPES[kind]}" for name, kind in (field.split(":") for field in fields.split())]
        own = [_STANDARD, *([_CHILD] if doctype in CHILDREN else []), *columns]
        index = ", ".join(
            f"KEY `{key}` (`{key.replace(',', '`, `')}`)"
            for key in ("parent" if doctype in CHILDREN else "modified", *INDEXES.get(doctype, ()))
        )
        connection.exec_driver_sql(
            f"CREATE TABLE `tab{doctype}` ({', '.join(own)}, PRIMARY KEY (`name`), {index}) "
            "ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
        )


class Site:
    """Writes documents as a site would leave them in its database; ``at`` of each call is the document's ``modified``."""

    def add(self, doctype: str, name: str, at: str, **fields: Any) -> str:
        """Insert a document, or a child where ``parent`` is among the fields."""
        row = {"name": name, "creation": at, "modified": at, **fields}
        names = ", ".join(f"`{field}`" for field in row)
        marks = ", ".join(f":{re.sub(r'[^a-z_]', '', field)}" for field in row)
        with erp.transaction() as connection:
            connection.execute(sa.text(f"INSERT INTO `tab{doctype}` ({names}) VALUES ({marks})"), row)
        return name

    def change(self, doctype: str, name: str, at: str | None, **fields: Any) -> None:
        """Change a document; ``at`` None leaves ``modified`` alone, as ERPNext's own SQL sometimes does."""
        row = ({"modified": at} if at else {}) | fields
        pairs = ", ".join(f"`{field}` = :{field}" for field in row)
        with erp.transaction() as connection:
            connection.execute(sa.text(f"UPDATE `tab{doctype}` SET {pairs} WHERE name = :doc"), row | {"doc": name})

    def clear(self) -> None:
        """Leave no document."""
        with erp.transaction() as connection:
            for doctype in DOCTYPES | CHILDREN:
                connection.exec_driver_sql(f"DELETE FROM `tab{doctype}`")

    def item(self, name: str, at: str = "2026-01-01 09:00:00", **fields: Any) -> str:
        """An item kept in stock."""
        defaults = {
            "item_code": name,
            "item_name": f"Item {name}",
            "item_group": "Tools",
            "stock_uom": "Nos",
            "is_stock_item": 1,
        }
        return self.add("Item", name, at, **(defaults | {"end_of_life": "2099-12-31"} | fields))

    def sale(self, doctype: str, name: str, day: str, at: str, lines: dict[str, dict[str, Any]], **fields: Any) -> str:
        """A delivery note or sales invoice with its lines (by line name); quantities are in stock units where no factor is given."""
        self.add(doctype, name, at, posting_date=day, posting_time="10:00:00", **({"docstatus": 1} | fields))
        for idx, (line, row) in enumerate(lines.items(), 1):
            factor = row.get("conversion_factor", 1)
            self.add(
                f"{doctype} Item", line, at, parent=name, parenttype=doctype, parentfield="items", idx=idx, docstatus=1,
                **({"warehouse": "Main - T", "uom": "Nos", "conversion_factor": factor, "stock_qty": row["qty"] * factor} | row),
            )  # fmt: skip
        return name

    def move(
        self, name: str, day: str, time: str, qty: float, after: float, at: str, item: str = "A", **fields: Any
    ) -> str:
        """An entry of the stock ledger."""
        where = {"item_code": item, "warehouse": "Main - T", "posting_date": day, "posting_time": time, "docstatus": 1}
        return self.add(
            "Stock Ledger Entry", name, at, **(where | {"actual_qty": qty, "qty_after_transaction": after} | fields)
        )
