"""A TCP proxy to a port of this machine that can be cut."""

import socket
import threading

from pipelines.stack.process import free_port


class Proxy:
    """Accepts connections for a port, until it is cut.

    Attributes:
        port: its own.
        links: open sockets, both ends of each connection.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port, self.links = target, free_port(), list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", self.port))

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """Drop every connection, and accept none from now on."""
        self._listener.close()
        for link in self.links:
            link.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            self.links += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    finally:
        for link in (one, other):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
