"""What our DAGs update, so that other DAGs can follow them: docs/monitoring.md has an example."""

from airflow.sdk import Asset, AssetAlias

PROPOSALS_READY = Asset("stockproof://proposals-ready")
CHAMPION_CHANGED = Asset("stockproof://champion-changed")
ORDERS_RELEASED = Asset("stockproof://orders-released")

CHAMPION = AssetAlias("stockproof-champion")
"""Outlet of the training, which changes the champion only sometimes."""

RELEASE = AssetAlias("stockproof-release")
"""Outlet of a release, which may find nothing to send."""
