"""Measure load balancing over several Ollama hosts, for our fleet and common alternatives in one run.

    python -m benchmarks.fleet [--scenario NAME ...] [--contender NAME ...] [--repeats 3] [--markdown FILE]

Every figure is the makespan (from the first call to the last answer, as the hosts see them) divided by the ideal (every
slot of every healthy host always busy), the median of all repeats. Everything runs on loopback with simulated hosts.
``--rows`` and ``--ideal_seconds`` are for the scenarios that have no size of their own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.fleet import table
from benchmarks.fleet.contenders import CONTENDERS, installed
from benchmarks.fleet.measure import Outcome, measure
from benchmarks.fleet.scenarios import SCENARIOS, Size

OURS = "ours"

Sizes = Mapping[str, Size]
"""The scenarios to run, in order, each with its amount of work."""


def sizes_of(scenarios: Sequence[str], size: Size, scale: float = 1.0) -> dict[str, Size]:
    """Return the size of each scenario: its own, else ``size``; ``scale`` multiplies each of them."""
    return {scenario: (SCENARIOS[scenario].size or size).scaled(scale) for scenario in scenarios}


def run_all(sizes: Sizes, contenders: Sequence[str], repeats: int) -> dict[tuple[str, str], list[Outcome]]:
    """Run everything ``repeats`` times, in rounds, so that other load on the machine affects all contenders alike.

    A contender that was cut off in the first round of a scenario is not run in it again.
    """
    outcomes: dict[tuple[str, str], list[Outcome]] = {(each, name): [] for each in sizes for name in contenders}
    for repeat in range(repeats):
        for scenario, size in sizes.items():
            for name in contenders:
                runs = outcomes[scenario, name]
                if not installed(name) or (runs and runs[0].ratio is None):
                    continue
                runs.append(measure(SCENARIOS[scenario], name, size))
                _show(f"{repeat + 1}/{repeats} {scenario}: {name} {table.cell(runs[-1:], size.cut_off)}")
    return outcomes


def report(outcomes: table.Outcomes, sizes: Sizes, contenders: Sequence[str]) -> str:
    """All tables as Markdown."""
    scenarios, cut_off = list(sizes), max(size.cut_off for size in sizes.values())
    by_size: dict[Size, list[str]] = {}
    for scenario, size in sizes.items():
        by_size.setdefault(size, []).append(scenario)
    texts = "; ".join(f"{size.rows} texts in {size.seconds:g} s: {', '.join(by_size[size])}" for size in by_size)
    head = f"Makespan / ideal, cut off at {cut_off:g} x the ideal ({texts})"
    parts = [
        f"{head}:\n\n{table.ratios(outcomes, scenarios, contenders, cut_off)}",
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
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the texts, and of the time")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    given = parser.parse_args()
    sizes = sizes_of(given.scenario, Size(given.rows, given.ideal_seconds), given.scale)
    text = report(run_all(sizes, given.contender, given.repeats), sizes, given.contender)
    print(text, end="")
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")
    return 0


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
