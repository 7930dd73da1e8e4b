"""The exported file is the same bytes for the same proposals."""

import io
import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.purchase.export import COLUMNS, encode, number

PROPOSALS = pl.DataFrame(
    {
        "as_of": [date(2026, 6, 28)] * 3,
        "item_id": ["b", "a", "a"],
        "location_id": ["w1", "w2", "w1"],
        "supplier_id": ["S,1", "S2", "S2"],
        "quantity": [12.0, 0.1, 100.0],
        "unit_price": [2.5, None, 3.0],
        "expected_on": [date(2026, 7, 1)] * 3,
        "reason_code": ["X"] * 3,
    }
)


def test_csv_to_the_byte():
    expected = (
        "as_of,item_id,location_id,supplier_id,quantity,unit_price,expected_on,reason_code\n"
        "2026-06-28,a,w1,S2,100,3,2026-07-01,X\n"
        '2026-06-28,b,w1,"S,1",12,2.5,2026-07-01,X\n'
        "2026-06-28,a,w2,S2,0.1,,2026-07-01,X\n"
    )
    assert encode(PROPOSALS, "csv").decode() == expected
    assert encode(PROPOSALS.reverse(), "csv").decode() == expected


def test_no_proposals_is_a_file_with_a_header():
    assert encode(PROPOSALS.clear(), "csv").decode() == ",".join(COLUMNS) + "\n"
    assert json.loads(encode(PROPOSALS.clear(), "json")) == []


def test_json_and_parquet_hold_the_same_rows():
    rows = json.loads(encode(PROPOSALS, "json"))
    assert rows[0]["quantity"] == 100
    assert rows[2] == {
        "as_of": "2026-06-28",
        "item_id": "a",
        "location_id": "w2",
        "supplier_id": "S2",
        "quantity": 0.1,
        "unit_price": None,
        "expected_on": "2026-07-01",
        "reason_code": "X",
    }
    assert pl.read_parquet(io.BytesIO(encode(PROPOSALS, "parquet"))).equals(PROPOSALS.sort("location_id", "item_id"))


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_repeatable(form):
    assert encode(PROPOSALS, form) == encode(PROPOSALS.sample(fraction=1, shuffle=True, seed=1), form)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value):
    assert float(number(value)) == value
