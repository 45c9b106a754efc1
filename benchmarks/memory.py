"""Peak memory and throughput of the whole program on instant simulated hosts.

    python -m benchmarks.memory [--rows 1000000] [--characters 200] [--rows_per_group 100000]

Prints rows/s, CPU per row, and peak resident memory. Fails above 350 MB or below 1,000 rows/s.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.runs import folder, hosts, run, write_records

MOST_MB = 350
LEAST_ROWS_PER_SECOND = 1000


def main() -> int:
    """Run it once and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--characters", type=int, default=200)
    parser.add_argument("--rows_per_group", type=int, default=100_000)
    given = parser.parse_args()
    with folder() as place, hosts(2, num_parallel=32) as running:
        source = write_records(place / "records.parquet", given.rows, given.characters, given.rows_per_group)
        size_mb = source.stat().st_size / 1e6
        measured = run(source, place / "english", running)
        if measured.summary["ok"] != given.rows:
            print(f"only {measured.summary['ok']} of {given.rows} rows are ok", file=sys.stderr)
            return 1
    rate = given.rows / measured.wall_seconds
    print(
        f"{given.rows:,} rows of {given.characters} characters ({size_mb:.0f} MB of Parquet, row groups of "
        f"{given.rows_per_group:,}): {measured.wall_seconds:.0f} s, {rate:,.0f} rows/s, "
        f"{measured.cpu_seconds / given.rows * 1000:.2f} ms CPU per row, peak {measured.peak_mb:.0f} MB"
    )
    return int(measured.peak_mb > MOST_MB or rate < LEAST_ROWS_PER_SECOND)


if __name__ == "__main__":
    sys.exit(main())
