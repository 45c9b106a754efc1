"""SVG plots of the report. Colours are CSS variables of the page, so that plots follow its light or dark theme.

Plots are made by pygal: it is pure Python and small, and its output is plain SVG that CSS can style; matplotlib would
add tens of megabytes to every installation. Lines differ in dash pattern as well as in colour, and each plot has a
description with its main figures for screen readers.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pygal
from pygal.style import Style

from pipeline.report.findings import duration

# pygal's import hook for map plugins has an interface that Python 3.11 warns about and later versions ignore.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not pygal.PluginImportFixer]

COLOURS = 8
DASHES = ("", "7,4", "2,3", "9,3,2,3")
WIDTH, HEIGHT = 760, 260
SMALL_WIDTH, SMALL_HEIGHT = 370, 170
MAX_DOTS = 600
_UNUSED = re.compile(r"<!--.*?-->|<script.*?</script>", re.DOTALL)
_FIXED_WIDTH = ";stroke-width:1}", "}"
"""pygal's style sheet would override the width of each series."""
_OPENING = re.compile(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """A plot with its description and its key.

    Attributes:
        title: Heading of the figure.
        svg: The SVG element.
        key: Label and index of the style of each series.
        note: A sentence below the title.
        dashed: Whether the series are lines, which differ in their dash pattern.
    """

    title: str
    svg: str
    key: tuple[tuple[str, int], ...] = ()
    note: str = ""
    dashed: bool = False


def _style(colours: Sequence[str]) -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--muted)",
        foreground_strong="var(--text)",
        foreground_subtle="var(--grid)",
        guide_stroke_color="var(--grid)",
        major_guide_stroke_color="var(--grid)",
        guide_stroke_dasharray="0",
        major_guide_stroke_dasharray="0",
        font_family="inherit",
        title_font_size=12,
        label_font_size=12,
        major_label_font_size=12,
        no_data_font_size=14,
        opacity=".85",
        transition="0s",
        colors=tuple(colours),
    )


def _configured(kind: Callable[..., Any], styles: Sequence[int], small: bool = False, **options: Any) -> Any:
    settings: dict[str, Any] = {
        "style": _style([f"var(--series-{style % COLOURS})" for style in styles] or ["var(--series-0)"]),
        "js": [],
        "width": SMALL_WIDTH if small else WIDTH,
        "height": SMALL_HEIGHT if small else HEIGHT,
        "show_legend": False,
        "show_dots": False,
        "margin": 8,
        "truncate_label": -1,
        "include_x_axis": True,
        "show_minor_x_labels": True,
        "no_data_text": "no data",
        "disable_xml_declaration": True,
        "show_x_guides": False,
    }
    return kind(**{**settings, **options})


def _svg(chart: Any, identity: str, description: str) -> str:
    chart.uuid = identity
    svg = _UNUSED.sub("", chart.render(is_unicode=True)).replace(*_FIXED_WIDTH)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return _OPENING.sub(
        lambda match: (
            f'<svg xmlns="http://www.w3.org/2000/svg" id="chart-{identity}" class="pygal-chart" '
            f'{match[1]} role="img" aria-label="{label}">'
        ),
        svg,
        count=1,
    )


def lines(
    identity: str,
    title: str,
    series: Mapping[str, Points],
    unit: str,
    *,
    small: bool = False,
    styles: Sequence[int] | None = None,
    note: str = "",
) -> Plot:
    """A line for each series over the seconds of a run.

    Args:
        identity: Unique identifier within the page.
        title: Heading.
        series: Points (seconds, value) of each line.
        unit: Unit of the values, for the description.
        small: Whether it is one of several small plots.
        styles: Index of each line's style; by default counted from 0.
        note: A sentence below the plot.
    """
    chosen = list(styles or range(len(series)))
    top = max((value for points in series.values() for _, value in points), default=0) or 1
    chart = _configured(
        pygal.XY,
        chosen,
        small,
        x_value_formatter=duration,
        value_formatter=_number,
        x_labels=_time_ticks(max((at for points in series.values() for at, _ in points), default=0), 3 if small else 6),
        y_labels=_ticks(0, top, 3 if small else 5),
        range=(0, top * 1.05),
    )
    for style, (name, points) in zip(chosen, series.items(), strict=True):
        chart.add(name, list(points), stroke_style={"width": 2, "dasharray": DASHES[style % len(DASHES)] or "0"})
    peaks = ", ".join(f"{name} up to {_number(max(v for _, v in points))}" for name, points in series.items() if points)
    svg = _svg(chart, identity, f"{title}: {unit} over time. {peaks}.")
    return Plot(title, svg, tuple(zip(series, chosen, strict=True)), note, dashed=True)


