"""What a user reads where extraction cannot do its work: every message names the place and the remedy."""

from datetime import date
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.contract import TABLES
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.extract import job, preflight, profiles
from pipelines.io import warehouse
from pipelines.onboarding import check, findings
from pipelines.stack.process import free_port
from tests.integration.extract_erp import at, change, empty, everything, held, insert, on, sell

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def servers(erp_url: str, warehouse_url: str) -> None:
    """An ERP without rows, a raw without rows."""
    empty()


def refused(as_of: date) -> str:
    """The message and remedy of a run that must fail, having changed nothing in raw."""
    before = everything()
    with pytest.raises(StockproofError) as caught:
        job.run(as_of)
    after = everything()
    assert {name: rows for name, rows in after.items() if rows} == {name: rows for name, rows in before.items() if rows}
    assert caught.value.remedy
    return str(caught.value)


def test_missing_table_and_column_are_all_named_before_anything_is_read() -> None:
    sell(1)
    change("drop table stock_levels")
    change("alter table items drop column unit_cost")
    change("alter table sales rename column sold_on to day")
    message = refused(on(1))
    assert "table stock_levels is missing" in message
    assert "table items lacks the column unit_cost" in message
    assert "table sales lacks the column sold_on" in message
    assert "stockproof erp check" in message
    assert "docs/source-profiles.md" in message
    assert "test-password" not in message


def test_no_sale_at_all() -> None:
    assert "the ERP holds no sale at all" in refused(on(1))


def test_as_of_before_the_first_sale() -> None:
    sell(5)
    assert f"no sale recorded up to {on(2)}; the first sale is of {on(5)}" in refused(on(2))


def test_history_loaded_with_a_later_recording_time() -> None:
    sell(1, updated_at=at(30))
    message = refused(on(2))
    assert f"all were recorded (updated_at) from {on(30)} on" in message


def test_stale_sales() -> None:
    sell(1)
    message = refused(on(20))
    assert (
        f"the newest one recorded up to {on(20)} is of {on(1)}, 19 days before (7 are allowed: erp.max_staleness_days)"
        in message
    )
    assert preflight.check(on(8))["newest_sale"] == on(1).isoformat()


def test_rows_without_updated_at_are_counted_not_lost() -> None:
    sell(1, 2)
    change("alter table stock_levels modify updated_at datetime(6) null")
    change(f"insert into stock_levels values ('A', 'W', '{on(1)}', 5, null), ('B', 'W', '{on(1)}', 5, null)")
    with pytest.raises(
        StockproofError, match="table stock_levels: 2 rows of stock_levels have no updated_at and would be lost"
    ) as caught:
        job.run(on(2))
    assert "UPDATE stock_levels SET updated_at" in caught.value.remedy
    assert held("stock_levels") == []


def test_zero_dates_of_mysql() -> None:
    sell(1, 2)
    with pytest.raises(StockproofError, match="1 rows of sales have no updated_at"):
        _with_zero_date("update sales set updated_at = '0000-00-00' where sale_id = 'S001'")
    change(f"update sales set updated_at = '{at(1)}' where sale_id = 'S001'")
    _with_zero_date("update sales set sold_on = '0000-00-00' where sale_id = 'S001'")
    assert held("sales", "sale_id", "sold_on") == [("S001", None), ("S002", on(2))]


def _with_zero_date(statement: str) -> None:
    change(f"set statement sql_mode='' for {statement}")
    job.extract_table("sales", on(2))


