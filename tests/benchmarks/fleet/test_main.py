from __future__ import annotations

import pytest

from benchmarks.fleet.__main__ import report, run_all, sizes_of
from benchmarks.fleet.scenarios import Size


def lines(markdown: str) -> list[list[str]]:
    """The cells of a Markdown table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines()]


def test_scenarios_with_a_size_of_their_own_keep_it() -> None:
    sizes = sizes_of(["standard", "short job"], Size(2000, 12.0), scale=0.5)
    assert sizes == {"standard": Size(1000, 6.0), "short job": Size(100, 3.0)}


@pytest.mark.slow
def test_a_small_run_gives_sane_numbers_and_a_whole_table() -> None:
    contenders, size = ["ours", "known slots"], Size(rows=60, seconds=0.4, cut_off=100)
    sizes = {"instant 503": size}
    outcomes = run_all(sizes, contenders, 1)
    for name in contenders:
        (only,) = outcomes["instant 503", name]
        assert only.ratio is not None
        assert only.ratio > 0.9
        assert only.lost == 0
        assert only.cpu_ms_per_row > 0
        assert only.broken_share is not None
        assert 0 < only.broken_share < 1
    assert len(outcomes["instant 503", "ours"][0].limits) == 4
    text = report(outcomes, sizes, contenders)
    first, cpu, details = (lines(part) for part in text.split("\n\n") if part.startswith("|"))
    assert first[0] == ["scenario", *contenders]
    assert all(len(line) == 3 for line in first + cpu)
    assert all(len(line) == 7 for line in details)
    assert [line[0] for line in first] == ["scenario", "---", "instant 503"]
