"""A release that a SIGKILL ends at a step: run as a program, ``python -m tests.integration.release_killed N AS_OF``.

With N = 0 it is killed at no step. Prints the steps it reached, one a line.
"""

import os
import signal
import sys
from datetime import date


def main(kill_at: int, as_of: str) -> None:
    from pipelines.orders import job

    reached = 0

    def step(name: str) -> None:
        nonlocal reached
        reached += 1
        print(name, flush=True)
        if reached == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    print(job.release_approved(date.fromisoformat(as_of), step=step), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
