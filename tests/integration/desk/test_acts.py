"""The desk in a real browser: orders signed, changed, rejected, grouped, locked, copied and released; none of it by a viewer."""

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.briefing.explanation import Explanation
from pipelines.io import warehouse
from tests.integration.desk.conftest import chosen

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]


def _state(number: str) -> str:
    return str(warehouse.read("select state from orders.orders where order_id = :n", n=number)["state"][0])


def test_a_planner_finds_changes_and_rejects_an_order(sign_in: Callable[..., Any]) -> None:
    page = sign_in("paul")
    number = chosen(page)[0]
    page.goto(f"/?q={number}")
    assert chosen(page) == [number]
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


def test_the_keyboard_alone_signs_an_order_which_is_then_released(sign_in: Callable[..., Any]) -> None:
    page = sign_in("anna")
    number = chosen(page)[0]
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


def test_a_viewer_can_do_none_of_it_by_page_or_request(sign_in: Callable[..., Any]) -> None:
    page = sign_in("vera")
    number = chosen(page)[0]
    for path in ("/", f"/orders/{number}", "/exceptions", "/studies", "/adjustments"):
        page.goto(path)
        assert page.locator("main form[method=post][action^='/orders'] button:visible").count() == 0, path
        assert page.locator("main button.main").count() == 0, path
    csrf = page.locator("[name=csrf]").first.get_attribute("value")
    tries = {
        "/orders/approve": {"numbers": number}, "/orders/reject": {"numbers": number, "reason": "x"},
        "/orders/take-back": {"numbers": number},
        "/orders/release": {}, f"/orders/{number}/lines/1/override": {"quantity": "1", "reason": "x"},
        f"/orders/{number}/split": {"lines": "1"}, f"/orders/{number}/copy": {}, "/orders/lock": {"numbers": number},
        "/orders/unlock": {"numbers": number}, "/orders/group": {"numbers": number},
        "/adjustments": {"item_id": "ITEM-000001", "factor": "2", "from_on": "2026-07-01", "to_on": "2026-07-02", "reason": "x"},
        "/exceptions/done": {"subjects": "exception:x:y@z"}, "/studies": {"size": "5"},
        "/notes": {"subject": f"order:{number}", "text": "x"},
    }  # fmt: skip
    for path, form in tries.items():
        answer = page.request.post(path, form={"csrf": csrf, **form}, max_redirects=0)
        assert answer.status == 403, path
    assert _state(number) in ("proposed", "overridden", "acknowledged")


def test_a_planner_can_neither_reject_nor_take_back_what_is_signed(sign_in: Callable[..., Any]) -> None:
    def post(page: Any, path: str, **form: str) -> int:
        csrf = page.locator("[name=csrf]").first.get_attribute("value")
        return int(page.request.post(path, form={"csrf": csrf, **form}, max_redirects=0).status)

    anna = sign_in("anna")
    anna.goto("/")
    number = next(one for one in chosen(anna) if _state(one) == "proposed")
    assert post(anna, "/orders/approve", numbers=number) == 303
    paul = sign_in("paul")
    paul.goto("/")
    assert post(paul, "/orders/reject", numbers=number, reason="x") == 403
    assert post(paul, "/orders/take-back", numbers=number) == 403
    assert _state(number) == "approved"
    anna.goto("/")
    assert post(anna, "/orders/take-back", numbers=number) == 303


def test_an_order_is_locked_against_others_copied_and_grouped_with_its_copy(sign_in: Callable[..., Any]) -> None:
    paul, anna = sign_in("paul"), sign_in("anna")
    paul.goto("/?state=proposed")
    number = chosen(paul)[-1]
    paul.goto(f"/orders/{number}")
    paul.locator("button:has-text('Lock')").click()
    paul.wait_for_selector("h1:has-text('locked by paul')")
    anna.goto("/?state=")
    anna.locator(f"[name=numbers][value='{number}']").check()
    anna.locator("[data-approve]").click()
    anna.wait_for_selector("text=is locked by paul")
    anna.goto(f"/orders/{number}")
    anna.locator("button:has-text('Unlock')").click()
    anna.wait_for_selector("text=Unlocked")
    anna.locator("button:has-text('Copy')").click()
    anna.wait_for_selector("text=Copied: this is")
    copied = anna.inner_text("h1").split()[0]
    anna.goto(f"/?q={number}")
    for one in (number, copied):
        anna.locator(f"[name=numbers][value='{one}']").check()
    anna.locator("button:has-text('Group')").click()
    anna.wait_for_selector(f"text=Grouped in {number}")
    assert chosen(anna) == [number]
    doubled = warehouse.read("select quantity, proposed_quantity from orders.lines where order_id = :n", n=number)
    assert all(quantity == 2 * proposed for quantity, proposed in doubled.iter_rows())


