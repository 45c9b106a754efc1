"""What the live panel costs: pairs of runs with and without it, on instant simulated hosts.

    python -m benchmarks.panel [--rows 20000] [--pairs 3] [--hosts 8]

Prints the CPU and wall time of the runs with the panel, in a pseudo-terminal, as a ratio to those without. Fails if the
median ratio of CPU is above 1.01 plus the spread of the runs without the panel.
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks.runs import folder, hosts, write_records
from pipeline.sandbox.running import SandboxProcess

MOST_RATIO = 1.01
CHARACTERS = 200


def run(source: Path, output: Path, running: list[SandboxProcess], progress: str) -> tuple[float, float]:
    """Run the program once in a pseudo-terminal; return its CPU and wall time in seconds."""
    urls = ",".join(host.url for host in running)
    command = [sys.executable, "-m", "pipeline", "--input", str(source), "--output", str(output), "--hosts", urls]
    master, terminal = pty.openpty()
    reader = threading.Thread(target=_drain, args=(master,))
    reader.start()
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--progress", progress],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(terminal)
    _, status, usage = os.wait4(process.pid, 0)
    wall_seconds = time.monotonic() - started
    reader.join()
    os.close(master)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the run failed with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall_seconds


def _drain(master: int) -> None:
    """Read what the program writes to the terminal, as a terminal does."""
    try:
        while os.read(master, 65536):
            pass
    except OSError:  # Linux's way to say that the other end is closed
        return


def main() -> int:
    """Run the pairs and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--hosts", type=int, default=8)
    given = parser.parse_args()
    with folder() as place, hosts(given.hosts, num_parallel=8) as running:
        source = write_records(place / "records.parquet", given.rows, CHARACTERS, given.rows)
        pairs = []
        for number in range(given.pairs):
            modes = ("off", "rich") if number % 2 else ("rich", "off")
            found = {mode: run(source, place / f"{number}-{mode}", running, mode) for mode in modes}
            pairs.append((found["rich"], found["off"]))
            print(f"CPU {found['rich'][0]:.2f} s with, {found['off'][0]:.2f} s without; wall "
                  f"{found['rich'][1]:.1f} s with, {found['off'][1]:.1f} s without", flush=True)  # fmt: skip
    cpu, wall = (statistics.median(rich[kind] / off[kind] for rich, off in pairs) for kind in (0, 1))
    without = [off[0] for _, off in pairs]
    spread = (max(without) - min(without)) / statistics.median(without)
    print(f"median ratio: CPU {cpu:.3f}, wall {wall:.3f}; the runs without it differ by {spread:.3f} of their CPU")
    return int(cpu > MOST_RATIO + spread)


if __name__ == "__main__":
    sys.exit(main())
