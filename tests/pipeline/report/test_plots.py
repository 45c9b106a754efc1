from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import plots
from pipeline.report.plots import Plot, _ticks, _time_ticks

SOME = {"a": [(0.0, 1.0), (1.0, 3.0)], 'b "<&': [(0.0, 2.0), (90.0, 0.0)]}


def drawn(plot: Plot) -> ElementTree.Element:
    """The plot's SVG, checked for what every plot must have and must not have."""
    root = ElementTree.fromstring(plot.svg)  # noqa: S314 - our own
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert plot.title in (root.get("aria-label") or "")
    assert not re.search(r"<script|https?://(?!www\.w3\.org/)|<!--", plot.svg)
    assert not re.findall(r"(?:fill|stroke): ?#[0-9a-fA-F]{3,6}", plot.svg), "a colour that no theme can change"
    return root


def test_lines() -> None:
    plot = plots.lines("tokens", "Tokens", SOME, "tokens/s")
    root = drawn(plot)
    assert root.get("id") == "chart-tokens"
    assert 'b "<& up to 2' in (root.get("aria-label") or "")
    assert plot.key == (("a", 0), ('b "<&', 1))
    assert "stroke-dasharray:7,4" in plot.svg.replace(" ", "")


@pytest.mark.parametrize(
    "plot",
    [
        plots.dots("latency", "Latency", SOME, "tokens", "seconds"),
        plots.stacked_bars("time", "Time", ["gpu0", "gpu1"], {"load": [0.1, 0.0], "queue": [1.0, 2.0]}, "seconds"),
        plots.histogram("ratios", "Ratios", [("0.9", 3), ("1.0", 0)], "ratio"),
        plots.events("events", "Faults", ["gpu0"], {"busy": [(1.0, 0, 4)]}, [(0.0, 2.0, 0)], 5.0),
        plots.events("events", "Faults", ["gpu0"], {}, [(0.0, 0.0, 0)], 0.0),
        plots.lines("empty", "Empty", {"a": []}, "rows/s"),
    ],
    ids=lambda plot: plot.title,
)
def test_every_plot_is_self_contained_described_and_follows_the_theme(plot: Plot) -> None:
    drawn(plot)


def test_a_large_scatter_plot_stays_small() -> None:
    plot = plots.dots("many", "Many", {"a": [(float(x), float(x)) for x in range(10_000)]}, "x", "y")
    assert plot.svg.count("<circle") <= plots.MAX_DOTS
    assert "10000 texts" in plot.svg


@given(st.floats(0, 1e9), st.integers(2, 8))
def test_ticks_are_few_round_and_within_the_axis(high: float, count: int) -> None:
    ticks = _ticks(0, high, count)
    assert 1 <= len(ticks) <= count + 1
    assert ticks[0] == 0
    assert ticks[-1] <= high * (1 + 1e-6)


@given(st.floats(0, 1e7), st.integers(2, 8))
def test_time_ticks_are_few(end: float, count: int) -> None:
    assert 1 <= len(_time_ticks(end, count)) <= 2 * count + 1