def test_an_exception_is_assigned_snoozed_closed_and_opened_again(sign_in: Callable[..., Any]) -> None:
    page = sign_in("paul")
    for button, status in (("Assign", "open"), ("Snooze", "snoozed"), ("Open again", "open"), ("Done", "done")):
        page.goto("/exceptions?status=&sort=item_id")
        row = page.locator("tbody tr").first
        row.locator("[name=subjects]").check()
        page.locator(f"button:text-is('{button}')").click()
        page.wait_for_selector(".note.good")
        assert status in page.locator("tbody tr").first.inner_text()
    assert "paul" in page.locator("tbody tr").first.inner_text()


def test_a_filter_is_saved_and_the_export_holds_what_is_on_the_screen(sign_in: Callable[..., Any]) -> None:
    page = sign_in("vera")
    page.goto("/?state=&sort=-order_value&cols=order_value&cols=state")
    assert page.locator("table[data-rows] thead th").all_inner_texts()[3:] == ["Value ↓", "State"]
    shown = chosen(page)
    page.locator("summary:has-text('Saved filters')").click()
    page.fill("form[action='/views'] [name=name]", "dear first")
    page.locator("button:text-is('Save')").click()
    page.goto("/")
    page.locator("summary:has-text('Saved filters')").click()
    page.locator("a:text-is('dear first')").click()
    page.wait_for_url("**sort=-order_value**")
    assert chosen(page) == shown
    link = page.locator("a:has-text('Export CSV')").get_attribute("href")
    rows = [line.split(",") for line in page.request.get(link).text().lstrip("\ufeff").splitlines()]
    assert rows[0] == ["order_id", "supplier_id", "supplier_name", "order_value", "state"]
    assert [row[0] for row in rows[1:]] == shown


def test_a_note_is_read_by_others(sign_in: Callable[..., Any]) -> None:
    paul = sign_in("paul")
    number = chosen(paul)[0]
    paul.goto(f"/orders/{number}")
    paul.fill("[name=text]", "they close in <b>August</b>")
    paul.locator("button:has-text('Add the note')").click()
    vera = sign_in("vera")
    vera.goto(f"/orders/{number}")
    assert "they close in <b>August</b>" in vera.inner_text(".notes")


def test_a_forecast_is_adjusted_and_the_adjustment_withdrawn(sign_in: Callable[..., Any]) -> None:
    page = sign_in("paul")
    page.goto("/adjustments?item=ITEM-000001&location=WH-1")
    for name, value in (("from_on", "2026-07-01"), ("to_on", "2026-07-14"), ("factor", "1.5"), ("reason", "fair")):
        page.fill(f"form[action='/adjustments'] [name={name}]", value)
    page.locator("button.main").click()
    page.wait_for_selector("td:has-text('×1.5')")
    page.fill("tbody [name=reason]", "fair is off")
    page.locator("button:has-text('Withdraw')").click()
    page.wait_for_selector("text=No adjustment is in force")


def test_a_study_is_asked_watched_and_answered(sign_in: Callable[..., Any]) -> None:
    page = sign_in("paul")
    page.goto("/studies")
    page.fill("[name=name]", "more demand")
    page.fill("[name=size]", "20")
    page.fill("[name=days]", "60")
    page.fill("[name=demand_factor]", "1.2")
    page.locator("button:has-text('Start')").click()
    page.wait_for_selector("h1:has-text('more demand') .tag:has-text('completed')", timeout=180_000)
    assert page.locator("text=total cost").count() > 0


def test_a_sku_that_is_not_ordered_says_why(
    sign_in: Callable[..., Any], documents: dict[tuple[str, str], Explanation]
) -> None:
    one = next(one for one in documents.values() if not one.decision.ordered and one.passport)
    page = sign_in("vera")
    page.goto(f"/skus/{one.item_id}/{one.location_id}")
    text = page.inner_text("main")
    assert "No order" in text
    assert one.flip.sentence in text
    assert one.passport is not None
    assert one.passport.sentences[0] in text
    page.fill("[name=service]", "99")
    page.locator("button:has-text('Recompute')").click()
    page.wait_for_selector("text=At today's position")
