"""Windows and slices: together they are everything up to the as-of date, once, without a gap."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.calendar import as_of_end
from pipelines.extract.windows import BEGINNING, TICK, ExtractWindow, slices, windows

DAY_0 = date(2026, 1, 1)
days = st.integers(0, 400).map(lambda n: DAY_0 + timedelta(days=n))


def test_a_first_run_reads_everything_up_to_the_end_of_the_day() -> None:
    (window,) = windows(DAY_0, None, None, 3)
    assert window.low == BEGINNING
    assert window.watermark == as_of_end(DAY_0)


def test_an_as_of_date_before_the_watermark_compares_only_what_overlaps() -> None:
    watermark = as_of_end(date(2026, 1, 10))
    assert windows(date(2026, 1, 5), watermark, watermark, 3) == []
    (window,) = windows(date(2026, 1, 9), watermark, watermark, 3)
    assert (window.low, window.high) == (datetime.fromisoformat("2026-01-08"), datetime.fromisoformat("2026-01-10"))


def test_a_full_run_compares_everything_and_appends_what_is_new() -> None:
    watermark = as_of_end(date(2026, 1, 10))
    known, new = windows(date(2026, 1, 12), watermark, watermark, 3, full=True)
    assert (known.low, known.high, new.low) == (BEGINNING, watermark + TICK, watermark + TICK)


def test_the_overlap_begins_before_the_newest_row_seen() -> None:
    watermark, newest = as_of_end(date(2026, 1, 10)), datetime.fromisoformat("2026-01-06 18:00:00")
    known, new = windows(date(2026, 1, 12), watermark, newest, 3)
    assert known.low == datetime.fromisoformat("2026-01-03")  # the midnight before
    assert (known.high, new.low) == (watermark + TICK, watermark + TICK)
    known, _ = windows(date(2026, 1, 12), watermark, None, 3)  # read before, and empty then
    assert known.low == BEGINNING


@given(st.lists(days, min_size=1, max_size=8), st.integers(0, 30), st.integers(0, 30))
def test_runs_in_any_order_leave_no_gap_and_never_read_past_their_date(
    dates: list[date], overlap_days: int, lag_days: int
) -> None:
    watermark = None
    for as_of in dates:
        newest = watermark and watermark - timedelta(days=lag_days)
        parts = windows(as_of, watermark, newest, overlap_days)
        for part in parts:
            assert part.low < part.high <= as_of_end(as_of) + TICK
        for one, other in pairwise(parts):
            assert one.high == other.low
        if parts and watermark is not None:
            assert parts[0].low <= watermark + TICK  # nothing between what was read and what is read now
            # a part that is appended without comparing lies beyond everything read before
            assert all(part.high <= watermark + TICK or part.low > watermark for part in parts)
        reached = max([part.watermark for part in parts], default=watermark)
        watermark = reached if watermark is None or (reached is not None and reached > watermark) else watermark
        assert watermark is not None
    assert watermark == as_of_end(max(dates))


@given(
    st.dictionaries(st.integers(0, 60), st.integers(1, 5_000), max_size=40),
    st.integers(1, 6_000),
)
def test_slices_are_the_window_cut_at_units(rows_by_day: dict[int, int], slice_rows: int) -> None:
    window = ExtractWindow(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2026-06-01"))
    counts = [(window.low + timedelta(days=day), rows) for day, rows in sorted(rows_by_day.items())]
    found = slices(window, counts, slice_rows)
    assert found[0].low == window.low
    assert found[-1].high == window.high
    for one, other in pairwise(found):
        assert one.high == other.low
    for part in found:
        inside = [rows for start, rows in counts if part.low <= start < part.high]
        assert part.rows == sum(inside)
        assert part.rows <= slice_rows or len(inside) == 1
