"""Realised saving: what the SKUs that follow our policy cost beside those that a draw left with the incumbent."""
