"""Vendors measured from their receipts, and the lead times they really keep."""
