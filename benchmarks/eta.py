"""How far off the predicted end of a run is, from a tenth of the work on.

    python -m benchmarks.eta [--rows 3000] [--sigma 0.6] [--repeats 3]

Three hosts with unknown slots (4/4/2) and speeds (1/2.5/1). The prediction is read every second from the program's
metrics. Its error is the difference between the predicted and the real duration of the whole run, relative to the real
one.
"""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from benchmarks.runs import folder, run, unequal_hosts, write_records

TOKENS_PER_SECOND = 100.0
POLL_SECONDS = 1.0
BEGINNING = 0.1
"""Share of the texts that may be done before predictions count."""

_ETA = re.compile(r"^translate_eta_seconds (\S+)$", re.MULTILINE)
_DONE = re.compile(r'^translate_texts_total\{status="\w+"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Prediction:
    """One reading: when it was made, the texts that were done by then, and the predicted end."""

    at: float
    texts_done: float
    end: float


class Reader(threading.Thread):
    """Reads predictions from the metrics until ``stopped`` is set."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.predictions: list[Prediction] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        """Read until it is stopped."""
        while not self.stopped.wait(POLL_SECONDS):
            with suppress(OSError):  # the program has not started, or has just ended
                with urllib.request.urlopen(self._url, timeout=5) as answer:  # noqa: S310 - an http address
                    text = answer.read().decode()
                now = time.monotonic()
                if eta := _ETA.search(text):
                    self.predictions.append(Prediction(now, sum(map(float, _DONE.findall(text))), now + float(eta[1])))


def errors(rows: int, sigma: float) -> list[float]:
    """Run once and return the relative error of each prediction after the beginning."""
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        running = stack.enter_context(unequal_hosts(TOKENS_PER_SECOND, sigma))
        source = write_records(place / "records.parquet", rows, 200, 500)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        reader = Reader(port)
        started = time.monotonic()
        reader.start()
        try:
            run(source, place / "english", running, "--metrics_port", str(port))
        finally:
            reader.stopped.set()
            reader.join()
    ended = time.monotonic()
    late = [each for each in reader.predictions if each.texts_done >= BEGINNING * rows]
    return [(each.end - ended) / (ended - started) for each in late]


def main() -> None:
    """Repeat the run and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--sigma", type=float, default=0.6)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    for _ in range(given.repeats):
        found = errors(given.rows, given.sigma)
        print(
            f"{len(found)} predictions: median error {statistics.median(map(abs, found)):.1%}, "
            f"from {min(found):+.1%} to {max(found):+.1%} of the duration",
            flush=True,
        )


if __name__ == "__main__":
    main()
