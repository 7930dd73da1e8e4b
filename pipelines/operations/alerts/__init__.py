"""Alerts: rules in a file, one row an alert in ``ops.alerts``, each sent once, with a notice when the condition has passed.

Not in here: how a message travels (``io.notify``), what is measured (``operations.metrics``).
"""
