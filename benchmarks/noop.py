"""Time of a rerun with nothing to do: 1,000 parts that are all complete.

    python -m benchmarks.noop [--parts 1000] [--rows_per_part 10]

Writes the parts with instant simulated hosts, once from as many input files and once from a single file. Then reruns
the same command, and prints its duration and its requests to the hosts. Fails above 5 s or if any request was sent.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.runs import folder, hosts, run, write_records

MOST_SECONDS = 5.0
CHARACTERS = 60


def main() -> int:
    """Write the parts, rerun and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--rows_per_part", type=int, default=10)
    given = parser.parse_args()
    with folder() as place:
        many = place / "many"
        many.mkdir()
        for number in range(given.parts):
            write_records(many / f"records{number:05}.parquet", given.rows_per_part, CHARACTERS, given.rows_per_part)
        rows = given.parts * given.rows_per_part
        one = write_records(place / "one.parquet", rows, CHARACTERS, 5000)
        kept = [
            _is_kept(f"of {given.parts:,} input files", many, given.parts, given.rows_per_part),
            _is_kept("of one input file", one, given.parts, given.rows_per_part),
        ]
    return int(not all(kept))


def _is_kept(what: str, source: Path, parts: int, rows_per_part: int) -> bool:
    """Run twice over one source, print the figures of the second run, and return whether they meet the limits."""
    output = source.parent / f"english-{source.stem}"
    with hosts(1, num_parallel=32) as running:
        first = run(source, output, running, "--unit_rows", str(rows_per_part))
        written = len(list(output.glob("part-*.parquet")))
        before = running[0].stats()
        again = run(source, output, running, "--unit_rows", str(rows_per_part))
        after = running[0].stats()
    requests = sum(after[name] - before[name] for name in ("calls", "load_calls", "gets"))
    print(
        f"{written:,} parts {what}: written in {first.wall_seconds:.1f} s, peak {first.peak_mb:.0f} MB; "
        f"rerun in {again.wall_seconds:.2f} s, {again.cpu_seconds:.2f} s CPU, peak {again.peak_mb:.0f} MB, "
        f"{requests} requests"
    )
    skipped = again.summary["units_skipped"]
    if written != parts or skipped != parts:
        print(f"expected {parts} parts, found {written}, of which {skipped} were skipped", file=sys.stderr)
        return False
    return requests == 0 and again.wall_seconds < MOST_SECONDS


if __name__ == "__main__":
    sys.exit(main())
