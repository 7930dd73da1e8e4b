"""Replay of policies on recorded demand: one compiled engine, honest about what was known when."""
