"""What a base backup consists of: a manifest with the SHA-256 of every file, which names what is torn, missing or not its own."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.core.errors import StockproofError

FILE = "manifest.json"
CLUSTER = "postgres"
"""Folder of a backup that holds the database cluster, with PostgreSQL's own ``backup_manifest``."""
ARTIFACTS = "artifacts"
"""Folder beside the backups that holds the model registry's files."""
_REMEDY = "restore from another backup (`stockproof backup list`), or fetch this one again from where it was copied to"


@dataclass(frozen=True)
class Manifest:
    """A base backup.

    Attributes:
        backup_id: name of its folder.
        kind: ``full`` or ``incremental``.
        parent: the backup whose changes alone it holds; empty for a full one.
        started_at: when it began, UTC.
        finished_at: the moment from which on one can restore by it, UTC.
        timeline: of the log.
        start: position in the log at which its recovery begins, bytes.
        system: system identifier of the cluster.
        version: of Stockproof.
        files: path below the backup's folder → SHA-256.
        artifacts: path below the archive's ``artifacts`` → SHA-256; files of the model registry, which all backups share.
        size: bytes.
    """

    backup_id: str
    kind: str
    parent: str
    started_at: datetime
    finished_at: datetime
    timeline: int
    start: int
    system: str
    version: str
    files: Mapping[str, str]
    artifacts: Mapping[str, str]
    size: int


def sealed(manifest: Manifest) -> str:
    """Text of a manifest with the checksum of itself."""
    body = asdict(manifest) | {
        "started_at": manifest.started_at.isoformat(),
        "finished_at": manifest.finished_at.isoformat(),
        "files": dict(manifest.files),
        "artifacts": dict(manifest.artifacts),
    }
    return json.dumps(body | {"checksum": _checksum(body)}, indent=1, sort_keys=True)


def load(folder: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        StockproofError: it is missing, torn, changed, or of another backup.
    """
    path = folder / FILE
    try:
        body = json.loads(path.read_text())
        checksum = body.pop("checksum")
        times = {key: datetime.fromisoformat(body[key]) for key in ("started_at", "finished_at")}
        found = Manifest(**(body | times))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise StockproofError(f"{path} cannot be read: {fault}", _REMEDY) from None
    if checksum != _checksum(body):
        raise StockproofError(f"{path} is not the manifest that was written: its checksum differs", _REMEDY)
    if found.backup_id != folder.name:
        raise StockproofError(f"{path} is the manifest of {found.backup_id}", _REMEDY)
    return found


def cluster(folder: Path) -> dict[str, Any]:
    """PostgreSQL's manifest of a backup, checked by its own checksum.

    Raises:
        StockproofError: it is missing, torn or changed.
    """
    path = folder / CLUSTER / "backup_manifest"
    try:
        content = path.read_bytes()
        found = dict(json.loads(content))
        # The checksum covers everything before its own line.
        covered = content[: content.rindex(b'"Manifest-Checksum"')]
        sound = hashlib.sha256(covered).hexdigest() == found["Manifest-Checksum"]
    except (OSError, ValueError, KeyError) as fault:
        raise StockproofError(f"{path} cannot be read: {fault}", _REMEDY) from None
    if not sound:
        raise StockproofError(f"{path} is not the manifest that was written: its checksum differs", _REMEDY)
    return found


def checksums(folder: Path) -> tuple[dict[str, str], int]:
    """SHA-256 by path of the files of a backup, the cluster's aside, and the bytes of all of them."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != FILE]
    own = {
        str(path.relative_to(folder)): digest(path)
        for path in paths
        if path.relative_to(folder).parts[0] != CLUSTER or path == folder / CLUSTER / "backup_manifest"
    }
    return own, sum(path.stat().st_size for path in paths)


def faults(folder: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the files of a backup, each by name; empty where all are as they were written."""
    found = [
        word
        for name, expected in manifest.files.items()
        if (word := _compare(folder / name, expected, None)) is not None
    ]
    shared = folder.parent / ARTIFACTS
    found += [
        word for name, expected in manifest.artifacts.items() if (word := _compare(shared / name, expected, None))
    ]
    inside, root = cluster(folder), folder / CLUSTER
    listed = set()
    for entry in inside["Files"]:
        name = (
            entry["Path"] if "Path" in entry else bytes.fromhex(entry["Encoded-Path"]).decode(errors="surrogateescape")
        )
        listed.add(name)
        word = _compare(root / name, entry.get("Checksum"), entry["Size"])
        found += [word] if word else []
    extra = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - listed
    found += [f"{root / name} does not belong to the backup" for name in sorted(extra) if not _unlisted(name)]
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compare(path: Path, expected: str | None, size: int | None) -> str | None:
    if not path.is_file():
        return f"{path} is missing"
    if size is not None and path.stat().st_size != size:
        return f"{path} has {path.stat().st_size} bytes, not {size}"
    if expected is not None and digest(path) != expected:
        return f"{path} is not the file that was written: its SHA-256 differs"
    return None


def _unlisted(name: str) -> bool:
    """What a backup holds beside the files of its manifest: the log that it streamed, and the manifest itself."""
    return name == "backup_manifest" or name.startswith("pg_wal/")


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
