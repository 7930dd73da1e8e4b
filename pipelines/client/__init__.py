"""A small client of the API.

>>> from pipelines.client import Client
>>> Client("http://127.0.0.1:18000").url
'http://127.0.0.1:18000'
"""

from pipelines.client.client import Client, Problem

__all__ = ["Client", "Problem"]
