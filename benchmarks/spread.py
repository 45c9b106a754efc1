"""Three hosts with unknown slots (4/4/2) and speeds (1/2.5/1): makespan relative to the ideal, and detected slots.

    python -m benchmarks.spread [--rows 2000] [--sigma 0.6] [--repeats 3]

In the ideal every slot is always busy: the work done, divided by the hosts' total rate.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack

from benchmarks.runs import FLEET, folder, run, unequal_hosts, write_records

TOKENS_PER_SECOND = 400.0


def makespan_over_ideal(rows: int, sigma: float) -> tuple[float, list[int]]:
    """Run once and return the makespan relative to the ideal, and the limit detected for each host."""
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        running = stack.enter_context(unequal_hosts(TOKENS_PER_SECOND, sigma))
        source = write_records(place / "records.parquet", rows, 200, 500)
        measured = run(source, place / "english", running)
        stats = [host.stats() for host in running]
        found = [measured.summary["hosts"][host.url]["slots"] for host in running]
    work = sum(each["busy_seconds"] * speed for each, (_, speed) in zip(stats, FLEET, strict=True))
    ideal = work / sum(slots * speed for slots, speed in FLEET)
    makespan = max(each["last_answer_at"] for each in stats) - min(each["first_call_at"] for each in stats)
    return makespan / ideal, found


def main() -> None:
    """Repeat the run and print the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--sigma", type=float, default=0.6)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    ratios = []
    for _ in range(given.repeats):
        ratio, found = makespan_over_ideal(given.rows, given.sigma)
        ratios.append(ratio)
        print(f"makespan {ratio:.3f} x ideal; limits detected {found} for slots {[slots for slots, _ in FLEET]}")
    print(
        f"median of {given.repeats}: {statistics.median(ratios):.3f} x ideal ({given.rows} rows, sigma {given.sigma})"
    )


if __name__ == "__main__":
    main()
