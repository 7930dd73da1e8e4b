"""A failing model is named, and after fixing it alone is run again with what hung on it."""

import re
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.transform import attempts, dbt_cli, job
from tests.dbt.conftest import AS_OF, days_back, every_mart

pytestmark = pytest.mark.servers
BROKEN = ("where ranked.choice = 1", "where choice / 0 = 1")


@pytest.fixture
def project(small_erp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the dbt project that a test may break."""
    copy = tmp_path / "dbt"
    shutil.copytree(dbt_cli.PROJECT, copy)
    monkeypatch.setattr(dbt_cli, "PROJECT", copy)
    return copy


def _break(model: Path, old: str, new: str) -> None:
    text = model.read_text()
    assert old in text
    model.write_text(text.replace(old, new))


def test_failing_model_is_named_and_retried_alone(project: Path) -> None:
    whole = job.run(AS_OF)
    good = every_mart()
    model = project / "models/intermediate/int_item_suppliers.sql"
    _break(model, *BROKEN)
    with pytest.raises(StockproofError, match="division by zero") as fault:
        job.run(AS_OF)
    assert "model int_item_suppliers (models/intermediate/int_item_suppliers.sql)" in fault.value.message
    assert re.search(r"\d+ more depend on them and were skipped", fault.value.message)
    assert "same date again" in fault.value.remedy

    _break(model, *reversed(BROKEN))
    resumed = job.run(AS_OF)
    assert resumed["resumed"] == 1
    assert 0 < resumed["models"] < whole["models"] / 4
    for name, frame in every_mart().items():
        assert frame.equals(good[name]), name
    assert not attempts.resumable(AS_OF, job.variables_of(AS_OF)), (
        "a build that ended well leaves nothing to go on from"
    )


def test_failing_test_is_named_with_its_rows(project: Path) -> None:
    _break(
        project / "models/marts/fct_inventory_position.sql",
        "positions.inventory_position,",
        "positions.inventory_position + 1 as inventory_position,",
    )
    with pytest.raises(StockproofError) as fault:
        job.run(AS_OF)
    assert "test fct_inventory_position__position_is_on_hand_plus_on_order" in fault.value.message
    assert "inventory_position = " in fault.value.message


def test_attempt_with_other_rows_or_date_runs_whole(project: Path, fill) -> None:
    model, variables = project / "models/intermediate/int_item_suppliers.sql", job.variables_of(AS_OF)
    _break(model, *BROKEN)
    with pytest.raises(StockproofError):
        job.run(AS_OF)
    assert attempts.resumable(AS_OF, variables)
    assert not attempts.resumable(days_back(1), job.variables_of(days_back(1)))
    assert not attempts.resumable(AS_OF, variables | {"bucket": "week"})

    with warehouse.transaction() as connection:
        connection.execute(sa.text("insert into raw.sales (sale_id, _recorded_at) values ('late', '2030-01-01')"))
    assert not attempts.resumable(AS_OF, variables)
    warehouse.execute("delete from raw.sales where sale_id = 'late'")
    assert attempts.resumable(AS_OF, variables)
    warehouse.execute(
        "insert into quarantine.rows (as_of, table_name, row_id, rule, row_key, details) values (:d, 'sales', 1, 'r', 'k', '{}')",
        d=AS_OF,
    )
    assert not attempts.resumable(AS_OF, variables)
    warehouse.execute("delete from quarantine.rows")

    _break(model, *reversed(BROKEN))
    job.run(days_back(1), select="dim_item")
    assert not attempts.resumable(AS_OF, variables), "the marts held another date in between"


def test_contract_breach_names_the_column(project: Path) -> None:
    _break(project / "models/marts/dim_item.sql", "    unit_cost,", "    unit_cost::text as unit_cost,")
    with pytest.raises(StockproofError, match="unit_cost") as fault:
        job.run(AS_OF, select="dim_item")
    assert "model dim_item" in fault.value.message


def test_project_that_does_not_parse(project: Path) -> None:
    _break(project / "models/marts/dim_item.sql", "ref('stg_erp__items')", "ref('stg_erp__itmes')")
    with pytest.raises(StockproofError, match="stg_erp__itmes"):
        job.run(AS_OF)


def test_two_builds_at_once_are_refused(small_erp) -> None:
    with warehouse.transaction() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('marts'))"))
        with pytest.raises(StockproofError, match="another build"):
            job.run(AS_OF)


def test_missing_raw_tables_are_named(small_erp) -> None:
    warehouse.execute("alter table raw.sales rename to sales_gone")
    try:
        with pytest.raises(StockproofError, match=r'relation "raw.sales" does not exist'):
            job.run(AS_OF, select="stg_erp__sales")
    finally:
        warehouse.execute("alter table raw.sales_gone rename to sales")
