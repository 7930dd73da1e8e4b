"""``python -m tests.worlds --fast [company …]``: the table of the fast harness, worst first within each company."""

import sys
from dataclasses import replace

from tests.worlds import arrays, judge, truth
from tests.worlds.company import Company
from tests.worlds.known_off import KNOWN_OFF
from tests.worlds.situations import FAST


def few(company: Company, replicas: int) -> Company:
    """The company with no more than so many replicas of each situation."""
    fewer = tuple(replace(one, replicas=min(one.replicas, replicas)) for one in company.situations)
    return replace(company, situations=fewer)


def fast(names: list[str], replicas: int) -> None:
    """Print what both systems say of the companies whose names contain one of ``names``; of all where there is none."""
    for company in FAST:
        if names and not any(name in company.name for name in names):
            continue
        drawn = truth.draw(few(company, replicas))
        print(f"{company.name}: {len(drawn.skus)} SKUs", flush=True)
        for one in sorted(judge.findings(drawn, arrays.forecast(drawn)), key=lambda one: -one.excess):
            mark = "listed" if one.key in KNOWN_OFF else ("OFF" if one.excess > 1 else "")
            print(f"  {one.excess:6.2f} {mark:6} {one}", flush=True)


if __name__ == "__main__":
    if "--fast" not in sys.argv:
        sys.exit(__doc__)
    fast([name for name in sys.argv[1:] if not name.startswith("--")], 8)
