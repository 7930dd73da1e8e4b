"""A real HTTP server on this machine: an ERP's purchase order interface with whims, and a webhook."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answers:
    """What the server does and what it was asked.

    Attributes:
        whims: answers given before it behaves: a status, a status with seconds to wait, or "made" (it makes the order, then fails).
        orders: by key.
        requests: method, path and headers of each request.
        hooks: bodies posted to /hook.
    """

    whims: list[Any] = field(default_factory=list)
    orders: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    hooks: list[Any] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[tuple[str, Answers]]:
    """The server's address and its answers."""
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answers.requests.append(("POST", self.path, dict(self.headers)))
            if self.path == "/hook":
                answers.hooks.append(body)
                return self._say(answers.whims.pop(0) if answers.whims else 200, {})
            key = self.headers["Idempotency-Key"]
            whim = answers.whims.pop(0) if answers.whims else None
            if whim is None or whim == "made":
                answers.orders.setdefault(key, body | {"po_id": f"PO-{len(answers.orders) + 1}"})
            if whim is None:
                return self._say(201, answers.orders[key])
            return self._say(*((503,) if whim == "made" else (whim if isinstance(whim, tuple) else (whim,))))

        def do_GET(self) -> None:
            answers.requests.append(("GET", self.path, dict(self.headers)))
            found = answers.orders.get(self.path.rpartition("/")[2])
            self._say(200 if found else 404, found or {})

        def _say(self, status: int, body: Any = None, wait: str = "") -> None:
            self.send_response(status)
            if isinstance(body, str):
                body, wait = {}, body
            if wait:
                self.send_header("Retry-After", wait)
            data = json.dumps(body or {}).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            del arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
