"""Answers from the warehouse about a day; never writes."""
