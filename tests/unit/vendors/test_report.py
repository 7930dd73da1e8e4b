"""A vendor's report in each format."""

import io
import json
from typing import Any

import openpyxl
import pytest

from pipelines.vendors.report import encode
from pipelines.vendors.scores import DIMENSIONS


@pytest.fixture
def vendor() -> dict[str, Any]:
    return {
        "as_of": "2026-06-28", "vendors": 60, "supplier_id": "S1", "supplier_name": "Oak & Sons", "rank": 3, "rank_interval": [2, 9],
        "scores": dict.fromkeys(DIMENSIONS, 70.0), "total": 70.0, "total_interval": [66.0, 74.0], "trend": "stable", "risk": "medium",
        "risk_reasons": ["18% of lines are late"], "confidence": 0.8, "receipts": 120, "deliveries": 40,
        "recommendations": ["Agree on later dates"], "figures": {},
        "lead_time": {"q500": 9.0, "q950": 15.0}, "open_lines": [], "receipts_newest": [],
        "items": [{"item_id": "I1", "receipts": 4, "q500": 9.0, "q900": 12.0, "q950": 15.0, "on_time_share": None}],
        "months": [{"month": "2026-05", "lines": 4, "lead_time_mean": 9.5, "on_time_share": 0.75, "in_full_share": 1.0}],
    }  # fmt: skip


def test_html_says_the_headline_the_advice_and_the_lead_time_to_plan_with(vendor: dict[str, Any]) -> None:
    html = encode(vendor, "html").decode()
    assert "Oak &amp; Sons is 3rd of 60 vendors (2nd to 9th" in html
    assert "Agree on later dates" in html and "Plan with 9 days; nineteen deliveries in twenty come within 15." in html
    assert "http" not in html


def test_excel_and_json_hold_the_same(vendor: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(encode(vendor, "xlsx")))
    assert [cell.value for cell in book["Scores"]["A"]][2:9][-1] == "Total" and book["Lead times"]["A2"].value == "I1"
    assert json.loads(encode(vendor, "json"))["scores"] == vendor["scores"]


def test_a_name_is_never_a_formula_and_a_control_character_ends_no_report(vendor: dict[str, Any]) -> None:
    vendor["supplier_name"], vendor["items"][0]["item_id"] = "=1+1", "=cmd|'x'!A0\x07"
    book = openpyxl.load_workbook(io.BytesIO(encode(vendor, "xlsx")))
    assert book["Scores"]["A1"].data_type == "s" and book["Scores"]["A1"].value.startswith("=1+1 is 3rd")
    assert (book["Lead times"]["A2"].data_type, book["Lead times"]["A2"].value) == ("s", "=cmd|'x'!A0")
