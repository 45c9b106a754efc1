"""Resident memory during a long run with the translation memory and hosts that fail now and then.

    python -m benchmarks.long_run [--minutes 30] [--rows_per_second 500]

Prints the peak resident memory of each sixth of the run. Fails if the last exceeds the second by more than 10 %.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.runs import folder, hosts, run, write_records

PARTS = 6
MOST_GROWTH = 1.1
HOSTS = 2
SLOTS = 8
TOKENS_PER_TEXT = 60
CHARACTERS = 200
BUSY = {"kind": "busy_503", "share": 0.01}


def main() -> int:
    """Run it once and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rows_per_second", type=int, default=500)
    given = parser.parse_args()
    rows = int(given.minutes * 60 * given.rows_per_second)
    speed = given.rows_per_second * TOKENS_PER_TEXT / (HOSTS * SLOTS)
    with folder() as place, hosts(HOSTS, num_parallel=SLOTS, tokens_per_second=speed, faults=[BUSY]) as running:
        source = write_records(place / "records.parquet", rows, CHARACTERS, rows_per_group=100_000)
        measured = run(source, place / "english", running)
    if measured.summary["ok"] != rows:
        print(f"only {measured.summary['ok']} of {rows} rows are ok", file=sys.stderr)
        return 1
    size = len(measured.resident_mb) // PARTS
    peaks = [max(measured.resident_mb[number * size : (number + 1) * size]) for number in range(PARTS)]
    print(
        f"{rows:,} rows in {measured.wall_seconds / 60:.1f} minutes; peak resident memory of each sixth: "
        f"{', '.join(f'{peak:.0f}' for peak in peaks)} MB"
    )
    return int(peaks[-1] > MOST_GROWTH * peaks[1])


if __name__ == "__main__":
    sys.exit(main())
