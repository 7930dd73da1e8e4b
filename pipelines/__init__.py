"""Stockproof: replenishment you can check before you buy."""

import os

# The boosters' threads wait for each other after every node. Spinning, as is the default, they hold the core that the other one
# needs: beside other work (servers, a second task) training took ten times as long. Read once, when the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
