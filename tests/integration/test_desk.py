"""A small company: each SKU explained, and the desk in a real browser: signed, changed, rejected, released, read, and barred to viewers."""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.briefing.explanation import Explanation, Side
from pipelines.briefing.queries.explain import explain
from pipelines.cli import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.purchase import tables
from pipelines.purchase.decide import decide
from pipelines.replay import verify
from tests.integration.desk_world import AXE, USERS, address, sign_in, world  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

PREFIXES = {"ours": "", "the ERP's rule": "incumbent_", "the books": "recorded_"}


@pytest.fixture(scope="module")
def documents(world: date) -> dict[tuple[str, str], Explanation]:  # noqa: F811
    items = warehouse.read("select distinct item_id from plan.decisions where as_of = :day order by 1", day=world)
    found = [one for item in items["item_id"] for one in explain(item)]
    return {(one.item_id, one.location_id): one for one in found}


def test_every_sku_is_explained_ordered_or_not(world: date, documents: dict[tuple[str, str], Explanation]) -> None:  # noqa: F811
    rows = warehouse.read(
        "select item_id, location_id, quantity, reason from plan.decisions where as_of = :day", day=world
    )
    assert len(documents) == rows.height >= 70
    for item, place, quantity, reason in rows.iter_rows():
        one = documents[item, place]
        assert (one.decision.quantity, one.decision.sentence) == (quantity, reason)
        assert one.flip.sentence
        assert (one.passport is None) == bool(one.without_passport)
    held = [one for one in documents.values() if one.orders]
    assert {one.decision.ordered for one in held} == {True}
    assert len(held) > 5


def test_the_flip_applied_to_the_inputs_flips_the_decision(
    world: date,  # noqa: F811
    documents: dict[tuple[str, str], Explanation],
) -> None:
    config = settings.load()
    found = tables.read(world, config)

    def ordered(rows: pl.DataFrame) -> list[bool]:
        beside = (found.offers, found.past, found.measured_on, found.calendars)
        return [bool(q > 0) for q in decide(rows, found.breaks, world, config, *beside).table["quantity"]]

    tried = 0
    for line, (row, was) in enumerate(zip(found.rows.iter_rows(named=True), ordered(found.rows), strict=True)):
        one = documents[row["item_id"], row["location_id"]]
        assert one.decision.ordered == was
        columns = {"on_hand": ["on_hand"], "levels": ["reorder_point", "order_up_to"]}.get(one.flip.input)
        if columns is None:
            continue
        match = re.search(r"\d[\d,]*(\.\d+)?", one.flip.sentence)
        assert match and one.flip.change
        size = float(match.group().replace(",", ""))
        change = size if one.flip.change > 0 else -size
        here = pl.int_range(pl.len()) == line
        changed = found.rows.with_columns(
            pl.when(here).then(pl.col(c) + change).otherwise(pl.col(c)).alias(c) for c in columns
        )
        assert ordered(changed)[line] is not was, one.flip.sentence
        tried += 1
    assert tried > 50


def test_passports_are_those_that_study_verify_computes(
    world: date,  # noqa: F811
    documents: dict[tuple[str, str], Explanation],
) -> None:
    again = {(row["item_id"], row["location_id"]): row for row in verify.recomputed(world, ())["passports"].to_dicts()}
    compared = 0
    for key, one in documents.items():
        assert (one.passport is not None) == (key in again)
        if one.passport is None:
            continue
        row = again[key]
        assert (one.passport.saving, one.passport.saving_low, one.passport.days) == (
            row["saving"],
            row["saving_low"],
            row["days"],
        )
        for side in one.passport.sides:
            figures = {name: row[PREFIXES[side.name] + name] for name in Side.model_fields if name != "name"}
            assert side.model_dump(exclude={"name"}) == figures
        compared += 1
    assert compared >= 50


def test_arrivals_and_projection_add_up(documents: dict[tuple[str, str], Explanation]) -> None:
    dated = [one for one in documents.values() if one.arrivals and one.projection]
    assert dated
    for one in dated:
        within = [a.quantity for a in one.arrivals if a.day is None or a.day <= one.projection[-1].day]
        assert sum(day.arriving for day in one.projection) == pytest.approx(sum(within))
        assert one.projection[-1].with_order >= one.projection[-1].stock


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", *arguments], catch_exceptions=False)


