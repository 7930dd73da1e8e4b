"""What alerts need while the warehouse is away: those raised meanwhile, handed to the table later, and which were open before."""

import fcntl
import json
from collections.abc import Iterable, Iterator
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


def remember(keys: Iterable[str]) -> None:
    """Keep which alerts are open in the table, so that none of them is sent again while it is away."""
    path = files.state_dir("alerts") / "open.json"
    known = json.dumps(sorted(keys))
    if not path.exists() or path.read_text() != known:
        files.write_atomic(path, known)


def remembered() -> set[str]:
    """Keys of the alerts that were open when the table was last read."""
    try:
        return set(json.loads((files.state_dir("alerts") / "open.json").read_text()))
    except (OSError, ValueError):
        return set()


def key(rule: str, subject: str) -> str:
    """Name of an entry."""
    return f"{rule}\t{subject}"
