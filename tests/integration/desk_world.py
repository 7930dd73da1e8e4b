"""A small company through the whole day, as its tasks run it, and a desk with a real browser: what desk and explanations are tested on."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines import settings
from pipelines.sample import writer
from pipelines.sample.config import SampleConfig
from pipelines.stack.process import free_port

AS_OF = date(2026, 6, 28)

COMPANY = SampleConfig(items=70, days=420, stores=1, suppliers=8, dirty=False)


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total


@pytest.fixture(scope="module")
def world(warehouse_url: str, erp_url: str) -> date:
    """Sample ERP and the day's steps up to its orders; without a trained model, which nothing here asks for."""
    del warehouse_url, erp_url
    from pipelines.extract import job as extract
    from pipelines.forecast import job as forecast
    from pipelines.orders import job as orders
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as replay
    from pipelines.transform import job as transform
    from pipelines.vendors import job as vendors
    from pipelines.vendors import stock_job

    writer.seed(COMPANY, _silent)
    extract.run(AS_OF)
    transform.run(AS_OF)
    vendors.run(AS_OF)
    stock_job.run(AS_OF)
    forecast.run(AS_OF)
    for chunk in replay.prepare(AS_OF):
        replay.run_chunk(AS_OF, chunk)
    policy.run(AS_OF)
    purchase.run(AS_OF)
    orders.daily(AS_OF)
    return AS_OF


PASSWORD = "correct horse battery"
USERS = {"vera": "viewer", "paul": "planner", "anna": "approver", "root": "admin"}
AXE = Path(__file__).with_name("axe.min.js")
"""axe-core 4.14, the accessibility rules (MPL 2.0)."""

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def chromium() -> str:
    """Debian's chromium, installed where it is missing. Its absence fails the test: a skipped browser is a failure."""
    if shutil.which("chromium") is None:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, check=True, capture_output=True)
    found = shutil.which("chromium")
    assert found, "chromium is missing and could not be installed"
    return found


@pytest.fixture(scope="module")
def address(world: date, configured: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of the desk in a process of its own, with a user of each role."""
    from pipelines.access import actions

    port = free_port()
    configured.setenv("STOCKPROOF_SERVE__SECRET", "s" * 48)
    configured.setenv("STOCKPROOF_STACK__AIRFLOW_PORT", str(free_port()))  # none there: studies run in the server
    settings.load.cache_clear()
    for name, role in USERS.items():
        actions.add_user(name, role, limit=None, by="test", password=PASSWORD)  # type: ignore[arg-type]
    command = [sys.executable, "-m", "pipelines.serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        _answers(f"http://127.0.0.1:{port}/login")
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def _answers(url: str) -> None:
    for _ in range(240):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.25)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="module")
def sign_in(address: str) -> Iterator[Callable[..., Any]]:
    """Sign a person in: a page of a browser of its own; ``bypass_csp`` lets a test add scripts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=list(_QUIET))

        def signed(name: str, *, bypass_csp: bool = False) -> Any:
            page = browser.new_context(bypass_csp=bypass_csp, base_url=address).new_page()
            page.set_default_timeout(60_000)
            page.goto("/login")
            page.fill("[name=name]", name)
            page.fill("[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("h1:has-text('Orders of')")
            page.wait_for_load_state("load")
            return page

        yield signed
        browser.close()
