"""The data docs: a site is replaced whole, old dates go, the index links what is there."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.validate import docs

DAY = date(2026, 6, 28)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


def page(words: str, *more: str) -> Callable[[Path], None]:
    """A site of its own shape: pages, fonts, and a page for table sales."""

    def build(folder: Path) -> None:
        for name in ("index.html", "static/font.otf", "validations/sources/sales/run/batch.html", *more):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(words)

    return build


def row(**changes: object) -> dict[str, object]:
    kept = {"rule": "r", "table_name": "sales", "severity": "fatal", "bad_rows": 0, "passed": True}
    return kept | {"description": "a < b", "remedy": "count <it>", "asked": "select 1 where a < b"} | changes


def test_a_site_is_replaced_whole(state: Path) -> None:
    docs.publish("sources", DAY, [row()], page("first", "old.html"))
    summary = docs.publish("sources", DAY, [row()], page("second"))
    assert (summary.parent / "index.html").read_text() == "second"
    assert not (summary.parent / "old.html").exists()
    assert [path.name for path in summary.parent.parent.iterdir()] == ["sources"]


def test_sites_share_their_fonts(state: Path) -> None:
    first = docs.publish("sources", DAY, [row()], page("first"))
    second = docs.publish("orders", DAY, [row()], page("second"))
    for summary in (first, second):
        assert (summary.parent / "static").is_symlink()
        assert (summary.parent / "static" / "font.otf").read_text() == "first"


def test_a_site_that_cannot_be_built_leaves_the_old_one(state: Path) -> None:
    kept = docs.publish("sources", DAY, [row()], page("first"))

    def fails(folder: Path) -> None:
        raise OSError(folder)

    with pytest.raises(OSError, match="building"):
        docs.publish("sources", DAY, [row()], fails)
    assert (kept.parent / "index.html").read_text() == "first"
    docs.publish("orders", DAY, [row()], page("orders"))
    assert "building" not in docs.index().read_text()


def test_a_summary_tells_every_rule_and_links_its_table(state: Path) -> None:
    rows = [row(), row(rule="s", bad_rows=7, passed=False, table_name="items")]
    text = docs.publish("sources", DAY, rows, page("x")).read_text()
    assert '<a href="validations/sources/sales/run/batch.html">sales</a>' in text
    assert ">items</a>" not in text
    assert "select 1 where a &lt; b" in text
    assert text.count("Remedy: count &lt;it&gt;") == 1
    assert 'class="n">7</td><td class="broken">broken' in text
    assert "http" not in text


def test_the_index_links_newest_first_and_old_dates_go(state: Path) -> None:
    days = [DAY + timedelta(days=n) for n in range(docs.KEPT_DATES + 2)]
    for day in days:
        docs.publish("features", day, [row(), row(rule="s", passed=day != days[-1])], page("x"))
    text = docs.index().read_text()
    assert [day for day in days if f'href="{day}/features/summary.html">' in text] == days[2:]
    assert text.index(str(days[-1])) < text.index(str(days[-2]))
    assert f'<a class="broken" href="{days[-1]}/features/summary.html">1 of 2 rules broken' in text
    assert f'<a class="kept" href="{days[-2]}/features/summary.html">all 2 rules kept' in text
    assert "orders/summary.html" not in text
