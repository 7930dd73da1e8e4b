"""Days in a row, a random fault each: ``python -m tests.faults.days --until 72``. What was played is kept in a folder and gone on with.

Two companies trade alike: one is left alone, the other has a fault a day. After each day the decisions of both and the purchase orders in
both ERPs have to be equal, row by row; no order may be in an ERP twice.
"""

import argparse
import os
import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from polars.testing import assert_frame_equal

from tests.faults.proxy import Proxy
from tests.faults.world import World
from tests.life import product
from tests.life.play import START

STEPS = tuple(name for name in product.STEPS if name != "report")
READ_THE_ERP = ("preflight", "extract")


@dataclass
class Days:
    """Two worlds, and how far they have been played.

    Attributes:
        calm: nothing happens to it.
        struck: a fault a day.
        chance: draws the faults.
        done: days played.
        faults: how often each fault was made.
        off: what was not equal.
    """

    calm: World
    struck: World
    chance: np.random.Generator
    done: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    off: list[str] = field(default_factory=list)

    def day(self) -> str:
        """Play the next day. Returns the fault."""
        day = START + timedelta(days=self.done)
        fault = str(self.chance.choice(list(FAULTS)))
        for world in (self.calm, self.struck):
            world.enter()
            world.trade(day)
            for step in STEPS:
                make = FAULTS[fault]
                if make and world is self.struck and step == self._step(fault):
                    make(self, step, day)
                product.STEPS[step](day)
            world.planner.work(day)
            killed = world is self.struck and fault == "release killed"
            product.release(day, int(self.chance.integers(1, 12)) if killed else 0)
        self._compare(day, fault)
        self.done += 1
        self.faults[fault] += 1
        return fault

    def _step(self, fault: str) -> str:
        """The step that a day's fault meets, the same whenever it is asked for on that day."""
        among = READ_THE_ERP if fault == "ERP killed" else STEPS
        return among[(self.done * 7 + len(fault)) % len(among)]

    def _compare(self, day: date, fault: str) -> None:
        found = {}
        for name, world in (("calm", self.calm), ("struck", self.struck)):
            world.enter()
            found[name] = world.decisions(day), world.ordered()
            keys = Counter(row[1] for row in {row[:2] for row in found[name][1]} if row[1])
            self.off += [f"{day}, {fault}: {key} is in the {name} ERP {n} times" for key, n in keys.items() if n > 1]
        try:
            assert_frame_equal(found["calm"][0], found["struck"][0])
        except AssertionError as fault_found:
            self.off.append(f"{day}, {fault}: decisions differ: {fault_found}")
        if found["calm"][1] != found["struck"][1]:
            self.off.append(f"{day}, {fault}: the ERPs' purchase orders differ")
        if (held := self.struck.connections()) > 12:
            self.off.append(f"{day}, {fault}: {held} connections are open")

    def _after(self) -> None:
        time.sleep(float(self.chance.uniform(1.0, 5.0)))


def _step_killed(days: Days, step: str, day: date) -> None:
    child = days.struck.start(step, day)
    days._after()
    child.kill()
    child.wait()


def _server_killed(days: Days, step: str, day: date) -> None:
    child = days.struck.start(step, day)
    days._after()
    days.struck.kill(days.struck.store)
    child.wait()


def _erp_killed(days: Days, step: str, day: date) -> None:
    child = days.struck.start(step, day)
    days._after()
    days.struck.kill(days.struck.books)
    child.wait()


def _power_cut(days: Days, step: str, day: date) -> None:
    child = days.struck.start(step, day)
    days._after()
    child.kill()
    days.struck.kill(days.struck.store, days.struck.books)
    child.wait()


def _network_cut(days: Days, step: str, day: date) -> None:
    store = days.struck.store
    with Proxy(store.port) as proxy:
        through = store.url("warehouse").replace(f":{store.port}/", f":{proxy.port}/")
        child = days.struck.start(step, day, STOCKPROOF_STACK__WAREHOUSE_URL=through)
        days._after()
    child.wait()


def _out_of_memory(days: Days, step: str, day: date) -> None:
    kib = int(days.chance.integers(400_000, 1_500_000))
    days.struck.start(step, day, under=["bash", "-c", f'ulimit -v {kib}; exec "$@"', "limited"]).wait()


def _two_at_once(days: Days, step: str, day: date) -> None:
    for child in [days.struck.start(step, day), days.struck.start(step, day)]:
        child.wait()


FAULTS: dict[str, Callable[[Days, str, date], None] | None] = {
    "step killed": _step_killed, "PostgreSQL killed": _server_killed, "ERP killed": _erp_killed, "power cut": _power_cut,
    "network cut": _network_cut, "out of memory": _out_of_memory, "two at once": _two_at_once, "release killed": None,
}  # fmt: skip


def _load(folder: Path, seed: int) -> Days:
    kept = folder / "days.pickle"
    if not kept.exists():
        calm, struck = World.found(folder / "calm", seed), World.found(folder / "struck", seed)
        return Days(calm, struck, np.random.default_rng([seed, 9]))
    days: Days = pickle.loads(kept.read_bytes())
    for world in (days.calm, days.struck):
        world.store.start()
        world.books.start()
    return days


def main() -> int:
    """Play, print. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.days", description=__doc__)
    parser.add_argument("--until", type=int, default=72, help="days played in all")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="stop after so long; the next call goes on")
    parser.add_argument("--folder", type=Path, default=Path("build/days"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    days = _load(arguments.folder.resolve(), arguments.seed)
    try:
        while days.done < arguments.until and time.monotonic() - began < arguments.minutes * 60 and not days.off:
            fault = days.day()
            (arguments.folder / "days.pickle").write_bytes(pickle.dumps(days))
            print(f"{days.done:3} {fault:18} {time.monotonic() - began:6.0f} s", flush=True)
    finally:
        for world in (days.calm, days.struck):
            world.stop()
    print(f"{days.done} days, {dict(days.faults)}")
    print("\n".join(days.off) or "each day's decisions and purchase orders equal those of the company without faults")
    return 1 if days.off else 0


if __name__ == "__main__":
    os.environ["STOCKPROOF_STACK__MLFLOW_URL"] = "http://127.0.0.1:9"
    sys.exit(main())
