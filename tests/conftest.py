"""Real servers for tests: one PostgreSQL and one MariaDB a session, a fresh database for each module that asks."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from pipelines import settings
from pipelines.stack import mariadb
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port

ERP_SECONDS = 60.0
"""How long tests wait for a silent ERP: a lock that one leaves behind must not cost each later one the ten minutes of a real one."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL of our own."""
    server = Postgres(tmp_path_factory.mktemp("postgres"), free_port(), "test-password")
    server.start()
    # Tests kill programs, never the machine: what was committed outlives those without waiting for the disk, too.
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A MariaDB of our own. Its absence fails the test: a skipped server is a failure."""
    assert mariadb.install(), "MariaDB's server is missing and could not be installed"
    server = MariaDB(tmp_path_factory.mktemp("mariadb"), free_port(), "test-password")
    server.start()
    yield server
    server.stop()


@contextmanager
def configuration(state: Path) -> Iterator[pytest.MonkeyPatch]:
    """Environment with a state folder of its own; settings are read again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_STATE_DIR", str(state))
        settings.load.cache_clear()
        yield patch
    settings.load.cache_clear()


def new_warehouse(server: Postgres, configured: pytest.MonkeyPatch, name: str) -> str:
    """A migrated, empty warehouse; settings point at it."""
    from pipelines.io import warehouse

    server.create_database(name)
    configured.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", server.url(name))
    settings.load.cache_clear()
    warehouse.migrate()
    return server.url(name)


def new_erp(server: MariaDB, configured: pytest.MonkeyPatch, name: str) -> str:
    """An empty ERP database; settings point at it."""
    server.create_database(name)
    configured.setenv("ERP_URL", server.url(name))
    configured.setenv("STOCKPROOF_ERP__TIMEOUT_SECONDS", str(ERP_SECONDS))
    settings.load.cache_clear()
    return server.url(name)


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Environment of this module."""
    with configuration(tmp_path_factory.mktemp("state")) as patch:
        yield patch


@pytest.fixture(scope="module")
def warehouse_url(postgres_server: Postgres, configured: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A migrated, empty warehouse of this module's own; settings point at it."""
    return new_warehouse(postgres_server, configured, _database_name(request))


@pytest.fixture(scope="module")
def erp_url(mariadb_server: MariaDB, configured: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """An empty ERP database of this module's own; settings point at it."""
    return new_erp(mariadb_server, configured, _database_name(request))


def _database_name(request: pytest.FixtureRequest) -> str:
    stem = re.sub(r"\W+", "_", Path(str(request.node.path)).stem)[:40]
    return f"{stem}_{uuid.uuid4().hex[:8]}"