def dots(identity: str, title: str, series: Mapping[str, Points], x_title: str, y_title: str, note: str = "") -> Plot:
    """A scatter plot with at most ``MAX_DOTS`` dots in all."""
    total = sum(map(len, series.values()))
    step = max(1, -(-total // MAX_DOTS))
    across = [x for points in series.values() for x, _ in points]
    up = [y for points in series.values() for _, y in points]
    chart = _configured(
        pygal.XY,
        list(range(len(series))),
        stroke=False,
        show_dots=True,
        dots_size=2,
        x_title=x_title,
        y_title=y_title,
        x_value_formatter=_number,
        value_formatter=_number,
        x_labels=_ticks(0, max(across), 8),
        y_labels=_ticks(0, max(up), 5),
        xrange=(0, max(across) * 1.05),
        range=(0, max(up) * 1.05),
        height=300,
    )
    for name, points in series.items():
        chart.add(name, list(points[::step]))
    svg = _svg(chart, identity, f"{title}: {y_title} against {x_title} for {total} texts.")
    return Plot(title, svg, tuple((name, number) for number, name in enumerate(series)), note)


def stacked_bars(
    identity: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, note: str = ""
) -> Plot:
    """A horizontal bar for each label, stacked from the series."""
    chart = _configured(
        pygal.HorizontalStackedBar,
        list(range(len(series))),
        height=70 + 34 * len(labels),
        value_formatter=_number,
        x_title=unit,
        y_labels=_ticks(0, max((sum(bars) for bars in zip(*series.values(), strict=True)), default=1), 6),
    )
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, list(values))
    svg = _svg(chart, identity, f"{title}, in {unit}, by {', '.join(series)}.")
    return Plot(title, svg, tuple((name, number) for number, name in enumerate(series)), note)


def histogram(identity: str, title: str, buckets: Sequence[tuple[str, int]], x_title: str, note: str = "") -> Plot:
    """A bar for each bucket."""
    chart = _configured(
        pygal.Bar,
        [0],
        height=220,
        x_title=x_title,
        y_title="texts",
        value_formatter=_number,
        spacing=2,
        y_labels=_ticks(0, max((count for _, count in buckets), default=1), 4),
    )
    chart.x_labels = [label for label, _ in buckets]
    chart.add("texts", [count for _, count in buckets])
    top = max(buckets, key=lambda bucket: bucket[1], default=("", 0))
    return Plot(title, _svg(chart, identity, f"{title}. Most texts at {top[0]}."), (), note)


def events(
    identity: str,
    title: str,
    hosts: Sequence[str],
    failures: Mapping[str, Sequence[tuple[float, int, int]]],
    periods: Sequence[tuple[float, float, int]],
    end_seconds: float,
    note: str = "",
) -> Plot:
    """Faults as dots and outages as thick lines, a row for each host.

    Args:
        identity: Unique identifier within the page.
        title: Heading.
        hosts: Names of the rows.
        failures: Seconds, row and count of the faults of each class.
        periods: Start, end and row of each outage.
        end_seconds: End of the time axis.
        note: A sentence below the plot.
    """
    names = [*failures, "no requests possible"] if periods else list(failures)
    chart = _configured(
        pygal.XY,
        list(range(len(names))),
        height=70 + 34 * len(hosts),
        xrange=(0, end_seconds or 1),
        range=(-0.6, len(hosts) - 0.4),
        x_value_formatter=duration,
        value_formatter=_number,
        x_labels=_time_ticks(end_seconds, 6),
        allow_interruptions=True,
    )
    chart.y_labels = [{"label": name, "value": len(hosts) - 1 - number} for number, name in enumerate(hosts)]
    for name, found in failures.items():
        marks = [
            {"value": (at, len(hosts) - 1 - row), "node": {"r": min(9.0, 2.5 + count**0.5)}} for at, row, count in found
        ]
        chart.add(name, marks, stroke=False, show_dots=True)
    if periods:
        segments: list[tuple[float, float] | None] = []
        for begin, end, row in periods:
            segments += [(begin, len(hosts) - 1 - row - 0.25), (end, len(hosts) - 1 - row - 0.25), None]
        chart.add("no requests possible", segments, stroke_style={"width": 7})
    count = sum(count for found in failures.values() for *_, count in found)
    svg = _svg(chart, identity, f"{title}: {count} failed requests and {len(periods)} outages over time.")
    return Plot(title, svg, tuple((name, number) for number, name in enumerate(names)), note)


def _time_ticks(end_seconds: float, count: int) -> list[float]:
    """At most about ``count`` round values of a time axis in seconds."""
    if end_seconds <= 0:
        return [0.0]
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
    days = 86400 * max(1, round(end_seconds / 86400 / count))
    step = next((each for each in steps if end_seconds / each <= count), days)
    return [number * step for number in range(int(end_seconds / step) + 1)]


def _ticks(low: float, high: float, count: int) -> list[float]:
    """At most about ``count`` round values of an axis."""
    if high <= low:
        return [low]
    rough = (high - low) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * (1 - 1e-9))
    return [low + number * step for number in range(int((high - low) / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"
