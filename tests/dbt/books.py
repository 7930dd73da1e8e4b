"""A small made-up ERP for the tests of the marts. Not balanced: what is tested is how rows become marts."""

from datetime import date, timedelta
from typing import Any

from pipelines.core.seeds import generator

ITEMS, DAYS = 40, 200
Rows = list[dict[str, Any]]


def make(as_of: date) -> dict[str, Rows]:
    """Rows of every contract table, by table.

    Args:
        as_of: last day of sales and stock.

    Returns:
        Table → rows.
    """
    items = [_item(n, as_of) for n in range(ITEMS)]
    sales, stock = _movements(items, as_of)
    orders, lines = _purchases(as_of)
    return {
        "items": items,
        "suppliers": [
            {
                "supplier_id": f"S{n}",
                "name": f"Supplier {n}",
                "active": n != 3,
                "working_days": "12345" if n == 2 else None,
            }
            for n in range(4)
        ],
        "stock_batches": [
            {
                "item_id": "I00",
                "location_id": "W",
                "batch_id": "B1",
                "expires_on": as_of + timedelta(days=9),
                "on_hand": 3.0,
            }
        ],
        "supplier_closures": [
            {"supplier_id": "S1", "closed_from": as_of + timedelta(days=1), "closed_to": as_of + timedelta(days=6)}
        ],
        "item_suppliers": [_offer(n, s) for n in range(ITEMS) for s in (n % 4, (n + 1) % 4) if n % 10 != 9],
        "price_breaks": [
            {"item_id": "I00", "supplier_id": "S0", "min_qty": q, "unit_price": 4.0 - q / 100} for q in (10.0, 100.0)
        ],
        "locations": [
            {"location_id": "W", "name": "Warehouse", "kind": "warehouse"},
            {"location_id": "R", "name": "Shop", "kind": "store"},
        ],
        "sales": sales,
        "stock_levels": stock,
        "purchase_orders": orders,
        "purchase_order_lines": lines,
        "item_policies": [
            {"item_id": f"I{n:02d}", "location_id": "W", "reorder_point": 5.0, "order_up_to": 20.0}
            for n in range(0, ITEMS, 2)
        ],
        "calendar_events": [{"event_on": as_of - timedelta(days=3), "name": "Fair", "location_id": None}],
        "promotions": [
            {
                "item_id": "I01",
                "location_id": None,
                "starts_on": as_of - timedelta(days=9),
                "ends_on": as_of,
                "price": 6.0,
            }
        ],
    }


def _item(n: int, as_of: date) -> dict[str, Any]:
    ended = as_of - timedelta(days=30) if n % 13 == 5 else None
    return {
        "item_id": f"I{n:02d}",
        "name": f"Item {n}",
        "category": f"C{n % 3}",
        "unit_cost": 4.0 + n,
        "unit_price": 8.0 + n,
        "unit_volume": None if n % 4 == 0 else 0.01 * n,
        "discontinued_on": ended,
    }


def _offer(n: int, supplier: int) -> dict[str, Any]:
    return {
        "item_id": f"I{n:02d}",
        "supplier_id": f"S{supplier}",
        "is_primary": supplier == n % 4,
        "lead_time_days": 5.0 + supplier,
        "min_order_qty": 10.0,
        "pack_size": None,
        "unit_price": 3.0 + supplier,
    }


def _movements(items: Rows, as_of: date) -> tuple[Rows, Rows]:
    draw = generator(7, "dbt tests")
    sales: Rows = []
    stock: Rows = []
    for n, item in enumerate(items):
        for place in ("W", "R") if n % 2 else ("W",):
            chance, spread = (1.0, 0.9, 0.4, 0.1, 0.0)[n % 5], (1.0, 6.0)[n % 2]
            last = item["discontinued_on"] or as_of
            for back in range(DAYS - 3 * n, -1, -1):
                day = as_of - timedelta(days=back)
                if day > last:
                    continue
                empty = draw.random() < 0.15
                if draw.random() < chance and not (empty and draw.random() < 0.7):
                    quantity = float(round(1 + draw.exponential(spread) * 2))
                    sales.append(_sale(len(sales), item, place, day, quantity))
                if draw.random() < 0.03:
                    sales.append(_sale(len(sales), item, place, day, -float(draw.integers(1, 5))))
                if n % 7 or draw.random() < 0.3:  # every seventh item is counted now and then only
                    stock.append(
                        {
                            "item_id": item["item_id"],
                            "location_id": place,
                            "counted_on": day,
                            "on_hand": 0.0 if empty else float(draw.integers(1, 60)),
                        }
                    )
    return sales, stock


def _sale(number: int, item: dict[str, Any], place: str, day: date, quantity: float) -> dict[str, Any]:
    return {
        "sale_id": f"{number:06d}",
        "item_id": item["item_id"],
        "location_id": place,
        "sold_on": day,
        "quantity": quantity,
        "unit_price": item["unit_price"],
    }


def _purchases(as_of: date) -> tuple[Rows, Rows]:
    draw = generator(8, "dbt tests")
    orders: Rows = []
    lines: Rows = []
    for back in range(900, 0, -6):
        ordered, supplier, number = as_of - timedelta(days=back), int(draw.integers(0, 4)), f"P{back:04d}"
        is_open = back < 12
        orders.append(
            {
                "po_id": number,
                "supplier_id": f"S{supplier}",
                "location_id": "W",
                "ordered_on": ordered,
                "status": "open" if is_open else "received",
            }
        )
        for line in range(1, 5):
            took, item = int(draw.integers(2, 12)), int(draw.integers(0, 8)) * 4 + supplier
            lines.append(
                {
                    "po_id": number,
                    "line_no": line,
                    "item_id": f"I{item:02d}",
                    "quantity_ordered": 20.0,
                    "unit_price": 3.0,
                    "promised_on": ordered + timedelta(days=7),
                    "received_on": None if is_open else min(ordered + timedelta(days=took), as_of),
                    "quantity_received": 0.0 if is_open else 20.0 - 2 * (took % 3 == 0),
                    "quantity_rejected": float(took % 5 == 0 and not is_open),
                }
            )
    return orders, lines
