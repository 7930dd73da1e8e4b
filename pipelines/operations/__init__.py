"""A running system: outcomes of decisions, rollout and rollback of policies, alerts, metrics, preflight, advice, backup.

Not in here: any stage of the day; this room reads their tables.
"""
