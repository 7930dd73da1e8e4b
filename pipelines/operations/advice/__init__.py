"""Advice on tuning: slow steps and queries of a run, memory and time against the runs before, with what to change."""