def test_the_command_prints_text_and_json(
    world: date,  # noqa: F811
    documents: dict[tuple[str, str], Explanation],
) -> None:
    one = next(one for one in documents.values() if not one.decision.ordered and one.passport)
    printed = json.loads(
        _run(one.item_id, "--location", one.location_id, "--as-of", world.isoformat(), "--json").stdout
    )
    assert printed == [one.model_dump(mode="json")]
    text = " ".join(_run(one.item_id).stdout.split())
    assert "no order" in text
    assert one.flip.sentence in text
    assert "Passport" in text


def test_an_unknown_item_location_or_date_is_refused_with_what_there_is(world: date) -> None:  # noqa: F811
    with pytest.raises(StockproofError, match="holds no ITEM-00001X") as refused:
        explain("ITEM-00001X")
    assert "did you mean ITEM-0000" in str(refused.value.remedy)
    with pytest.raises(StockproofError, match="item ITEM-000001, holds no WH-9"):
        explain("ITEM-000001", "WH-9")
    with pytest.raises(StockproofError, match="no daily run has decided orders for 2026-06-27"):
        explain("ITEM-000001", as_of=date(2026, 6, 27))


PAGES = (
    "/",
    "/?view=lines&group=vendor",
    "/exceptions?status=",
    "/inventory",
    "/vendors",
    "/studies",
    "/adjustments",
    "/accuracy",
    "/runs",
)


def _state(number: str) -> str:
    return str(warehouse.read("select state from orders.orders where order_id = :n", n=number)["state"][0])


