"""Read by Airflow in each of its processes.

The scheduler's workers fork from it, and each task from a worker: what the scheduler has imported, no task imports again. Great
Expectations takes 3.7 seconds of a core, and four steps of a day need it. It is only imported here: there is no thread to lose in a fork.
"""

import sys

if "scheduler" in sys.argv:
    import great_expectations  # noqa: F401
