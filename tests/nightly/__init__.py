"""Long runs, outside `make test`: ``make nightly`` and ``make celery``."""
