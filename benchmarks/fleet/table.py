"""Markdown tables of the outcomes."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from math import inf

from benchmarks.fleet.measure import Outcome

NOT_INSTALLED = "not installed"
THREE_DIGITS = 2.0
"""Ratios below this are shown with three decimals."""
Outcomes = Mapping[tuple[str, str], Sequence[Outcome]]
"""The runs of each scenario and contender; a contender that is not installed has none."""


def cell(outcomes: Sequence[Outcome], longest: float) -> str:
    """The median ratio, lost rows in brackets, and the fairness of two clients. ``> 6`` if half of the runs were cut
    off at ``longest`` 6.
    """
    if not outcomes:
        return NOT_INSTALLED
    ratio = statistics.median(inf if each.ratio is None else each.ratio for each in outcomes)
    text = f"> {longest:g}" if ratio == inf else f"{ratio:.3f}" if ratio < THREE_DIGITS else f"{ratio:.2f}"
    if lost := statistics.median_high(each.lost for each in outcomes):
        text += f" ({lost} lost)"
    shares = [each.fairness for each in outcomes if each.fairness is not None]
    return f"{text}, shares {statistics.median(shares):.2f}" if shares else text


def ratios(outcomes: Outcomes, scenarios: Sequence[str], contenders: Sequence[str], longest: float) -> str:
    """Scenarios as rows, contenders as columns."""
    rows = [[scenario, *(cell(outcomes[scenario, name], longest) for name in contenders)] for scenario in scenarios]
    return _table(["scenario", *contenders], rows)


def details(outcomes: Outcomes, scenarios: Sequence[str], contender: str) -> str:
    """Further figures of one contender."""
    rows = []
    for scenario in scenarios:
        runs = outcomes[scenario, contender]
        if not runs:
            continue
        found = sorted(each.limits for each in runs)[len(runs) // 2]
        broken = [each.broken_share for each in runs if each.broken_share is not None]
        known = [each.ratio for each in runs if each.ratio is not None]
        rows.append(
            [
                scenario,
                f"{min(known):.3f} to {max(known):.3f}" if known else "",
                " / ".join(map(str, found)),
                f"{statistics.median(broken):.2%}" if broken else "",
                f"{statistics.median(each.extra_share for each in runs):.1%}",
                str(statistics.median_high(each.most_over_slots for each in runs)),
                f"{statistics.median(each.cpu_ms_per_row for each in runs):.2f}",
            ]
        )
    head = ["ratios", "limits detected", "requests to the broken host", "extra requests", "in flight over slots"]
    return _table(["scenario", *head, "CPU ms per row"], rows)


def cpu(outcomes: Outcomes, scenarios: Sequence[str], contenders: Sequence[str]) -> str:
    """CPU milliseconds per row of each contender."""
    rows = []
    for scenario in scenarios:
        runs = [outcomes[scenario, name] for name in contenders]
        rows.append(
            [
                scenario,
                *(f"{statistics.median(run.cpu_ms_per_row for run in each):.1f}" if each else "" for each in runs),
            ]
        )
    return _table(["scenario", *contenders], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
