"""When rows of files without ``updated_at`` count as recorded."""

from datetime import datetime
from pathlib import Path

from pipelines.onboarding import load as loading
from tests.unit.onboarding.test_load import folder, tell

__all__ = ["folder"]


def test_absent_updated_at_is_filled_from_the_rows_own_date(folder: Path) -> None:
    (folder / "purchase_orders.csv").write_text(
        "po_id,supplier_id,location_id,ordered_on,status\nP1,S1,W,2026-01-02,received\nP2,S1,W,2026-01-03,open\n"
    )
    (folder / "purchase_order_lines.csv").write_text(
        "po_id,line_no,item_id,quantity_ordered,unit_price,received_on,quantity_received,quantity_rejected\n"
        "P1,1,A,5,5,2026-01-09,5,0\nP1,2,B,5,5,2026-01-07,5,0\nP2,1,A,5,5,,0,0\n"
    )
    frames, _, notes = loading.check_files(folder, tell)
    at = {name: frame["updated_at"].to_list() for name, frame in frames.items() if "updated_at" in frame.columns}
    end = [datetime.fromisoformat(f"2026-01-0{day} 23:59") for day in range(1, 10)]
    assert at["sales"] == [end[4], end[3]]
    assert at["purchase_orders"] == [end[8], end[2]], "a closed order was last changed by its newest receipt"
    assert at["purchase_order_lines"] == [end[1], end[1], end[2]], "a run reads no receipt dated after its day"
    assert at["items"] == at["item_suppliers"] == [end[1]] * 2, "the oldest date there is"
    (note,) = [note for note in notes if "updated_at" in note]
    assert "sales.csv" in note
    assert "2026-01-02" in note


def test_an_open_order_is_of_its_own_day_whatever_receipt_was_typed_ahead(folder: Path) -> None:
    (folder / "purchase_orders.csv").write_text(
        "po_id,supplier_id,location_id,ordered_on,status\nP1,S1,W,2026-01-02,Open\n"
    )
    (folder / "purchase_order_lines.csv").write_text(
        "po_id,line_no,item_id,quantity_ordered,unit_price,received_on,quantity_received,quantity_rejected\n"
        "P1,1,A,5,5,2026-02-09,5,0\n"
    )
    frames, _, _ = loading.check_files(folder, tell)
    recorded = {name: frames[name]["updated_at"][0] for name in ("purchase_orders", "purchase_order_lines")}
    assert set(recorded.values()) == {datetime.fromisoformat("2026-01-02 23:59")}
