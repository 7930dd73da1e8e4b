"""Play the worlds.

``python -m tests.worlds [company …]`` plays every company, or those whose names contain one of the words, through the whole product, and
puts them into docs/worlds.md; ``--few`` with ten replicas instead of thirty. ``--fast`` plays panels alone, without servers.
"""

import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path

from tests.worlds import arrays, judge, product, report, truth
from tests.worlds.company import Company
from tests.worlds.known_off import KNOWN_OFF
from tests.worlds.situations import FAST
from tests.worlds.whole import WHOLE


def few(company: Company, replicas: int) -> Company:
    """The company with no more than so many replicas of each situation."""
    fewer = tuple(replace(one, replicas=min(one.replicas, replicas)) for one in company.situations)
    return replace(company, situations=fewer)


def fast(companies: list[Company]) -> None:
    """Print what both forecasting systems say, worst first."""
    for company in companies:
        drawn = truth.draw(few(company, 8))
        print(f"{company.name}: {len(drawn.skus)} SKUs", flush=True)
        for one in sorted(judge.findings(drawn, arrays.forecast(drawn)), key=lambda one: -one.excess):
            mark = "listed" if one.key in KNOWN_OFF else ("OFF" if one.excess > 1 else "")
            print(f"  {one.excess:6.2f} {mark:6} {one}", flush=True)


def whole(companies: list[Company]) -> tuple[list[report.Row], list[str]]:
    """Play companies through the product.

    Returns:
        (a row a situation, companies that failed and why).
    """
    rows, failed = list[report.Row](), list[str]()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        with product.servers(folder) as both:
            for number, company in enumerate(companies):
                print(f"{company.name}", file=sys.stderr, flush=True)
                started = time.perf_counter()
                try:
                    with product.warehouse_of(company, number, folder, both):
                        drawn = truth.draw(company)
                        found = report.rows(drawn, product.run(drawn))
                except Exception as fault:  # one company must not cost the others their hour
                    traceback.print_exc()
                    failed.append(f"{company.name}: {type(fault).__name__}: {fault}".splitlines()[0])
                    continue
                rows += found
                report.keep(company.name, found, time.perf_counter() - started)
                for row in found:
                    print(f"  {row}", flush=True)
    return rows, failed


def main(arguments: list[str]) -> int:
    """Play what was asked for. Returns the exit code: 1 where a situation is off and not listed, or right and listed."""
    words = [word for word in arguments if not word.startswith("--")]
    every = list(FAST if "--fast" in arguments else WHOLE)
    chosen = [company for company in every if not words or any(word in company.name for word in words)]
    if "--fast" in arguments:
        fast(chosen)
        return 0
    started = time.perf_counter()
    rows, failed = whole([few(company, 10) for company in chosen] if "--few" in arguments else chosen)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    wrong = report.faults(rows, failed)
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
