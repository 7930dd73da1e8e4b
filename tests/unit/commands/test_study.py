"""What a study is asked for: samples that contradict one another are refused in words."""

import pytest

from pipelines.commands import study, study_text
from pipelines.core.errors import StockproofError


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sample": "200"}, "--sample takes stratified or all, not '200'"),
        ({"top": 20, "items": 10}, "goes with neither --items nor --sample"),
        ({"top": 20, "sample": "all"}, "goes with neither --items nor --sample"),
    ],
)
def test_a_sample_that_contradicts_itself_is_refused(asked, message):
    with pytest.raises(StockproofError, match=message) as refused:
        study.run(**asked)
    assert refused.value.remedy


def figures(**known):
    return {name: None for name, _, _ in study_text.FIGURES} | known


def told(capsys, metrics):
    """What a reader of a finished study sees."""
    result = {
        "simulation_id": "3f2a91bc", "start_date": "2026-01-01", "end_date": "2026-04-10", "total_items": 3, "total_days": 100,
        "sample": {"of": 3, "note": "every SKU"}, "global_metrics": metrics, "category_breakdown": [],
    }  # fmt: skip
    study_text.show(result, as_json=False)
    return " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_divided_is_not_told_as_no_change(capsys):
    """No stock in the books, nothing asked for, an ERP's rule that cost nothing: no percentages of nothing."""
    change = {
        "compared_items": 2, "stockouts_avoided_days": -4, "stockout_rate_reduction": None, "inventory_value_reduction": None,
        "service_level_points": -2.0, "orders": 1, "holding_and_ordering_saved": -7.0,
        "saving_against_incumbent": -7.0, "saving_share": None, "fill_rate_points_against_incumbent": None,
    }  # fmt: skip
    said = told(capsys, {"real": figures(), "incumbent": figures(), "simulated": figures(), "change": change})
    assert "Against the books, on 2 SKUs: 4 more stockout days, service -2.00 points." in said
    assert "Against the ERP's rule: costs 7 more, no unit was asked for." in said
    assert "%" not in said


def test_columns_of_different_skus_say_of_how_many_they_are(capsys):
    metrics = {
        "real": figures(items=1, inventory_value=400.0), "incumbent": figures(items=2, inventory_value=300.0),
        "simulated": figures(items=3, inventory_value=900.0), "change": {},
    }  # fmt: skip
    assert "│ SKUs │ 1 │ 2 │ 3 │" in told(capsys, metrics)
