"""Bad input, each with its named reason. An ERP that goes down in the middle of a release: ``tests/integration/test_release_faults.py``."""

import polars as pl
import pytest

from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make

ROWS, BREAKS = make(40, seed=6)
NEEDED = ROWS.filter("has_supplier").with_columns(
    on_hand=pl.lit(0.0),
    due=pl.lit(0.0),
    purchase_price=pl.lit(3.0),
    created_on=pl.lit(None, pl.Date),
    discontinued_on=pl.lit(None, pl.Date),
)

CASES = {
    "vendor without lead time": ({"lead_time_days": pl.lit(None, pl.Float64)}, {}, None),
    "item without vendor": (
        {"has_supplier": pl.lit(value=False), "supplier_id": pl.lit(None, pl.String)},
        {},
        "NO_ORDER_NO_SUPPLIER",
    ),
    "price zero": ({"purchase_price": pl.lit(0.0)}, {}, "NO_ORDER_PRICE_MISSING"),
    "pack larger than the maximum": (
        {"pack_size": pl.lit(500.0)},
        {"max_quantity": 100.0},
        "NO_ORDER_PACK_ABOVE_MAXIMUM",
    ),
    "budget zero": ({}, {"budget": 0.0}, "NO_ORDER_BUDGET_SPENT"),
}
"""Input → what is changed of the SKUs and of the configuration, and the code of all lines; None: they are ordered."""


@pytest.mark.parametrize("case", CASES)
def test_each_has_a_named_reason(case):
    changes, limits, code = CASES[case]
    table = decide(NEEDED.with_columns(**changes), BREAKS, AS_OF, config(**limits)).table
    assert table.height == NEEDED.height
    assert (table["reason"] != "").all()
    if code is None:
        assert (table["quantity"] > 0).all()
        assert table["expected_from"].unique().to_list() == ["default lead time"]
        assert table["expected_on"].null_count() == 0
    else:
        assert table["reason_code"].unique().to_list() == [code]
        assert table["quantity"].sum() == 0


def test_an_offer_that_a_data_rule_set_aside_is_not_denied():
    """An active supplier that offers the item with a lead time of 0 is in quarantine: the planner sees its offer in the ERP."""
    changes, _, _ = CASES["item without vendor"]
    aside = "the offer of S1 was set aside (purchase_price_not_positive): enter the supplier's price in the ERP"
    rows = NEEDED.with_columns(**changes, without_offer=pl.lit(aside))
    assert decide(rows, BREAKS, AS_OF, config()).table["reason"].str.starts_with(f"No order: {aside}; on hand").all()
