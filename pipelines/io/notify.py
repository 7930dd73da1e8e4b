"""Messages to people: e-mail by SMTP, and a webhook. What cannot be delivered is returned as a warning, never raised."""

import logging
import smtplib
import ssl
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


def send(event: str, subject: str, text: str, facts: dict[str, Any]) -> list[str]:
    """Tell everybody who is configured to be told.

    Args:
        event: what happened, e.g. ``proposals_ready``.
        subject: one line.
        text: the message, plain.
        facts: figures for programs; sent to the webhook as ``facts``.

    Returns:
        One warning a way that failed; empty where all went well or nothing is configured.
    """
    config = settings.load().notify
    warnings = []
    if config.smtp_url and config.recipients:
        refused: list[str] = []
        warnings += _attempt("e-mail", lambda: refused.extend(mail(config, subject, text)))
        if refused:  # the others have it: sending again would tell them twice
            warnings.append(_warn(f"e-mail about the orders was refused for {', '.join(refused)}; see docs/orders.md"))
    if config.webhook_url:
        body = {"event": event, "text": f"{subject}\n{text}", "facts": facts}
        warnings += _attempt("webhook", lambda: post(config, body))
    return warnings


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
