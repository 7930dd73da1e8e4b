"""Replay of policies on recorded demand, using only what was known at each date; the guarded choice and the passports.

Not here: the day step itself (engine), questions about many items and their answers (studies).
"""
