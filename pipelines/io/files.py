"""Paths of the state folder, and writes that are whole or absent."""

import errno
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import StockproofError

FULL: Final = (errno.ENOSPC, errno.EDQUOT)

CRAMPED: Final = 50_000_000
"""Bytes below which a disk counts as full: a run's log of changes alone takes more."""

_FULL_WORDS: Final = ("No space left on device", "disk is full", "(1114,", "Errcode: 28", "Disk quota exceeded")
"""How the system, SQLite, MariaDB (a table that is full) and PostgreSQL say that a disk takes no more."""


def state_dir(*parts: str) -> Path:
    """A folder under the state folder, made where missing.

    Args:
        parts: path below the state folder, e.g. ``"reports"``.

    Returns:
        The folder.

    Raises:
        StockproofError: the folder cannot be made or written.
    """
    folder = settings.load().state_dir.resolve().joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise StockproofError(
            f"state folder {folder} cannot be made: {fault.strerror}",
            "fix its permissions, or set STOCKPROOF_STATE_DIR to a writable folder",
        ) from None
    if not os.access(folder, os.W_OK):
        raise StockproofError(
            f"state folder {folder} cannot be written",
            "fix its permissions, or set STOCKPROOF_STATE_DIR to a writable folder",
        )
    return folder


def write_atomic(path: Path, content: str | bytes, *, mode: int = 0o644) -> Path:
    """Write a file whole: to a temporary neighbour, then renamed over the target.

    Args:
        path: target; its folder must exist.
        content: text (UTF-8) or bytes.
        mode: who may read it, from the first moment on.

    Returns:
        ``path``.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException as fault:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(fault, OSError) and fault.errno is not None:
            fault.filename = str(path)  # the system names none where a disk is full
        raise
    return path


def write_named(path: Path, content: str | bytes) -> Path:
    """Write a file whole to the place that a user named.

    Args:
        path: target.
        content: text (UTF-8) or bytes.

    Returns:
        ``path``.

    Raises:
        StockproofError: it cannot be written; what was there before still is.
    """
    try:
        return write_atomic(path, content)
    except OSError as fault:
        raise full(fault) or StockproofError(
            f"{path} cannot be written: {fault.strerror}", "name a file in a folder that exists and is writable"
        ) from None


def full(fault: BaseException) -> StockproofError | None:
    """What a user reads where a disk takes no more, which can meet any command at any file or server; None of any other fault.

    Args:
        fault: from the system, or a database's.
    """
    place = ""
    if isinstance(fault, OSError) and fault.errno in FULL:
        place, words = str(fault.filename or ""), str(fault.strerror)
    elif any(word in str(fault) for word in _FULL_WORDS):
        words = str(getattr(fault, "orig", None) or fault).strip().splitlines()[0]
    else:
        return None
    return StockproofError(
        f"{place or 'what this command makes'} cannot be written: {words}",
        f"make room and repeat the command; `df -h {settings.load().state_dir.resolve()} {tempfile.gettempdir()}` tells how much there "
        "is. Of the embedded servers, nothing that was committed is lost",
    )


def cramped() -> str | None:
    """What to do first where the state folder's disk is full: servers that stop for it say anything but that. None where there is room."""
    folder = settings.load().state_dir.resolve()
    free = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free
    if free >= CRAMPED:
        return None
    return f"{folder} has room for {free / 1e6:,.0f} MB: make room first, then `stockproof up`"


def read_secrets() -> dict[str, Any]:
    """Passwords and keys of the embedded stack (mode 0600); empty before the first ``stockproof up``."""
    path = settings.load().state_dir.resolve() / "secrets.json"
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as fault:
        cause = fault.strerror if isinstance(fault, OSError) else "it is not the JSON it was"
        raise StockproofError(
            f"the passwords of the embedded stack, {path}, cannot be read: {cause}",
            "run as the user who made the state folder, or set STOCKPROOF_STATE_DIR to a folder of your own",
        ) from None
