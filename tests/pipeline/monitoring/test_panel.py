from __future__ import annotations

import io
import re
from datetime import datetime

import pytest
from rich.console import Console

from pipeline.monitoring.events import Event
from pipeline.monitoring.panel import Panel
from pipeline.monitoring.status import RunStatus, StatusTracker, Workload
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic

AT = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - shown as it is


def status(*events: Event) -> RunStatus:
    tracker = StatusTracker(Workload(5_000, 1_000_000))
    hosts = (
        host("http://gpu0:11434", made=traffic(600, 24_000, 1.5)),
        host("http://gpu1:11434", made=traffic(300, 12_000, 1.4)),
        host("http://slow-machine.example:11434", made=traffic(100, 2_000, 9.0), vram_share=0.625),
        host("http://gpu3:11434", "resting: HTTP 503: server busy", traffic(20, 800, 2.0, busy=7), 0),
    )
    tracker.status(0.0, snapshot(0, 0, *(host(each.url) for each in hosts)))
    counts = {
        "statuses": {"ok": 950, "warn": 40, "failed": 10},
        "flags": {"number_mismatch": 12, "untranslated": 6, "length": 5, "markup": 1},
        "origins": {"generated": 800, "memory": 150, "duplicate": 50},
        "repairs": {"texts": 48, "requests": 56, "better": 20},
    }
    return tracker.status(20.0, snapshot(1_000, 250_000, *hosts, **counts), events)


def shown(width: int, *events: Event, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=color, color_system="standard" if color else None)
    console.print(Panel(status(*events)))
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 90, 98, 106, 120, 144, 166, 200])
def test_no_line_is_wider_than_the_terminal_and_the_essentials_are_there(width: int) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    for word in ("1,000 of 5,000 texts", "25 %", "1 min left", "50.0 texts/s", "gpu0:11434", "slow", "resting"):
        assert word in text
    assert "ok 950, warn 40, failed 10" in text


def test_the_three_most_frequent_flags_and_the_savings_are_shown() -> None:
    text = shown(120)
    assert "flags: number_mismatch 12, untranslated 6, length 5" in text
    assert "markup" not in text
    assert "150 texts from memory; 50 duplicates; 56 extra requests improved 20 of 48 texts" in text


def test_wide_terminals_show_more_columns() -> None:
    assert "p95" not in shown(80)
    wide = shown(200)
    assert all(word in wide for word in ("p95", "queued", "mistral:latest", "busy 7", "HTTP 503: server busy"))


def test_a_model_that_is_only_partly_on_the_gpu_is_seen() -> None:
    heading, *rows = shown(100).splitlines()[2:7]
    end = heading.index("GPU") + len("GPU")
    cells = [row[:end].split()[-2:] for row in rows if ":11434" in row]
    assert [cell[-1] for cell in cells] == ["–", "–", "%", "–"]
    assert cells[2] == ["62", "%"]


def test_only_a_host_far_above_the_middle_is_slow() -> None:
    rows = [line for line in shown(80).splitlines() if ":11434" in line]
    assert [("slow" in re.sub("slow-machine", "", row)) for row in rows] == [False, False, True, False]


def test_events_are_single_lines_without_commands_for_the_terminal() -> None:
    text = shown(80, Event(AT, "gpu3 \x1b[31mis away: " + "x" * 200, 3), Event(AT, "[bold]gpu3 is back[/bold]"))
    assert "\x1b" not in text
    assert "03:04:05 [bold]gpu3 is back[/bold]" in text
    assert max(map(len, text.splitlines())) <= 80


def test_colours_are_only_used_where_the_terminal_has_them() -> None:
    assert "\x1b[" in shown(80, color=True)
    assert "\x1b[" not in shown(80)
