"""Write docs/images/panel-80.svg and panel-120.svg, pictures of the live panel: ``python docs/write_panel.py``."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from pipeline.monitoring.events import Event
from pipeline.monitoring.panel import Panel
from pipeline.monitoring.status import RunStatus, StatusTracker, Workload
from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic

IMAGES = Path(__file__).with_name("images")
WIDTHS = (80, 120)


def host(name: str, answers: int, tokens: int, seconds: float, state: str = "healthy", limit: int = 4) -> HostView:
    """Return a host with made-up figures."""
    traffic = Traffic(answers=answers, output_tokens=tokens, failures=Counter(busy=3 * (state != "healthy")))
    traffic.recent_seconds.extend(seconds * (0.7 + 0.006 * number) for number in range(100))
    traffic.eval_ns, traffic.queue_ns = 19 * answers, answers
    in_flight = limit if state == "healthy" else 0
    vram_share = 0.6 if limit == 2 else 1.0
    return HostView(f"http://{name}:11434", state, in_flight, limit, "mistral:latest", traffic, vram_share)


def status() -> RunStatus:
    """Return a run with one slow and one failing host."""
    tracker = StatusTracker(Workload(12_000, 4_200_000))
    tracker.status(0.0, Snapshot(0, 0, Counter(), Counter(), Counter(), Counter(), ()))
    hosts = (
        host("gpu0", 2_310, 166_000, 1.9, limit=8),
        host("gpu1", 1_905, 137_000, 2.2, limit=8),
        host("old-workstation", 240, 17_000, 9.6, limit=2),
        host("gpu3", 310, 22_000, 2.1, "circuit open: HTTP 503"),
    )
    figures = Snapshot(
        texts=5_480,
        characters=1_910_000,
        statuses=Counter(ok=5_225, warn=161, skipped=72, failed=22),
        origins=Counter(generated=4_765, memory=540, duplicate=103, source=72),
        flags=Counter(number_mismatch=88, untranslated=22, length_ratio=31, markup_changed=4),
        repairs=Counter(texts=131, requests=158, better=97),
        hosts=hosts,
    )
    at = datetime(2026, 3, 2, 21, 14, 7, tzinfo=timezone.utc)
    events = (
        Event(at.replace(minute=2), "http://old-workstation:11434 joined"),
        Event(at, "http://gpu3:11434: circuit open (HTTP 503); its requests go to other hosts", 2),
    )
    return tracker.status(621.0, figures, events)


def picture(width: int) -> str:
    """Return the panel as SVG, without the fonts from elsewhere that rich refers to."""
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Panel(status()))
    svg = console.export_svg(title="python -m pipeline", unique_id="panel")
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Write the pictures."""
    for width in WIDTHS:
        (IMAGES / f"panel-{width}.svg").write_text(picture(width))


if __name__ == "__main__":
    main()
