"""PostgreSQL's ``archive_command`` and ``restore_command``: a program that runs for each file, of the standard library alone.

``keep`` compresses a file of the write-ahead log into the archive, whole or not at all, and copies what the model registry has stored since
(models never change, so that only new files are copied). ``fetch`` gives a file back, from the archive or, where it did not get there, from
the log of the cluster that is being replaced. The layout of the archive: ``wal/<name>.gz``, ``artifacts/``, one folder a base backup.
"""

import argparse
import gzip
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MARKER = "archiving"
"""File in the backup folder that exists from the first base backup on. No log is kept before it, which would restore nothing."""
COPY_FAILED = "copy-failed"
"""File in the backup folder: why the newest copy to another machine failed; absent where it succeeded."""
COPY_SECONDS = 600
ABORT = 255
"""Exit code on which PostgreSQL gives a recovery up. At any below 128 it takes the log to end there, and loses what follows."""


def keep(source: Path, folder: Path, artifacts: Path | None, copy: str | None) -> None:
    """Archive a file of the log.

    Args:
        source: the file in ``pg_wal``.
        folder: the backup folder.
        artifacts: folder of the model registry's files.
        copy: command that copies the backup folder to another machine.

    Raises:
        FileExistsError: the archive holds another file of that name.
    """
    if not (folder / MARKER).exists():
        return
    target, content = folder / "wal" / f"{source.name}.gz", source.read_bytes()
    if not target.exists():  # its header keeps the time, which outlives every copy of the file
        _write(target, gzip.compress(content, 1, mtime=int(time.time())))
    elif gzip.decompress(target.read_bytes()) != content:
        raise FileExistsError(f"{target} holds another cluster's log: name another backup.folder")
    if artifacts is not None:
        mirror(artifacts, folder / "artifacts")
    if copy:
        copy_away(folder, copy)


def fetch(name: str, target: Path, folder: Path, beside: Path | None) -> bool:
    """Give a file of the log back.

    Args:
        name: of the file.
        target: where the server wants it.
        folder: the backup folder.
        beside: ``pg_wal`` of the cluster that is being replaced: it may hold what was not archived.

    Returns:
        Whether the file exists.
    """
    kept = folder / "wal" / f"{name}.gz"
    if kept.exists():
        target.write_bytes(gzip.decompress(kept.read_bytes()))
        return True
    if beside is not None and (beside / name).is_file():
        shutil.copyfile(beside / name, target)
        return True
    return False


def mirror(source: Path, target: Path) -> int:
    """Copy the files that a folder has and its mirror lacks, or has of another size: it was being written. Returns how many."""
    copied = 0
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        other = target / path.relative_to(source)
        if path.is_file() and not (other.exists() and other.stat().st_size == path.stat().st_size):
            other.parent.mkdir(parents=True, exist_ok=True)
            _write(other, path.read_bytes())
            copied += 1
    return copied


def copy_away(folder: Path, command: str) -> bool:
    """Run the command that copies the backup folder to another machine; a failure is noted beside it and stops no archiving.

    Args:
        folder: the backup folder; replaces ``{folder}`` in the command.
        command: split as a shell does, and run without one.

    Returns:
        Whether it succeeded.
    """
    words = [word.replace("{folder}", str(folder)) for word in shlex.split(command)]
    note = folder / COPY_FAILED
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=COPY_SECONDS)
        fault = (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as raised:
        fault = str(raised)
    if fault:
        _write(note, f"{words[0]}: {fault[-2000:]}\n".encode())
    else:
        note.unlink(missing_ok=True)
    return not fault


def _write(path: Path, content: bytes) -> None:
    """A file that is whole, and on the disk, under its name; or absent."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o600)
        Path(temporary).rename(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    opened = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def main() -> int:
    """The command line; PostgreSQL reads the exit code, and its log has the words."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--artifacts", type=Path)
    parser.add_argument("--copy")
    parser.add_argument("--beside", type=Path)
    parser.add_argument("verb", choices=("keep", "fetch"))
    parser.add_argument("paths", nargs="+")
    given = parser.parse_args()
    try:
        if given.verb == "keep":
            keep(Path(given.paths[0]), given.folder, given.artifacts, given.copy)
            return 0
        return 0 if fetch(given.paths[0], Path(given.paths[1]), given.folder, given.beside) else 1
    except (OSError, EOFError) as fault:  # a torn file ends in EOFError or BadGzipFile
        print(f"stockproof archive: {given.verb} {' '.join(given.paths)}: {fault}", file=sys.stderr)
        return ABORT


if __name__ == "__main__":
    sys.exit(main())
