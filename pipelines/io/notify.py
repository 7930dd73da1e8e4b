"""Messages to people: e-mail by SMTP, a webhook, any Apprise address. What cannot be delivered is returned as a warning, never raised."""

import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from pipelines import settings
from pipelines.config_schema import Notify

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 3
_PORTS: Final = {"smtp": 25, "smtps": 465}

WAYS: Final = ("email", "webhook", "apprise")


@dataclass
class Delivery:
    """How a message fared.

    Attributes:
        delivered: ways that took it.
        failed: ways that did not, after all attempts.
        warnings: one a way that failed, or of which some recipients were refused.
    """

    delivered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def lost(self) -> bool:
        """Ways are configured, and none took it."""
        return bool(self.failed) and not self.delivered


def send(event: str, subject: str, text: str, facts: dict[str, Any]) -> list[str]:
    """Notify every configured recipient.

    Args:
        event: what happened, e.g. ``proposals_ready``.
        subject: one line.
        text: the message, plain.
        facts: figures for programs; sent to the webhook as ``facts``.

    Returns:
        One warning a way that failed; empty where all went well or nothing is configured.
    """
    return deliver(event, subject, text, facts).warnings


def deliver(event: str, subject: str, text: str, facts: dict[str, Any], ways: Sequence[str] = WAYS) -> Delivery:
    """Send a message by the ways named that are configured.

    Args:
        event: what happened.
        subject: one line.
        text: the message, plain.
        facts: figures for programs; sent to the webhook as ``facts``.
        ways: of :data:`WAYS`.

    Returns:
        Which ways took it.
    """
    config, delivery = settings.load().notify, Delivery()

    def attempt(way: str, name: str, action: Any) -> None:
        failed = _attempt(name, action)
        (delivery.failed if failed else delivery.delivered).append(way)
        delivery.warnings.extend(failed)

    if "email" in ways and config.smtp_url and config.recipients:
        refused: list[str] = []
        attempt("email", "e-mail", lambda: refused.extend(mail(config, subject, text)))
        if refused:  # the others have it: sending again would tell them twice
            delivery.warnings.append(
                _warn(f"e-mail about the orders was refused for {', '.join(refused)}; see docs/orders.md")
            )
    if "webhook" in ways and config.webhook_url:
        body = {"event": event, "text": f"{subject}\n{text}", "facts": facts}
        attempt("webhook", "webhook", lambda: post(config, body))
    if "apprise" in ways:
        for place, address in enumerate(config.apprise_urls, 1):
            attempt("apprise", f"Apprise address {place}", lambda address=address: messenger(address, subject, text))
    return delivery


def mail(config: Notify, subject: str, text: str) -> list[str]:
    """Send one e-mail to all recipients.

    Returns:
        Recipients whom the server refused, where it took others.

    Raises:
        OSError: unreachable, or all refused (``smtplib.SMTPException``).
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = config.sender, ", ".join(config.recipients), subject
    message.set_content(text)
    address = urlsplit(config.smtp_url or "")
    if address.scheme not in _PORTS or not address.hostname:
        raise OSError("notify.smtp_url must read smtp://host:port or smtps://host:port")
    server, port = address.hostname, address.port or _PORTS[address.scheme]
    if address.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server, port, timeout=config.timeout_seconds, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(server, port, timeout=config.timeout_seconds)
    with connection as session:
        session.ehlo()
        if address.scheme == "smtp" and session.has_extn("starttls"):
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
        if address.username:
            session.login(unquote(address.username), unquote(address.password or ""))
        return sorted(session.send_message(message))


def post(config: Notify, body: dict[str, Any]) -> None:
    """POST to the webhook.

    Raises:
        httpx.HTTPError: unreachable, or an answer that is no success.
    """
    httpx.post(config.webhook_url or "", json=body, timeout=config.timeout_seconds).raise_for_status()


def messenger(address: str, subject: str, text: str) -> None:
    """Send to one address of Apprise, which returns False instead of raising.

    Raises:
        OSError: it is not an address that Apprise knows, or the message was not taken. The address is a secret and not named.
    """
    import apprise

    service = apprise.Apprise()
    if not service.add(address):
        raise OSError("it is not an address that Apprise knows")
    if not service.notify(title=subject, body=text, body_format=apprise.NotifyFormat.TEXT):
        raise OSError("Apprise did not deliver it")


def _attempt(way: str, deliver: Any) -> list[str]:
    tries = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, max=5),
        retry=retry_if_exception_type((OSError, httpx.HTTPError)),
        reraise=True,
    )
    try:
        tries(deliver)
    except Exception as fault:  # whatever is wrong with a message must not stop the run it tells of
        # The address of a webhook is a secret, and httpx puts it into its words.
        words = type(fault).__name__ if isinstance(fault, httpx.HTTPError) else f"{type(fault).__name__}: {fault}"
        return [
            _warn(f"{way} about the orders was not delivered after {_ATTEMPTS} attempts: {words}; see docs/orders.md")
        ]
    return []


def _warn(warning: str) -> str:
    log.warning(warning)
    return warning
