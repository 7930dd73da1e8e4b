"""Every page of the desk in a real browser: for each role, without a broken rule of accessibility, from phone to wide screen."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from pipelines import settings
from pipelines.briefing.explanation import Explanation
from pipelines.io import warehouse
from pipelines.operations.runs import tables
from pipelines.stack.postgres import Postgres
from tests.conftest import new_warehouse
from tests.integration.desk.conftest import USERS, add_users, broken_rules, chosen, served, signed_in

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

PAGES = (
    "/", "/?view=lines&group=vendor", "/?q=nothing+of+that+name", "/exceptions?status=", "/inventory", "/vendors", "/studies",
    "/adjustments", "/accuracy", "/runs",
)  # fmt: skip
STUDIES = "/studies/"


@pytest.fixture(scope="module")
def studied(sign_in: Callable[..., Any]) -> list[str]:
    """Pages of two studies that have ended, and of their comparison."""
    page, found = sign_in("paul"), []
    for name in ("as it is", "slow vendors"):
        page.goto("/studies")
        page.fill("[name=name]", name)
        page.fill("[name=size]", "12")
        page.fill("[name=days]", "60")
        page.fill("[name=lead_time_factor]", "1.5" if name == "slow vendors" else "1")
        page.locator("button:has-text('Start')").click()
        page.wait_for_selector(f"h1:has-text('{name}') .tag:has-text('completed')", timeout=180_000)
        found.append(re.sub(r".*(/studies/[^?]*).*", r"\1", page.url))
    ids = "&".join(f"ids={path.removeprefix(STUDIES)}" for path in found)
    return [*found, f"/studies/compare?{ids}"]


@pytest.fixture(scope="module")
def paths(sign_in: Callable[..., Any], documents: dict[tuple[str, str], Explanation], studied: list[str]) -> list[str]:
    """An address of every kind of page."""
    page = sign_in("anna")
    item, place = next(iter(documents))
    vendor = page.locator("select[name=vendor] option").nth(1).get_attribute("value")
    return [*PAGES, f"/orders/{chosen(page)[0]}", f"/skus/{item}/{place}", f"/vendors/{vendor}", *studied]


def test_each_role_signs_in(sign_in: Callable[..., Any]) -> None:
    assert set(USERS) == {"vera", "paul", "anna", "root"}
    for name, role in USERS.items():
        assert f"{name} · {role}" in sign_in(name).inner_text("header")


def test_no_page_breaks_a_rule_of_accessibility_in_light_or_dark(sign_in: Callable[..., Any], paths: list[str]) -> None:
    page = sign_in("anna", bypass_csp=True)
    for path in paths:
        assert page.goto(path).status == 200, path
        page.wait_for_load_state("networkidle")
        assert broken_rules(page) == [], path


TOO_WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('main *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll')).map(one => one.outerHTML.slice(0, 120))"""
"""Elements that reach beyond a page that scrolls sideways."""


def _too_wide(page: Any) -> list[str]:
    """What is too wide two seconds after the window changed: charts follow its size a little later."""
    for _ in range(20):
        if not page.evaluate(TOO_WIDE):
            return []
        page.wait_for_timeout(100)
    return list(page.evaluate(TOO_WIDE)) or ["the page itself"]


def test_no_page_is_wider_than_the_window_nor_speaks_to_the_console(
    sign_in: Callable[..., Any], paths: list[str]
) -> None:
    page, spoken = sign_in("anna"), []
    page.on("console", lambda message: spoken.append((page.url, message.text)))
    page.on("pageerror", lambda error: spoken.append((page.url, str(error))))
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        for width in (400, 1_440, 1_920):
            page.set_viewport_size({"width": width, "height": 900})
            assert _too_wide(page) == [], (path, width)
    assert spoken == []


def test_the_passport_on_the_page_is_that_of_the_document(
    sign_in: Callable[..., Any], documents: dict[tuple[str, str], Explanation]
) -> None:
    """The documents equal what `study verify` computes again: :mod:`test_explained`."""
    page, held = sign_in("vera"), [one for one in documents.values() if one.passport][:50]
    assert len(held) == 50
    for one in held:
        text = page.request.get(f"/skus/{one.item_id}/{one.location_id}").text()
        shown = re.findall(r'data-passport="total_cost">([^<]+)<', text)
        assert one.passport
        assert shown == [f"{side.total_cost:,.2f}" for side in one.passport.sides], one.item_id


def test_the_sku_page_says_what_was_corrected_in_its_history_and_why(sign_in: Callable[..., Any], world: date) -> None:
    empty = warehouse.read(
        """select item_id, location_id, count(*) as days from marts.fct_daily_demand
        where is_stockout and day > cast(:day as date) - 365 group by 1, 2 order by days desc, 1, 2 limit 1""",
        day=world,
    ).row(0, named=True)
    page = sign_in("vera")
    page.goto(f"/skus/{empty['item_id']}/{empty['location_id']}")
    assert f"The shelf was empty on {empty['days']} days" in page.inner_text("main")
    page.locator("summary:has-text('each with its reason')").click()
    assert "shelf empty: what was asked for was not seen" in page.inner_text("main")


def test_a_run_is_followed_step_by_step(sign_in: Callable[..., Any], world: date) -> None:
    def note(step: str, state: str) -> None:
        event = {"run_id": "desk-run", "dag_id": "release_orders", "as_of": world, "author": "anna"}
        tables.note(event | {"step": step, "state": state})

    note("", "requested")
    page = sign_in("vera")
    page.goto("/runs/desk-run")
    assert "It waits for Airflow's scheduler" in page.inner_text("main")
    note("release", "running")
    page.wait_for_selector("text=It runs.")
    note("release", "success")
    page.wait_for_selector("text=What was signed is in the ERP")
    page.goto("/runs")
    assert "Release of signed orders" in page.inner_text("main")


@pytest.fixture(scope="module")
def empty(browser: Any, postgres_server: Postgres, address: str) -> Iterator[Any]:
    """A desk over a warehouse without a run, with an approver signed in."""
    with pytest.MonkeyPatch.context() as patch:
        new_warehouse(postgres_server, patch, "desk_empty")
        add_users()
        with served() as found:
            yield signed_in(browser, found, "anna", bypass_csp=True)
    settings.load.cache_clear()


def test_the_first_visit_says_what_to_do_next(empty: Any) -> None:
    empty.goto("/")
    text = empty.inner_text("main")
    assert "No run has decided orders yet" in text
    assert all(f"stockproof {command}" in text for command in ("erp load", "run training", "run daily"))
    assert broken_rules(empty) == []


@pytest.mark.parametrize(
    "path", ["/exceptions", "/inventory", "/vendors", "/accuracy", "/adjustments", "/studies", "/runs"]
)
def test_before_the_first_run_each_page_says_so_and_none_fails(empty: Any, path: str) -> None:
    assert empty.goto(path).status in (200, 404), path
    assert broken_rules(empty) == []
