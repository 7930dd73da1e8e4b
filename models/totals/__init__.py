"""Forecasts of totals of groups, to which members are aligned.

Not here: forecasts of single SKUs (members).
"""
