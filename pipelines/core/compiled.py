"""Compiled kernels: numba's ``njit``, kept on disk, with the lock that numba's own cache lacks.

numba keeps a kernel's index and its machine code in files of their own and locks neither. Where two processes compile one function for
different types at once, the index left behind may name the other's code; the next process then runs a kernel on arrays that it was not
compiled for, and no error says so. Parallel replay tasks on a new installation are such processes.
"""

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import caching

F = TypeVar("F", bound=Callable[..., Any])


def njit(**options: Any) -> Callable[[F], F]:
    """Decorator: machine code, compiled at the first call of each combination of types and kept beside the source.

    Args:
        options: of ``numba.njit``; ``cache`` is always on.

    Returns:
        The decorator; it keeps the function's signature for the type checker.
    """

    def decorate(function: F) -> F:
        return cast(F, numba.njit(cache=True, **options)(function))

    return decorate


compiled = njit(nogil=True, error_model="numpy")
"""Most kernels: no interpreter lock, so threads run side by side; a division by zero is infinite or NaN as in numpy."""


class LockedCacheFile(caching.IndexDataCacheFile):  # type: ignore[misc]
    """numba's files of one function, read by many processes or written by one."""

    def _load_index(self) -> Any:
        """The index; empty if it names types that an update of the source has renamed or removed."""
        try:
            return super()._load_index()
        except (AttributeError, ImportError, EOFError, pickle.UnpicklingError):
            return {}

    def flush(self) -> None:
        """Empty the index."""
        with _locked(self._cache_path, fcntl.LOCK_EX):
            super().flush()

    def save(self, key: Any, data: Any) -> None:
        """Index and code as one."""
        with _locked(self._cache_path, fcntl.LOCK_EX):
            super().save(key, data)

    def load(self, key: Any) -> Any:
        """The code that the index names, or None."""
        with _locked(self._cache_path, fcntl.LOCK_SH):
            return super().load(key)


@contextmanager
def _locked(folder: str, how: int) -> Iterator[None]:
    """Holds the folder's lock. A folder that cannot be written to (an image's, or not made yet) has nobody to wait for."""
    try:
        handle = (Path(folder) / "numba.lock").open("a")
    except OSError:
        yield
        return
    with handle:  # closing it lets go of the lock
        fcntl.flock(handle, how)
        yield


caching.IndexDataCacheFile = LockedCacheFile
