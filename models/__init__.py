"""Forecasters: fit and predict on arrays. No I/O beyond their own model folder."""
