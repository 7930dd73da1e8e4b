"""The options of a study become its question; what contradicts itself is refused in words; answers read well."""

from pathlib import Path

import pytest

from pipelines.commands import study_question, study_text
from pipelines.core.errors import StockproofError

NONE = {
    "question": None, "items": None, "sample": None, "top": None, "item": "", "category": "", "supplier": "", "location": "", "class_": "",
    "abc": "", "days": None, "since": None, "until": None, "policy": "", "levels": None, "scenario": "", "change": None, "sweep": "",
    "stock_budget": None, "change_cost": None, "retrain_days": None, "name": "", "tags": "", "saved": "",
}  # fmt: skip


def question(**options):
    return study_question.question(NONE | options)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sample": "200"}, "--sample takes stratified or all, not '200'"),
        ({"top": 20, "items": 10}, "cannot be combined with --items or --sample"),
        ({"top": 20, "sample": "all"}, "cannot be combined with --items or --sample"),
        ({"change": ["demand_factor"]}, "--change takes key=value, not 'demand_factor'"),
        ({"sweep": "service_target"}, "--sweep takes key=value,value"),
        ({"change": ["demand_factor=-1"]}, "change.demand_factor: Input should be greater than 0"),
        ({"scenario": "rush"}, "the list of scenarios holds no rush"),
    ],
)
def test_options_that_cannot_be_asked_are_refused(asked, message):
    with pytest.raises(StockproofError, match=message) as refused:
        question(**asked)
    assert refused.value.remedy


def test_options_become_the_question():
    asked = question(
        items=300,
        category="A,B",
        policy="ours,base_stock",
        scenario="spike",
        change=["service_target=0.98"],
        tags="peak",
        sweep="demand_factor=1,1.5",
        name="peak season",
    )
    assert (asked.sample, asked.size, asked.where.categories) == ("stratified", 300, ("A", "B"))
    assert asked.policies == ("ours", "base_stock")
    assert (asked.change.spike_factor, asked.change.service_target) == (2.5, 0.98)
    assert (asked.sweep.parameter, asked.sweep.values) == ("demand_factor", (1.0, 1.5))
    assert (asked.name, asked.tags) == ("peak season", ("peak",))


def test_a_question_of_a_file_is_overridden_by_options(tmp_path: Path):
    file = tmp_path / "question.yaml"
    file.write_text("days: 90\npolicies: [min_max]\nchange: {demand_factor: 1.2}\n")
    asked = question(question=file, days=120)
    assert (asked.days, asked.policies, asked.change.demand_factor) == (120, ("min_max",), 1.2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("item_id,location_id,reorder_point\na,w,1\n", "lacks order_up_to"),
        ("item_id,location_id,reorder_point,order_up_to\na,w,-1,5\n", "line 2: reorder_point is '-1'"),
        ("item_id,location_id,reorder_point,order_up_to\na,w,1,5\na,w,x,5\n", "line 3: reorder_point is 'x'"),
    ],
)
def test_a_file_of_levels_is_refused_by_line_and_column(tmp_path: Path, rows, message):
    file = tmp_path / "levels.csv"
    file.write_text(rows)
    with pytest.raises(StockproofError, match=message):
        question(levels=file)


def metric(**known):
    nothing = {"reduction": None, "low": None, "high": None}
    return {"simulated": None, "real": None, "incumbent": None, "against_incumbent": nothing, **nothing, **known}


def test_what_cannot_be_divided_is_not_shown_as_no_change():
    """No stock in the books, nothing asked for, an ERP's rule that cost nothing: no percentages of nothing."""
    nothing = {"improvement": None, "low": None, "high": None}
    result = {
        "global_metrics": {
            "service_level": metric(improvement=-2.0),
            "inventory_value": metric(),
            "total_cost": metric(),
            "fill_rate": metric(improvement=None) | {"against_incumbent": nothing},
        },
        "money": {"against_incumbent": {"total_cost_saved": {"value": -7.0, "low": None, "high": None}}},
        "stock_budget": None,
    }
    assert study_text.changes(result) == [
        "Against the books: service -2.00 points.",
        "Against the ERP's rule: costs 7 more, no unit was asked for.",
    ]
