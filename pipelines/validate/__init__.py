"""The stage that checks rows at four boundaries: sources, features, forecasts and orders."""

import logging
import os

# Before the first import of Great Expectations: it logs every step at INFO, and would report its use to its maker.
logging.getLogger("great_expectations").setLevel(logging.WARNING)
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
