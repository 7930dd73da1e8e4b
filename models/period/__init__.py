"""Demand of coming review periods, and demand hidden by empty shelves.

Not here: forecasts of days and weeks (members, hybrid).
"""
