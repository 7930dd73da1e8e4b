"""The archived write-ahead log: which files a recovery needs, whether they are there, and whether each is what its name says.

Formats: PostgreSQL's ``src/include/access/xlog_internal.h`` (a segment's first page) and ``src/backend/access/transam/timeline.c``.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SEGMENT = 16 * 1024 * 1024
"""Bytes of a segment; the size that initdb chooses."""
_HEADER = struct.Struct("<HHIQI4xQII")
"""XLogLongPageHeaderData: magic, info, timeline, address, remaining length, system identifier, segment size, block size."""


@dataclass(frozen=True)
class Timeline:
    """A line of history: the log up to a point belongs to the timeline before.

    Attributes:
        number: of the timeline.
        began_at: position in the log at which it left its parent; 0 for the first.
    """

    number: int
    began_at: int


def position(lsn: str) -> int:
    """A position in the log, ``"0/3000028"``, as a number of bytes.

    >>> position("1/10")
    4294967312
    """
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def name(timeline: int, segment: int) -> str:
    """File name of a segment.

    >>> name(1, 257)
    '000000010000000100000001'
    """
    each = 0x100000000 // SEGMENT
    return f"{timeline:08X}{segment // each:08X}{segment % each:08X}"


def segment_of(file: str) -> int:
    """Number of the segment that a file holds; the inverse of :func:`name`."""
    return int(file[8:16], 16) * (0x100000000 // SEGMENT) + int(file[16:24], 16)


def archived(folder: Path) -> set[str]:
    """Names of the segments in an archive."""
    return {path.name[:24] for path in folder.glob("*.gz") if len(path.name) == 27}


def newest_at(folder: Path) -> datetime | None:
    """When the newest file of the log was archived; None for an empty archive."""
    return max(map(archived_at, folder.glob("*.gz")), default=None)


def archived_at(path: Path) -> datetime:
    """When a file of the log was archived, by its header (RFC 1952, MTIME): copying the file does not change it."""
    with path.open("rb") as file:
        head = file.read(8)
    return datetime.fromtimestamp(int.from_bytes(head[4:8], "little"), UTC)


def lineage(folder: Path, timeline: int) -> list[Timeline]:
    """The timelines from the first to a given one, by its history file.

    Raises:
        ValueError: the history file is torn or missing.
    """
    if timeline == 1:
        return [Timeline(1, 0)]
    path = folder / f"{timeline:08X}.history.gz"
    try:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
        ends = [(int(row[0]), position(row[1])) for row in rows]
    except (OSError, EOFError, zlib.error, ValueError, IndexError) as fault:
        raise ValueError(f"{path} cannot be read: {fault}") from None
    numbers, starts = [number for number, _ in ends] + [timeline], [0, *(end for _, end in ends)]
    return [Timeline(number, began) for number, began in zip(numbers, starts, strict=True)]


def newest_timeline(folder: Path) -> int:
    """The highest timeline that an archive knows."""
    found = [int(path.name[:8], 16) for path in folder.glob("*.history.gz")]
    return max([1, *found, *(int(one[:8], 16) for one in archived(folder))])


def needed(start: int, lines: Sequence[Timeline], have: set[str]) -> Iterator[str]:
    """Names of the files that a recovery reads, in their order, from a position to the newest segment of the last timeline.

    Args:
        start: position in the log at which the backup begins.
        lines: see :func:`lineage`.
        have: archived segments; the newest of the last timeline is where the recovery ends.
    """
    last = lines[-1]
    ours = [segment_of(one) for one in have if int(one[:8], 16) == last.number]
    end = max(ours, default=start // SEGMENT - 1)
    for segment in range(start // SEGMENT, end + 1):
        # The segment in which a timeline begins is copied into it: the newest line that covers a segment holds it whole.
        line = next(one for one in reversed(lines) if one.began_at // SEGMENT <= segment)
        yield name(line.number, segment)


def fault(path: Path, system: str) -> str | None:
    """What is wrong with an archived segment; None where it is whole and in its place.

    Args:
        path: ``<name>.gz``.
        system: system identifier of the cluster.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as raised:
        return f"{path} is torn: {raised}"
    if len(content) != SEGMENT:
        return f"{path} is torn: {len(content)} bytes of {SEGMENT}"
    _, _, timeline, address, _, cluster, _, _ = _HEADER.unpack_from(content)
    if str(cluster) != system:
        return f"{path} is of another cluster ({cluster}, not {system})"
    if address != segment_of(path.name) * SEGMENT or timeline > int(path.name[:8], 16):
        return f"{path} holds another part of the log than its name says"
    return None
