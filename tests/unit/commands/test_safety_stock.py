"""``stockproof safety-stock`` by hand: numbers have no history that could be too short."""

from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.safety_stock import _table


def test_numbers_by_hand_give_a_table_and_no_remark_on_a_history() -> None:
    result = CliRunner().invoke(
        app, ["safety-stock", "--mean", "2", "--std", "4", "--lead-time", "10", "--lead-time-std", "3"]
    )
    assert result.exit_code == 0, result.exception
    assert "by hand" in result.stdout
    assert "28.9" in result.stdout  # 1.645 √(17·16 + 4·9)
    assert "history" not in result.stdout


def test_less_than_a_unit_is_shown_with_its_significant_figures() -> None:
    row = {
        "item_id": "A", "location_id": "W", "lead_time_mean": 13.0, "lead_time_std": 6.0, "mean_demand": 0.093, "reorder_level": 0.171,
        "safety_stock": 0.078, "achieved": 0.95, "normal_safety_stock": 0.065, "normal_achieved": 0.93, "value": 310.92,
        "difference_value": 49.12,
    }  # fmt: skip
    cells = [next(iter(column.cells)) for column in _table([row], "tonnes").columns]
    assert cells[3:7] == ["0.093", "0.17", "0.078", "95.0%"]
