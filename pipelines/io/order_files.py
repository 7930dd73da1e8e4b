"""Approved orders as files, one an order: a dry run, or the way into an ERP whose purchase tables we may not write."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.errors import StockproofError
from pipelines.core.purchase_order import PurchaseOrder, Receipt, Step
from pipelines.io import files

COLUMNS = (
    "po_id",
    "external_ref",
    "supplier_id",
    "location_id",
    "ordered_on",
    "line_no",
    "item_id",
    "quantity_ordered",
    "unit_price",
    "promised_on",
)


@dataclass(frozen=True)
class OrderFiles:
    """A folder with ``<order_id>.json`` and ``<order_id>.csv`` of each order. A file is whole or absent.

    Attributes:
        folder: the outbox.
        name: of this way into an ERP.
    """

    folder: Path
    name: str = "file"

    def submit(self, order: PurchaseOrder, step: Step) -> None:
        """Write the order's files; the JSON last, for it is what :meth:`find` looks for. An order already there is left alone.

        Raises:
            StockproofError: the folder cannot be written.
        """
        if self._path(order.key).exists():
            return
        try:
            files.write_atomic(self.folder / f"{order.order_id}.csv", _csv(order))
            step("file csv")
            files.write_atomic(self._path(order.key), _json(order))
        except OSError as fault:
            raise StockproofError(
                f"order {order.order_id} cannot be written to {self.folder}: {fault.strerror}",
                "fix the folder's permissions or space, then `stockproof run release` again",
            ) from None
        step("file written")

    def find(self, key: str) -> Receipt | None:
        """The order under a key."""
        path = self._path(key)
        if not path.exists():
            return None
        held = json.loads(path.read_text())
        return Receipt(
            held["po_id"], len(held["lines"]), float(sum(line["quantity_ordered"] for line in held["lines"]))
        )

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def document(order: PurchaseOrder) -> dict[str, object]:
    """An order in the ERP contract's words, as JSON types."""
    return {
        "po_id": order.order_id,
        "external_ref": order.key,
        "supplier_id": order.supplier_id,
        "location_id": order.location_id,
        "ordered_on": order.ordered_on.isoformat(),
        "lines": [
            {
                "line_no": line.line_no,
                "item_id": line.item_id,
                "quantity_ordered": line.quantity,
                "unit_price": line.unit_price,
                "promised_on": line.promised_on.isoformat() if line.promised_on else None,
            }
            for line in order.lines
        ],
    }


def _json(order: PurchaseOrder) -> str:
    return json.dumps(document(order), indent=1, ensure_ascii=False) + "\n"


def _csv(order: PurchaseOrder) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    head = (order.order_id, order.key, order.supplier_id, order.location_id, order.ordered_on)
    for line in order.lines:
        writer.writerow((*head, line.line_no, line.item_id, line.quantity, line.unit_price, line.promised_on))
    return text.getvalue()
