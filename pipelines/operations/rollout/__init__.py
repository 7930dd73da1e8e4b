"""Rollout: our policy takes over stage by stage, and steps back by itself."""
