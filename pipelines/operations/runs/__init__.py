"""Runs as their steps report them."""
