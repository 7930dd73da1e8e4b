"""A process that reads a MariaDB for :mod:`pipelines.io.erp_stream`. Started by its path: it imports nothing of the project.

One request a line on standard input, its rows as an Arrow stream on standard output, and a byte when it is ready: at first, and where all
rows of a request are out. A fault ends the process; its last line on standard error says at which stage, and why.

It must be a process of its own: while ConnectorX waits for rows it holds the interpreter, so that nothing else in the same process, no
timer either, could end the wait.
"""

import ctypes
import json
import os
import signal
import sys

READY = b"\n"


def main() -> None:
    """Serve requests until standard input ends."""
    _end_with_parent()
    import connectorx
    import pyarrow as pa

    os.write(sys.stdout.fileno(), READY)
    for line in sys.stdin:
        request = json.loads(line)
        stage = "refused"
        try:
            reader = connectorx.read_sql(
                request["address"],
                request["query"],
                return_type="arrow_stream",
                protocol="binary",
                batch_size=request["batch_rows"],
            )
            stage = "broke"
            sink = pa.ipc.new_stream(sys.stdout.buffer, reader.schema)
            for batch in reader:
                sink.write_batch(batch)
            sink.close()
            sys.stdout.buffer.write(
                READY
            )  # Arrow takes the end of a broken pipe for the end of the rows; this byte tells them apart
            sys.stdout.buffer.flush()
        except BaseException as fault:  # a broken stream is a Rust panic, which Python sees as no Exception
            print(json.dumps({"stage": stage, "words": str(fault)}), file=sys.stderr, flush=True)
            os._exit(1)


def _end_with_parent() -> None:
    """A reader that waits for a silent server would not notice that nobody waits for the reader any more."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main()
