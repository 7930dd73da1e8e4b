"""What ERP_URL may be, and how each of the two drivers takes it: ConnectorX for bulk reads, PyMySQL (SQLAlchemy) for the rest."""

import ssl
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa

from pipelines.core.errors import StockproofError

MODES: Final = ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
"""MySQL's words for encrypted at all, to a server that a known authority vouches for, and to one that it vouches for by name."""

_REMEDY: Final = (
    "write mysql://user:password@host:port/database, and where the server wants TLS ?ssl-mode=REQUIRED or "
    "?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/ca.pem after it, and nothing more (texts come as UTF-8 without being asked to); of user and "
    "password @ is %40, / is %2F, ? is %3F, # is %23, [ is %5B, % is %25"
)


@cache
def sound(address: str) -> str:
    """An address that both drivers take; each reads an odd one in its own way.

    Raises:
        StockproofError: it is no such address.
    """
    if address.startswith("sqlite:"):
        return address
    fault = _fault(address)
    if fault:
        raise StockproofError(f"ERP_URL is not the address of a MariaDB: {fault}", _REMEDY)
    return address


def _fault(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - read for its ValueError
    except ValueError:
        return "its port is no number, or its user or password holds one of / ? # ["
    faults = {
        "it does not begin with mysql://": parts.scheme != "mysql",
        "its user or password holds an @": parts.netloc.count("@") > 1,
        "it goes on after the database's name with #": bool(parts.fragment),
        "it names no host": not parts.hostname,
        "it names no database": not parts.path.strip("/"),
    }
    return next((words for words, there in faults.items() if there), None) or _tls_fault(parts.query)


def _tls_fault(query: str) -> str | None:
    given = parse_qs(query, keep_blank_values=True)
    unknown = sorted(set(given) - {"ssl-mode", "ssl-ca"})
    mode, authority = given.get("ssl-mode", [""])[0], given.get("ssl-ca", [""])[0]
    if unknown or (query and not given):
        return (
            f"after the database's name stands {unknown[0] if unknown else query}, which is neither ssl-mode nor ssl-ca"
        )
    if given and mode not in MODES:
        return f"its ssl-mode is {mode or 'not given'}, not one of {', '.join(MODES)}"
    if authority and mode == "REQUIRED":
        return (
            "ssl-mode=REQUIRED looks at no certificate, so ssl-ca would be of no use: VERIFY_CA or VERIFY_IDENTITY does"
        )
    return _authority_fault(authority) if authority else None


def _authority_fault(file: str) -> str | None:
    if not Path(file).is_file():
        return f"its ssl-ca is no file here: {file}"
    try:
        ssl.create_default_context(cafile=file)
    except OSError as fault:  # as ssl's own errors are
        return f"its ssl-ca cannot be read as certificates: {file}: {fault.strerror or fault}"
    return None


def engine(address: str, connect_args: dict[str, Any] | None = None, **options: Any) -> sa.Engine:
    """SQLAlchemy's engine of an address, encrypted as it asks.

    Args:
        address: of a MariaDB, see :func:`sound`.
        connect_args: arguments of PyMySQL's connections.
        options: of ``sqlalchemy.create_engine``.
    """
    named = address.partition("?")[0].replace("mysql://", "mysql+pymysql://", 1)
    return sa.create_engine(named, connect_args=(connect_args or {}) | _encryption(address), **options)


def _encryption(address: str) -> dict[str, Any]:
    """Arguments of PyMySQL's connections for the TLS that an address asks for. Without any, it encrypts where the server can."""
    given = parse_qs(urlsplit(address).query)
    if "ssl-mode" not in given:
        return {}
    context = ssl.create_default_context(cafile=given.get("ssl-ca", [None])[0])
    # Company authorities made with older tools leave out what newer OpenSSLs insist on; both drivers take these.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = given["ssl-mode"][0] == "VERIFY_IDENTITY"
    if given["ssl-mode"][0] == "REQUIRED":
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def bulk(address: str, connect_seconds: int) -> str:
    """An address as ConnectorX takes it, with how long the server may take to let us in."""
    return f"{address}{'&' if '?' in address else '?'}tcp_connect_timeout_ms={1000 * connect_seconds}"
