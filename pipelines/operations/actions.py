"""What a person does about the running system. One transaction each."""

from pipelines.operations.alerts.actions import acknowledge, assign, done, send_test, snooze

__all__ = ["acknowledge", "assign", "done", "send_test", "snooze"]
