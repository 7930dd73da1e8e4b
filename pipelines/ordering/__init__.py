"""Ordering rules: from a forecast and costs to levels or a quantity. The replay asks them of the past, the policy stage of today."""
