"""Messages arrive at a real SMTP server and a real webhook; what cannot be delivered is a warning."""

import json
import logging
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from pipelines import settings
from pipelines.io import notify
from pipelines.stack.process import free_port
from tests.unit.io.order_server import serving


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuses = False
        self.unknown = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        del server, session, options
        if address == self.unknown:
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        del server, session
        if self.refuses:
            return "554 no"
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def put(**keys: str) -> None:
        for name, value in keys.items():
            monkeypatch.setenv(f"STOCKPROOF_NOTIFY__{name.upper()}", value)
        settings.load.cache_clear()

    put(recipients=json.dumps(["ann@example.org", "ben@example.org"]))
    yield put
    monkeypatch.undo()
    settings.load.cache_clear()


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    authenticator = lambda server, session, envelope, mechanism, data: AuthResult(success=data.password == b"p@ss")  # noqa: E731
    controller = Controller(box, "127.0.0.1", free_port(), authenticator=authenticator, auth_require_tls=False)
    controller.start()
    yield box, controller.server.sockets[0].getsockname()[1]
    controller.stop()


def test_nothing_configured_nothing_sent(configure):
    assert notify.send("released", "subject", "text", {}) == []


def test_an_e_mail_arrives_with_login(configure, mailbox):
    box, port = mailbox
    configure(smtp_url=f"smtp://user:p%40ss@127.0.0.1:{port}", sender="stock@example.org")
    assert notify.send("released", "2 orders, 12,00 €", "sent\n", {"orders": 2}) == []
    recipients, letter = box.letters[0]
    assert recipients == ["ann@example.org", "ben@example.org"]
    assert (letter["From"], letter["Subject"]) == ("stock@example.org", "2 orders, 12,00 €")
    assert letter.get_content().strip() == "sent"


def test_a_webhook_gets_text_event_and_figures_and_a_second_try(configure):
    with serving() as (url, answers):
        configure(webhook_url=f"{url}/hook")
        answers.whims.append(503)
        assert notify.send("proposals_ready", "subject", "text", {"orders": 2}) == []
    assert answers.hooks[1] == {"event": "proposals_ready", "text": "subject\ntext", "facts": {"orders": 2}}


def test_what_fails_is_a_warning_and_keeps_secrets(configure, mailbox, monkeypatch, caplog):
    box, port = mailbox
    box.refuses = True
    monkeypatch.setattr(notify, "_ATTEMPTS", 1)
    configure(
        smtp_url=f"smtp://user:p%40ss@127.0.0.1:{port}",
        webhook_url="http://127.0.0.1:9/hook-secret",
        timeout_seconds="2",
    )
    with caplog.at_level(logging.WARNING):
        warnings = notify.send("released", "subject", "text", {})
    assert [warning.split()[0] for warning in warnings] == ["e-mail", "webhook"]
    assert sum(one.name == notify.log.name for one in caplog.records) == 2
    assert "secret" not in caplog.text and "p@ss" not in caplog.text


def test_a_refused_recipient_is_logged_and_the_others_get_the_mail_once(configure, mailbox, caplog):
    box, port = mailbox
    box.unknown = "ben@example.org"
    configure(smtp_url=f"smtp://127.0.0.1:{port}")
    with caplog.at_level(logging.WARNING):
        warnings = notify.send("released", "subject", "text", {})
    assert [tos for tos, _ in box.letters] == [["ann@example.org"]]
    assert warnings == ["e-mail about the orders was refused for ben@example.org; see docs/orders.md"]
    assert warnings[0] in caplog.text
