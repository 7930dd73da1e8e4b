"""A company that is known in the contract's form, written as Dolibarr would hold it."""

from collections import defaultdict
from datetime import datetime, time

from tests.integration.dolibarr_site import Row, Site


def fill(site: Site, books: dict[str, list[Row]]) -> None:
    """Write a company that is known in the contract's form as Dolibarr would hold it.

    Args:
        site: an empty site.
        books: rows by table of the contract; a receipt in parts is a line a part there, and one order line here.
    """
    for row in books["locations"]:
        site.warehouse(row["location_id"], lieu=row["name"])
    group = site.add("llx_categorie", label="C", type=0)
    held_at = {row["item_id"]: row["location_id"] for row in books["item_policies"]}
    for row in books["items"]:
        number = site.product(
            row["item_id"],
            label=row["name"],
            cost_price=row["unit_cost"],
            price=row["unit_price"],
            datec=datetime.combine(row["created_on"], time(9)),
            tms=row["updated_at"],
            fk_default_warehouse=site.warehouse(held_at[row["item_id"]]),
        )
        site.add("llx_categorie_product", fk_categorie=group, fk_product=number)
    for row in books["suppliers"]:
        site.supplier(row["supplier_id"], nom=row["name"], tms=row["updated_at"])
    for row in books["item_suppliers"]:
        site.price(
            row["item_id"], row["supplier_id"], float(row["unit_price"]), max(row["min_order_qty"], 1.0), packaging=row["pack_size"],
            delivery_time_days=int(row["lead_time_days"]), tms=row["updated_at"],
            supplier_reputation="FAVORITE" if row["is_primary"] else None,
        )  # fmt: skip
    for row in books["item_policies"]:
        site.add(
            "llx_product_warehouse_properties", fk_product=site.product(row["item_id"]), fk_entrepot=site.warehouse(row["location_id"]),
            seuil_stock_alerte=row["reorder_point"], desiredstock=row["order_up_to"], tms=row["updated_at"],
        )  # fmt: skip
    _fill_movements(site, books)
    _fill_orders(site, books)


def _fill_movements(site: Site, books: dict[str, list[Row]]) -> None:
    """What was there before the first day, then sales and receipts."""
    heads = {row["po_id"]: row for row in books["purchase_orders"]}
    moves = [
        (row["sold_on"], row["item_id"], row["location_id"], -row["quantity"], "shipping") for row in books["sales"]
    ]
    for row in books["purchase_order_lines"]:
        if row["received_on"]:
            moves.append(
                (
                    row["received_on"],
                    row["item_id"],
                    heads[row["po_id"]]["location_id"],
                    row["quantity_received"],
                    "reception",
                )
            )
    counts = sorted(books["stock_levels"], key=lambda row: row["counted_on"])
    moved: dict[tuple[str, str], float] = defaultdict(float)
    for _, item, place, units, _ in moves:
        moved[item, place] += units
    for row in {(row["item_id"], row["location_id"]): row for row in counts}.values():
        key = (row["item_id"], row["location_id"])
        moves.append((counts[0]["counted_on"], *key, row["on_hand"] - moved[key], ""))
    for day, item, place, units, origin in sorted(moves):
        site.move(item, f"{day} {12 if units > 0 else 18}:00:00", units, origin, place)


def _fill_orders(site: Site, books: dict[str, list[Row]]) -> None:
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in books["purchase_order_lines"]:
        lines[row["po_id"]].append(row)
    for head in books["purchase_orders"]:
        wanted: dict[str, float] = defaultdict(float)
        for row in lines[head["po_id"]]:
            wanted[row["item_id"]] += row["quantity_ordered"]
        promised = datetime.combine(lines[head["po_id"]][0]["promised_on"], time(0))
        state = {"open": 3, "received": 5, "cancelled": 7}[head["status"]]
        order = site.order(
            head["po_id"],
            head["supplier_id"],
            str(head["ordered_on"]),
            dict(wanted),
            fk_statut=state,
            date_livraison=promised,
            ref_ext=head["external_ref"],
            date_valid=None,
            tms=datetime.combine(head["ordered_on"], time(20)),
        )
        for row in sorted(lines[head["po_id"]], key=lambda row: row["line_no"]):
            if row["received_on"]:
                site.receive(
                    order,
                    row["item_id"],
                    f"{row['received_on']} 12:00:00",
                    row["quantity_received"],
                    head["location_id"],
                )
