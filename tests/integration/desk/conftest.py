"""A small company through the whole day, as its tasks run it, and a desk with a real browser: what desk and explanations are tested on."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines import settings
from pipelines.access import actions
from pipelines.briefing.explanation import Explanation
from pipelines.briefing.queries.explain import explain
from pipelines.io import warehouse
from pipelines.sample import writer
from pipelines.sample.config import SampleConfig
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.cases import product
from tests.conftest import configuration, new_erp, new_warehouse

AS_OF = date(2026, 6, 28)

COMPANY = SampleConfig(items=70, days=420, stores=1, suppliers=8, dirty=False)


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total


@pytest.fixture(scope="package")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Environment of this folder: its tests share one company."""
    with configuration(tmp_path_factory.mktemp("state")) as patch:
        yield patch


@pytest.fixture(scope="package")
def warehouse_url(postgres_server: Postgres, configured: pytest.MonkeyPatch) -> str:
    """The company's warehouse."""
    return new_warehouse(postgres_server, configured, "desk")


@pytest.fixture(scope="package")
def erp_url(mariadb_server: MariaDB, configured: pytest.MonkeyPatch) -> str:
    """The company's ERP."""
    return new_erp(mariadb_server, configured, "desk")


@pytest.fixture(scope="package")
def world(warehouse_url: str, erp_url: str) -> date:
    """The company after its day."""
    del warehouse_url, erp_url
    return play_day()


def play_day() -> date:
    """Sample ERP and the day's steps up to its orders; without a trained model, which nothing here asks for."""
    writer.seed(COMPANY, _silent)
    product.run(AS_OF, gates=False)
    return AS_OF


@pytest.fixture(scope="package")
def documents(world: date) -> dict[tuple[str, str], Explanation]:
    """Every SKU explained."""
    items = warehouse.read("select distinct item_id from plan.decisions where as_of = :day order by 1", day=world)
    found = [one for item in items["item_id"] for one in explain(item)]
    return {(one.item_id, one.location_id): one for one in found}


PASSWORD = "correct horse battery"
USERS = {"vera": "viewer", "paul": "planner", "anna": "approver", "root": "admin"}
AXE = Path(__file__).parent.with_name("axe.min.js")
"""axe-core 4.14, the accessibility rules (MPL 2.0)."""

_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
          "--disable-sync", "--no-first-run", "--disable-quic")  # fmt: skip


def chromium() -> str:
    """Debian's chromium, installed where it is missing. Its absence fails the test: a skipped browser is a failure."""
    if shutil.which("chromium") is None:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, check=True, capture_output=True)
    found = shutil.which("chromium")
    assert found, "chromium is missing and could not be installed"
    return found


def add_users() -> None:
    """A user of each role in the warehouse that settings point at."""
    for name, role in USERS.items():
        actions.add_user(name, role, limit=None, by="test", password=PASSWORD)  # type: ignore[arg-type]


@contextmanager
def served() -> Iterator[str]:
    """Address of a server of the desk in a process of its own, as settings stand."""
    port = free_port()
    command = [sys.executable, "-m", "pipelines.serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        _answers(f"http://127.0.0.1:{port}/login")
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture(scope="package")
def address(world: date, configured: pytest.MonkeyPatch) -> Iterator[str]:
    """The company's desk, with a user of each role."""
    configured.setenv("STOCKPROOF_SERVE__SECRET", "s" * 48)
    configured.setenv("STOCKPROOF_STACK__AIRFLOW_PORT", str(free_port()))  # none there: studies run in the server
    settings.load.cache_clear()
    add_users()
    with served() as found:
        yield found


def _answers(url: str) -> None:
    for _ in range(240):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.25)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Debian's chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        yield opened
        opened.close()


def signed_in(browser: Any, address: str, name: str, *, bypass_csp: bool = False) -> Any:
    """A page of a browser of its own, with a person signed in; ``bypass_csp`` lets a test add scripts."""
    page = browser.new_context(bypass_csp=bypass_csp, base_url=address).new_page()
    page.set_default_timeout(60_000)
    page.goto("/login")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("header nav")
    page.wait_for_load_state("load")
    return page


@pytest.fixture(scope="package")
def sign_in(browser: Any, address: str) -> Callable[..., Any]:
    """Sign a person in at the company's desk."""
    return partial(signed_in, browser, address)


def chosen(page: Any) -> list[str]:
    """Numbers of the orders that the list on a page offers."""
    found: list[str] = page.eval_on_selector_all("tbody input[name=numbers]", "boxes => boxes.map(box => box.value)")
    return found


def broken_rules(page: Any) -> list[list[str]]:
    """Rules of accessibility that a page breaks, in light and dark, each with the element; needs ``bypass_csp``."""
    found: list[list[str]] = []
    page.add_script_tag(content=AXE.read_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        run = "axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))"
        found += [[scheme, *one] for one in page.evaluate(run)]
    return found
