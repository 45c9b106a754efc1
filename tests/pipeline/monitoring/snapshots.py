"""Made-up figures of a run."""

from __future__ import annotations

from collections import Counter

from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic


def traffic(answers: int = 0, tokens: int = 0, seconds: float = 1.0, **failures: int) -> Traffic:
    made = Traffic(answers=answers, output_tokens=tokens, failures=Counter(failures))
    made.recent_seconds.extend([seconds] * min(answers, 50))
    made.eval_ns, made.queue_ns = 3 * answers, answers
    return made


def host(
    url: str,
    state: str = "healthy",
    made: Traffic | None = None,
    in_flight: int = 4,
    limit: int = 4,
    vram_share: float | None = None,
) -> HostView:
    return HostView(url, state, in_flight, limit, "mistral:latest", made or traffic(), vram_share)


def snapshot(texts: int = 0, characters: int = 0, *hosts: HostView, **counts: dict[str, int]) -> Snapshot:
    names = ("statuses", "origins", "flags", "repairs")
    groups = {name: Counter(counts.get(name, {})) for name in names}
    return Snapshot(texts=texts, characters=characters, hosts=hosts, **groups)
