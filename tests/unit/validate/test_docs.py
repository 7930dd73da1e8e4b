"""The data docs: a site is replaced whole, old dates go, the index links what is there."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.validate import docs


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


def page(words: str, *more: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        for name in ("index.html", *more):
            (folder / name).write_text(words)

    return build


def test_a_site_is_replaced_whole(state: Path) -> None:
    docs.publish("sources", date(2026, 6, 28), page("first", "old.html"))
    written = docs.publish("sources", date(2026, 6, 28), page("second"))
    assert written.read_text() == "second"
    assert [path.name for path in written.parent.iterdir()] == ["index.html"]
    assert [path.name for path in written.parent.parent.iterdir()] == ["sources"]


def test_a_site_that_cannot_be_built_leaves_the_old_one(state: Path) -> None:
    kept = docs.publish("sources", date(2026, 6, 28), page("first"))

    def fails(folder: Path) -> None:
        raise OSError(folder)

    with pytest.raises(OSError, match="building"):
        docs.publish("sources", date(2026, 6, 28), fails)
    assert kept.read_text() == "first"
    docs.publish("orders", date(2026, 6, 28), page("orders"))
    assert "building" not in docs.index().read_text()


def test_the_index_links_newest_first_and_old_dates_go(state: Path) -> None:
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(docs.KEPT_DATES + 2)]
    for day in days:
        docs.publish("features", day, page("x"))
    text = docs.index().read_text()
    shown = [day for day in days if f'href="{day}/features/index.html"' in text]
    assert shown == days[2:]
    assert text.index(str(days[-1])) < text.index(str(days[-2]))
    assert "orders/index.html" not in text
