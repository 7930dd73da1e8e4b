"""``stockproof safety-stock`` by hand: numbers have no history that could be too short."""

from typer.testing import CliRunner

from pipelines.cli import app


def test_numbers_by_hand_give_a_table_and_no_remark_on_a_history() -> None:
    told = CliRunner().invoke(
        app, ["safety-stock", "--mean", "2", "--std", "4", "--lead-time", "10", "--lead-time-std", "3"]
    )
    assert told.exit_code == 0, told.exception
    assert "by hand" in told.stdout
    assert "28.9" in told.stdout  # 1.645 √(17·16 + 4·9)
    assert "history" not in told.stdout
