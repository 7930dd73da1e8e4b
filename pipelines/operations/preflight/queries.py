"""Whether what a run can do without is there; never writes."""

import shutil
import smtplib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import psutil
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files
from pipelines.operations.backup import queries as backups
from pipelines.operations.metrics.queries import registry_answers
from pipelines.operations.preflight import findings, tables
from pipelines.operations.preflight.findings import Finding

PATIENCE = 5.0
"""Seconds a server may take to answer."""


def check() -> list[Finding]:
    """All checks, in the order of the parts; one that itself fails is a degradation of its part."""
    checks: dict[str, Callable[[], Finding]] = {
        "registry": _registry,
        "release": _release,
        "mail": _mail,
        "disk": _disk,
        "memory": _memory,
        "schema": lambda: findings.schema(tables.seen_columns(), tables.erp_columns()),
        "clock": lambda: findings.clock(tables.clocks()),
        "backup": _backup,
    }
    found = []
    for part, one in checks.items():
        try:
            found.append(one())
        except (StockproofError, sa.exc.SQLAlchemyError, OSError) as fault:
            found.append(Finding(part, "degraded", f"could not be checked: {str(fault).splitlines()[0]}"))
    return found


def _registry() -> Finding:
    if registry_answers():
        return Finding("registry", "ok", "the model registry answers")
    what = "the model registry does not answer: forecasts are made by simple statistics, and each line says so"
    return Finding("registry", "degraded", what, "stockproof status names what is down; stockproof up starts it")


def _release() -> Finding:
    release = settings.load().release
    if release.adapter == "rest":
        if not release.rest_url:
            return Finding("release", "degraded", "release.adapter is rest, but release.rest_url is not set", "set it")
        try:
            httpx.get(release.rest_url, timeout=PATIENCE)  # any answer will do: the interface need not know GET
        except httpx.HTTPError as fault:
            what = f"the release target does not answer ({type(fault).__name__}): orders are made, none can be released"
            return Finding("release", "degraded", what, "release once it is back: stockproof run release")
        return Finding("release", "ok", "the release target answers")
    files.state_dir("outbox")
    return Finding("release", "ok", f"orders are released by {release.adapter}")


def _mail() -> Finding:
    notify = settings.load().notify
    if not notify.smtp_url:
        return Finding("mail", "ok", "no mail server is configured")
    address = urlsplit(notify.smtp_url)
    try:
        connect = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
        with connect(address.hostname or "", address.port or 0, timeout=PATIENCE) as server:
            server.noop()
    except (OSError, smtplib.SMTPException, socket.gaierror) as fault:
        what = (
            f"the mail server does not answer ({type(fault).__name__}): the day's messages go by the other ways alone"
        )
        return Finding("mail", "degraded", what, "stockproof alerts test tries it again")
    return Finding("mail", "ok", "the mail server answers")


def _disk() -> Finding:
    folder = files.state_dir()
    return findings.disk(shutil.disk_usage(folder).free, str(folder))


def _backup() -> Finding:
    at = backups.now()
    if backups.age_hours(at) is None:
        return Finding("backup", "ok", "no base backup of the embedded servers was made yet")
    if words := backups.complaint(at):
        return Finding("backup", "degraded", words, "stockproof backup --verify")
    return Finding("backup", "ok", "the newest base backup is young enough, copied and passed its drill")


def _memory() -> Finding:
    return findings.memory(int(psutil.virtual_memory().available))
