"""Stockproof: replenishment you can check before you buy."""

import os

# The boosters' threads wait for each other after every node. By default they spin 300,000 times, holding the core that the other
# one needs: beside other work (servers, a second task) training took ten times as long. Asleep at once they are half as fast where
# the machine is theirs; a thousand turns cost neither. Read when the library is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
