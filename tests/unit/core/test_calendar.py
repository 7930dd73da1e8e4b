"""Buckets end on the as-of date, whatever it is."""

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.calendar import Bucket, bucket_start, bucket_starts

DATES = st.dates(date(2000, 1, 1), date(2100, 1, 1))
BUCKETS = st.sampled_from(["day", "week"])


@given(day=DATES, as_of=DATES, bucket=BUCKETS)
def test_a_day_lies_in_its_bucket(day: date, as_of: date, bucket: Bucket) -> None:
    width = 1 if bucket == "day" else 7
    start = bucket_start(day, as_of, bucket)
    assert 0 <= (day - start).days < width
    assert (as_of + timedelta(days=1) - start).days % width == 0


@given(as_of=DATES, bucket=BUCKETS, count=st.integers(1, 60))
def test_starts_are_consecutive_and_meet_at_the_as_of_date(as_of: date, bucket: Bucket, count: int) -> None:
    past, future = bucket_starts(as_of, bucket, count), bucket_starts(as_of, bucket, count, future=True)
    width = 1 if bucket == "day" else 7
    both = past + future
    assert {(later - earlier).days for earlier, later in itertools.pairwise(both)} == {width}
    assert future[0] == as_of + timedelta(days=1)
    assert all(bucket_start(start, as_of, bucket) == start for start in both)
