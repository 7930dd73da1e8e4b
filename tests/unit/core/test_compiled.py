"""The disk cache of compiled kernels under several processes."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching

from pipelines.core.compiled import LockedCacheFile, compiled, njit


def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that takes its time between being read and being written, as on a busy machine."""
    written = caching.IndexDataCacheFile._save_index

    def late(self: caching.IndexDataCacheFile, overloads: dict[str, str]) -> None:
        time.sleep(0.2)
        written(self, overloads)

    monkeypatch.setattr(LockedCacheFile, "_save_index", late)


def test_two_writers_at_once_keep_both_their_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _slow(monkeypatch)
    files = [LockedCacheFile(str(tmp_path), "kernel", "stamp") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda file, key: file.save(key, f"code of {key}"), files, ("float64", "int64")))
    reader = LockedCacheFile(str(tmp_path), "kernel", "stamp")
    assert [reader.load(key) for key in ("float64", "int64")] == ["code of float64", "code of int64"]


def test_a_reader_never_sees_a_new_index_with_old_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LockedCacheFile(str(tmp_path), "kernel", "old source").save("float64", "old code")
    written = caching.IndexDataCacheFile._save_data

    def late(self: caching.IndexDataCacheFile, name: str, data: str) -> None:
        time.sleep(0.2)
        written(self, name, data)

    monkeypatch.setattr(LockedCacheFile, "_save_data", late)
    writer, reader = (LockedCacheFile(str(tmp_path), "kernel", "new source") for _ in range(2))
    with ThreadPoolExecutor(1) as pool:
        saving = pool.submit(writer.save, "float64", "new code")
        seen = set()
        while not saving.done():
            seen.add(reader.load("float64"))
    assert seen <= {None, "new code"}
    assert reader.load("float64") == "new code"


class Renamed:
    """A type of an earlier version of the source, which the index holds."""


def test_an_index_of_types_that_were_renamed_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LockedCacheFile(str(tmp_path), "kernel", "old source").save(Renamed, "old code")
    monkeypatch.delattr(f"{__name__}.Renamed")
    file = LockedCacheFile(str(tmp_path), "kernel", "new source")
    assert file.load("float64") is None
    file.save("float64", "new code")
    assert file.load("float64") == "new code"


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert LockedCacheFile(str(tmp_path / "nowhere"), "kernel", "stamp").load("float64") is None


def test_numba_uses_the_lock() -> None:
    assert caching.IndexDataCacheFile is LockedCacheFile


@pytest.mark.parametrize("decorate", [compiled, njit(nogil=True)])
def test_a_kernel_computes_what_its_python_does(decorate) -> None:  # type: ignore[no-untyped-def]
    def total(values: np.ndarray) -> float:  # type: ignore[type-arg]
        out = 0.0
        for value in values:
            out += value
        return out

    assert decorate(total)(np.arange(5.0)) == total(np.arange(5.0))


def test_processes_that_compile_one_kernel_for_other_types_agree_with_python(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(
        "import sys\nimport numpy as np\nfrom pipelines.core.compiled import compiled\n\n"
        "@compiled\ndef total(values):\n    out = values[0] * 0\n    for value in values:\n        out += value\n    return out\n\n"
        "kind = sys.argv[1]\nassert total(np.arange(5, dtype=kind)) == 10, kind\n"
    )
    command = [sys.executable, str(tmp_path / "kernel.py")]
    kinds = ["float64", "int64", "float32"]
    for _ in range(2):  # the second time from disk
        running = [subprocess.Popen([*command, kind]) for kind in kinds]
        assert [process.wait() for process in running] == [0, 0, 0]
    assert len(list((tmp_path / "__pycache__").glob("*.nbc"))) == len(kinds)
