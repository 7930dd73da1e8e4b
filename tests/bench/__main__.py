"""Every benchmark, one after the other: ``python -m tests.bench`` (``make bench``). Each prints its figures beside its peer's."""

import subprocess
import sys

# Slow ones that need real data are started by name: m5 (an hour), forecast, games.
QUICK = (["kernels"], ["replay"], ["purchase"], ["vendors"], ["twin"], ["extract", "--rows", "2000000"])


def main() -> int:
    """Run them; 1 where one failed or missed its budget."""
    failed = []
    for name, *arguments in QUICK:
        print(f"== tests.bench.{' '.join([name, *arguments])}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed or over budget: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
