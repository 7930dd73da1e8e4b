"""A typed Python client of the REST API.

Not in here: anything that needs the warehouse; the client speaks HTTP alone.
"""
