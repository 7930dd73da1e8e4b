"""Alerts that were raised while the warehouse was away: kept in a file, so that each is sent once, and handed to the table later."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.io import files

Entry = dict[str, Any]


@contextmanager
def entries() -> Iterator[dict[str, Entry]]:
    """The entries by key, open for change under a lock; written back at the end."""
    folder = files.state_dir("alerts")
    path = folder / "without-warehouse.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            held: dict[str, Entry] = json.loads(path.read_text())
        except (OSError, ValueError):  # none yet, or a machine that went down while it was written
            held = {}
        before = json.dumps(held, sort_keys=True)
        yield held
        if json.dumps(held, sort_keys=True) != before:
            files.write_atomic(path, json.dumps(held, indent=1))


def key(rule: str, subject: str) -> str:
    """Name of an entry."""
    return f"{rule}\t{subject}"
