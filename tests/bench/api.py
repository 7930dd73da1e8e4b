"""The API under load: a SKU's forecast, the list of proposals and its first page, over loopback from another process.

Run it against a running stack: ``STOCKBENCH_TOKEN=… python -m tests.bench.api http://127.0.0.1:18000 ITEM``.
"""

import asyncio
import os
import sys
import time

import numpy as np

CONNECTIONS = 32


async def load(url: str, path: str, token: str, seconds: float) -> tuple[float, float, int]:
    """Ask for a path over kept connections.

    Args:
        url: ``http://host:port``.
        path: with its query.
        token: of a viewer.
        seconds: how long.

    Returns:
        Answers a second, 99th percentile of their time in milliseconds, and the number that were not 200.
    """
    host, port = url.removeprefix("http://").split(":")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    until, times, faults = time.perf_counter() + seconds, [], 0

    async def one() -> None:
        nonlocal faults
        reader, writer = await asyncio.open_connection(host, int(port))
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            faults += not head.startswith(b"HTTP/1.1 200")
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(times) / seconds, float(np.percentile(times, 99)) * 1e3, faults


def main() -> None:
    """Print the figures."""
    url, item, token = sys.argv[1], sys.argv[2], os.environ["STOCKBENCH_TOKEN"]
    seconds = float(os.environ.get("STOCKBENCH_SECONDS", "10"))
    for name, path in {
        "forecast of a SKU": f"/api/v1/forecast/item/{item}",
        "list of proposals": "/api/v1/orders?limit=100",
        "list of proposals, its newest tenth": "/api/v1/orders?limit=10",
    }.items():
        asyncio.run(load(url, path, token, 1.0))
        rate, p99, faults = asyncio.run(load(url, path, token, seconds))
        print(f"{name}: {rate:,.0f} answers/s, p99 {p99:.1f} ms, {faults} faults")


if __name__ == "__main__":
    main()
