"""Companies that have run: one load and one run for each configuration of the collected cases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.cases.company import Item
from tests.cases.product import Company, Options
from tests.cases.registry import WORLDS

PLAIN = [Item(f"PLAIN-{n}", sales=n, policy=(30 * n, 60 * n), count=50 * n) for n in range(1, 7)]
"""Items without anything remarkable, in every load: rules on the share of bad rows judge a company, not a single case."""


@pytest.fixture(scope="session")
def found(
    postgres_server: Postgres, mariadb_server: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Options], Company]:
    """Function that makes a company with empty databases. Consolidation is off; no model was ever trained."""

    def make(name: str, options: Options) -> Company:
        folder = tmp_path_factory.mktemp(name)
        postgres_server.create_database(name)
        mariadb_server.create_database(name)
        environment = {
            "ERP_URL": mariadb_server.url(name),
            "STOCKPROOF_STATE_DIR": str(folder / "state"),
            "STOCKPROOF_STACK__WAREHOUSE_URL": postgres_server.url(name),
            "STOCKPROOF_STACK__MLFLOW_URL": f"http://127.0.0.1:{free_port()}",
            "STOCKPROOF_PURCHASE__CONSOLIDATE": "false",
        }
        return Company(name, folder, environment | {f"STOCKPROOF_{key}": value for key, value in options})

    return make


@pytest.fixture(scope="session")
def worlds(found: Callable[[str, Options], Company]) -> Callable[[Options], Company]:
    """Function that gives the company of a configuration; it loads and runs when first asked for."""
    from pipelines.io import warehouse

    made: dict[Options, Company | Exception] = {}

    def world(options: Options) -> Company:
        if options not in made:
            company = found(f"cases_{len(made)}", options)
            with company.configured():
                warehouse.migrate()
                try:
                    company.load([*PLAIN, *WORLDS[options].values()])
                    company.run()
                    made[options] = company
                except Exception as fault:  # each of its cases fails with it, and none tries again
                    made[options] = fault
        held = made[options]
        if isinstance(held, Exception):
            raise held
        return held

    return world


@pytest.fixture
def day(request: pytest.FixtureRequest, worlds: Callable[[Options], Company]) -> Iterator[Company]:
    """The company of a test that :func:`tests.cases.registry.case` declares, after its run."""
    mark = request.node.get_closest_marker("world")
    assert mark, "declare the test's items with @case"
    company = worlds(mark.args[0])
    with company.configured():
        yield company


@pytest.fixture
def company(request: pytest.FixtureRequest, found: Callable[[str, Options], Company]) -> Iterator[Company]:
    """A company of this test's own, for days that follow one another: load its files, run a date, act, run again.

    Options of the configuration come by ``@pytest.mark.options(PLANNING__BUCKET="week")``.
    """
    from pipelines.io import warehouse

    mark: Any = request.node.get_closest_marker("options")
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name.lower())[:50]
    made = found(name, tuple(sorted(mark.kwargs.items())) if mark else ())
    with made.configured():
        warehouse.migrate()
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every case needs servers, and time for the first load; those of a load of their own are for ``make cases`` alone."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("servers")
            world = item.get_closest_marker("world")
            if world is None or world.args[0]:
                item.add_marker("own_load")
            item.add_marker(pytest.mark.timeout(900))  # the first test of a configuration waits for its load and run
