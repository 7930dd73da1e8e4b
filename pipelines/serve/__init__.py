"""The REST API and the planner's desk, one process of its own: requests in, answers of the rooms' queries and actions out.

Not in here: SQL, numpy, and any figure that a room does not give.
"""
