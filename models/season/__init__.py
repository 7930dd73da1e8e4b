"""Season and level of demand from like-for-like data."""
