"""Files are whole or absent, and a folder that cannot be written is named."""

from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files


def test_write_atomic_leaves_the_old_file_where_the_new_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = files.write_atomic(tmp_path / "a.txt", "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.write_atomic(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


def test_a_state_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "file" / "state"))
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match=r"state folder .* cannot be made"):
        files.state_dir("reports")
    settings.load.cache_clear()


def test_secrets_are_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for the moment between the file's appearance and a chmod."""
    from pipelines.local import stack

    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    appeared: list[int] = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (appeared.append(self.stat().st_mode & 0o777), replace(self, to))[1]
    )
    try:
        stack._make_secrets()
    finally:
        settings.load.cache_clear()
    assert appeared == [0o600]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
