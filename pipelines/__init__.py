"""Stockproof: replenishment you can check before you buy."""