def test_a_select_that_stumbles_over_a_row_is_not_asked_again(tmp_path: Path, configured: pytest.MonkeyPatch) -> None:
    for table in TABLES:
        (tmp_path / f"{table.name}.sql").write_text(f"select * from {table.name}")
    sum_ = "cast(5 as unsigned) - cast(quantity as unsigned)"  # out of range where more was sold than 5
    (tmp_path / "sales.sql").write_text(
        f"select sale_id, item_id, location_id, sold_on, {sum_} as quantity, unit_price, updated_at from sales"
    )
    sell(*range(40), quantity=6.0)
    with configured.context() as patch:
        patch.setenv("STOCKPROOF_ERP__PROFILE", str(tmp_path))
        settings.load.cache_clear()
        for ask in (lambda: job.run(on(39)), check.check):
            with pytest.raises(
                StockproofError, match=r"refused a query while .*sales.sql was read.*out of range"
            ) as caught:
                ask()
            assert not isinstance(caught.value, ServiceAway)
            assert "SELECT" in caught.value.remedy
        source = profiles.inspect(on(39)).sources["sales"]
        assert source is not None
        with pytest.raises(StockproofError, match=r"refused a query: .*out of range"):
            findings.rows(f"select sum(quantity) from ({source.query}) t")
    settings.load.cache_clear()


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(StockproofError, match="no such table in the contract: sale\n") as caught:
        job.run(on(1), ["sale"])
    assert "sales" in caught.value.remedy


@pytest.fixture
def elsewhere(configured: pytest.MonkeyPatch, erp_url: str, warehouse_url: str):
    """Point ERP or warehouse somewhere else for one test."""

    def point(erp: str = erp_url, store: str = warehouse_url) -> None:
        configured.setenv("ERP_URL", erp)
        configured.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", store)
        settings.load.cache_clear()

    yield point
    point()


def test_wrong_password(elsewhere, erp_url: str) -> None:
    elsewhere(erp=erp_url.replace(":test-password@", ":wrong-one@"))
    with pytest.raises(StockproofError, match="refused user or password") as caught:
        preflight.check(on(1))
    assert "wrong-one" not in str(caught.value)
    assert "ERP_URL" in caught.value.remedy


def test_no_such_database(elsewhere, erp_url: str) -> None:
    elsewhere(erp=erp_url + "_nowhere")
    with pytest.raises(StockproofError, match="has no such database"):
        preflight.check(on(1))


def test_nobody_listens(elsewhere, erp_url: str, warehouse_url: str) -> None:
    port = free_port()
    elsewhere(erp=f"mysql://stockproof:x@127.0.0.1:{port}/erp")
    with pytest.raises(
        StockproofError, match=f"the ERP at mysql://stockproof:…@127.0.0.1:{port}/erp cannot be reached"
    ):
        preflight.check(on(1))
    sell_at = warehouse_url.rsplit(":", 1)[0]
    elsewhere(store=f"{sell_at}:{port}/warehouse")
    with pytest.raises(StockproofError, match=f"warehouse 127.0.0.1:{port} cannot be reached"):
        preflight.check(on(1))


def test_a_warehouse_without_our_tables(elsewhere, warehouse_url: str) -> None:
    elsewhere(store=warehouse_url.rsplit("/", 1)[0] + "/postgres")
    with pytest.raises(StockproofError, match="the warehouse has no tables of ours yet"):
        preflight.check(on(1))


def test_a_healthy_stack_passes() -> None:
    sell(1, 2, 3)
    assert preflight.check(on(3)) == {"tables": len(TABLES), "profile": "canonical", "newest_sale": on(3).isoformat()}
    assert warehouse.read("select count(*) as n from ops.watermarks")["n"][0] == 0


def test_an_item_asked_for_that_the_erp_does_not_list() -> None:
    """A run of some items went on with those there are: the answer about A passed for the one about both."""
    sell(1)
    insert(
        "items", [{"item_id": name, "name": name, "unit_cost": 1.0, "updated_at": at(0)} for name in ("A", "BOLT-7")]
    )
    assert preflight.check(on(1), ["A", "BOLT-7"])["profile"] == "canonical"
    with pytest.raises(StockproofError, match="the ERP's table items holds no BOLT7") as caught:
        preflight.check(on(1), ["A", "BOLT7"])
    assert "did you mean BOLT-7?" in caught.value.remedy
