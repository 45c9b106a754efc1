"""Measure load balancing over several Ollama hosts, for our fleet and common alternatives in one run.

    python -m benchmarks.fleet [--scenario NAME ...] [--contender NAME ...] [--repeats 3] [--markdown FILE]

Every figure is the makespan (from the first call to the last answer, as the hosts see them) divided by the ideal (every
slot of every healthy host always busy), the median of all repeats. Everything runs on loopback with simulated hosts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fleet import table
from benchmarks.fleet.contenders import CONTENDERS, installed
from benchmarks.fleet.measure import Outcome, measure
from benchmarks.fleet.scenarios import SCENARIOS, Size

OURS = "ours"


def run_all(
    scenarios: Sequence[str], contenders: Sequence[str], repeats: int, size: Size
) -> dict[tuple[str, str], list[Outcome]]:
    """Run everything ``repeats`` times, in rounds, so that other load on the machine affects all contenders alike.

    A contender that was cut off in the first round of a scenario is not run in it again.
    """
    outcomes: dict[tuple[str, str], list[Outcome]] = {(each, name): [] for each in scenarios for name in contenders}
    for repeat in range(repeats):
        for scenario in scenarios:
            for name in contenders:
                runs = outcomes[scenario, name]
                if not installed(name) or (runs and runs[0].ratio is None):
                    continue
                runs.append(measure(SCENARIOS[scenario], name, size))
                _show(f"{repeat + 1}/{repeats} {scenario}: {name} {table.cell(runs[-1:], size.cut_off)}")
    return outcomes


def report(outcomes: table.Outcomes, scenarios: Sequence[str], contenders: Sequence[str], size: Size) -> str:
    """All tables as Markdown."""
    head = f"Makespan / ideal, {size.rows} rows, ideal {size.seconds:g} s, cut off at {size.cut_off:g} x the ideal"
    parts = [
        f"{head}:\n\n{table.ratios(outcomes, scenarios, contenders, size.cut_off)}",
        f"CPU of the client, ms per row:\n\n{table.cpu(outcomes, scenarios, contenders)}",
    ]
    if OURS in contenders:
        parts.append(f"Ours in detail:\n\n{table.details(outcomes, scenarios, OURS)}")
    return "\n".join(parts)


def main() -> int:
    """Run the selected scenarios and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="NAME")
    parser.add_argument("--contender", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=Size.rows)
    parser.add_argument("--ideal_seconds", type=float, default=Size.seconds)
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    given = parser.parse_args()
    size = Size(given.rows, given.ideal_seconds)
    outcomes = run_all(given.scenario, given.contender, given.repeats, size)
    text = report(outcomes, given.scenario, given.contender, size)
    print(text, end="")
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")
    return 0


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
