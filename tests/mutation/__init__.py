"""Planted faults in what must never break: the as-of date and exactly-once release."""
