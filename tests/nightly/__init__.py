"""Long runs, outside `make test`: ``make e2e-full`` and ``make celery``."""