def _numbers(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all("tbody input[name=numbers]", "boxes => boxes.map(box => box.value)")
    return found


@pytest.fixture(scope="module")
def open_page(sign_in: Callable[..., Any]) -> Callable[..., Any]:  # noqa: F811
    return sign_in


def test_a_planner_finds_changes_and_rejects_an_order(open_page: Callable[..., Any]) -> None:
    page = open_page("paul")
    number = _numbers(page)[0]
    page.goto(f"/?q={number}")
    assert _numbers(page) == [number]
    page.goto(f"/orders/{number}")
    assert page.locator("[data-approve]").count() == 0, "a planner does not sign"
    page.locator("summary:has-text('Change the quantity')").first.click()
    page.locator("[name=quantity]").first.fill("7")
    page.wait_for_selector("text=on average")
    page.locator("details[open] [name=reason]").first.fill("fair in town")
    page.locator("details[open] button:has-text('Change')").first.click()
    page.wait_for_selector("text=The line is changed")
    changed = warehouse.read("select quantity, author from orders.overrides where order_id = :n", n=number)
    assert changed.rows() == [(7.0, "paul")]
    page.locator("summary:has-text('Reject')").click()
    page.locator("form[action='/orders/reject'] [name=reason]").fill("vendor is closed")
    page.locator("form[action='/orders/reject'] button").click()
    page.wait_for_selector("text=Rejected")
    assert _state(number) == "rejected"
    page.locator("button:has-text('Undo')").click()
    page.wait_for_selector("text=waits for a signature again")
    assert _state(number) == "overridden"


def test_the_keyboard_alone_signs_an_order_which_is_then_released(open_page: Callable[..., Any]) -> None:
    page = open_page("anna")
    number = _numbers(page)[0]
    for key in ("j", "a", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("text=Signed")
    assert _state(number) == "approved"
    page.locator("button:has-text('Undo')").click()
    page.wait_for_selector("text=waits for a signature again")
    assert _state(number) in ("proposed", "overridden")
    page.goto(f"/orders/{number}")
    page.locator("[data-approve]").click()
    page.wait_for_selector("text=Signed")
    page.goto("/")
    page.locator("button:has-text('Release 1 signed order')").click()
    page.wait_for_selector("text=went to the ERP")
    assert _state(number) == "acknowledged"


def test_a_viewer_can_do_none_of_it_by_page_or_request(open_page: Callable[..., Any]) -> None:
    page = open_page("vera")
    number = _numbers(page)[0]
    for path in ("/", f"/orders/{number}", "/exceptions", "/studies", "/adjustments"):
        page.goto(path)
        assert page.locator("main form[method=post][action^='/orders'] button:visible").count() == 0, path
        assert page.locator("main button.main").count() == 0, path
    csrf = page.locator("[name=csrf]").first.get_attribute("value")
    tries = {
        "/orders/approve": {"numbers": number}, "/orders/reject": {"numbers": number, "reason": "x"},
        "/orders/take-back": {"numbers": number},
        "/orders/release": {}, f"/orders/{number}/lines/1/override": {"quantity": "1", "reason": "x"},
        f"/orders/{number}/split": {"lines": "1"},
        "/adjustments": {"item_id": "ITEM-000001", "factor": "2", "from_on": "2026-07-01", "to_on": "2026-07-02", "reason": "x"},
        "/exceptions/done": {"subjects": "exception:x:y@z"}, "/studies": {"size": "5"},
        "/notes": {"subject": f"order:{number}", "text": "x"},
    }  # fmt: skip
    for path, form in tries.items():
        answer = page.request.post(path, form={"csrf": csrf, **form}, max_redirects=0)
        assert answer.status == 403, path
    assert _state(number) in ("proposed", "overridden", "acknowledged")


def test_a_planner_can_neither_reject_nor_take_back_what_is_signed(open_page: Callable[..., Any]) -> None:
    def post(page: Any, path: str, **form: str) -> int:
        csrf = page.locator("[name=csrf]").first.get_attribute("value")
        return int(page.request.post(path, form={"csrf": csrf, **form}, max_redirects=0).status)

    anna = open_page("anna")
    anna.goto("/")
    number = next(one for one in _numbers(anna) if _state(one) == "proposed")
    assert post(anna, "/orders/approve", numbers=number) == 303
    paul = open_page("paul")
    paul.goto("/")
    assert post(paul, "/orders/reject", numbers=number, reason="x") == 403
    assert post(paul, "/orders/take-back", numbers=number) == 403
    assert _state(number) == "approved"
    anna.goto("/")
    assert post(anna, "/orders/take-back", numbers=number) == 303


def test_a_study_is_asked_watched_and_answered(open_page: Callable[..., Any]) -> None:
    page = open_page("paul")
    page.goto("/studies")
    page.fill("[name=name]", "more demand")
    page.fill("[name=size]", "20")
    page.fill("[name=days]", "60")
    page.fill("[name=demand_factor]", "1.2")
    page.locator("button:has-text('Start')").click()
    page.wait_for_selector("h1:has-text('more demand') .tag:has-text('completed')", timeout=180_000)
    assert page.locator("text=total cost").count() > 0


def test_a_sku_that_is_not_ordered_says_why(
    open_page: Callable[..., Any], documents: dict[tuple[str, str], Explanation]
) -> None:
    one = next(one for one in documents.values() if not one.decision.ordered and one.passport)
    page = open_page("vera")
    page.goto(f"/skus/{one.item_id}/{one.location_id}")
    text = page.inner_text("main")
    assert "No order" in text
    assert one.flip.sentence in text
    assert one.passport is not None
    assert one.passport.sentences[0] in text
    page.fill("[name=service]", "99")
    page.locator("button:has-text('Recompute')").click()
    page.wait_for_selector("text=At today's position")


def test_each_role_signs_in_and_no_page_breaks_a_rule_of_accessibility(
    open_page: Callable[..., Any], documents: dict[tuple[str, str], Explanation]
) -> None:
    assert set(USERS) == {"vera", "paul", "anna", "root"}
    for name in ("vera", "root"):
        assert f"{name} · {USERS[name]}" in open_page(name).inner_text("header")
    page, rules = open_page("anna", bypass_csp=True), AXE.read_text()
    item, place = next(iter(documents))
    vendor = page.locator("select[name=vendor] option").nth(1).get_attribute("value")
    for path in (*PAGES, f"/orders/{_numbers(page)[0]}", f"/skus/{item}/{place}", f"/vendors/{vendor}"):
        assert page.goto(path).status == 200, path
        page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.add_script_tag(content=rules)
            broken = page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
            assert broken == [], f"{path} {scheme}"
