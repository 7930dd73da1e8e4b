"""Outcomes: each decision joined later with what followed, by SKU and day."""
