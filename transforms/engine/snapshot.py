"""The live figures of this process's engines, for the progress panel, metrics and the time series of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from transforms.engine.outcome import TextResult
from transforms.fleet.host.host_state import HostView


@dataclass(eq=False)
class TextCounts:
    """Completed texts of one engine since its start. Only the engine's thread changes them.

    Attributes:
        texts: All completed texts.
        characters: Characters of their sources.
        statuses, origins, flags: Texts by status, origin and flag.
        repairs: ``texts`` whose first answer failed a check, extra ``requests`` for them, texts that got ``better``.
    """

    texts: int = 0
    characters: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    def add(self, text: str | None, result: TextResult | None) -> None:
        """Count a completed text; ``result`` is None if an error prevented one."""
        self.texts += 1
        self.characters += len(text or "")
        if result is None:
            return
        self.statuses[result.outcome.status] += 1
        if result.outcome.origin is not None:
            self.origins[result.outcome.origin] += 1
        if result.outcome.flags:
            self.flags.update(result.outcome.flags)
        requests = result.requests
        if requests.repairs and requests.repair_requests:
            self.repairs.update(texts=1, requests=requests.repair_requests, better=int(requests.repaired))


@dataclass(frozen=True)
class Snapshot:
    """The figures of all engines of this process at one moment. Counts are cumulative; see ``TextCounts``."""

    texts: int
    characters: int
    statuses: Mapping[str, int]
    origins: Mapping[str, int]
    flags: Mapping[str, int]
    repairs: Mapping[str, int]
    hosts: tuple[HostView, ...]


class Observed(Protocol):
    """An engine, as far as a snapshot needs it."""

    counts: TextCounts

    def hosts(self) -> list[HostView]:
        """Return the hosts as they are now."""


def snapshot_of(engines: Iterable[Observed]) -> Snapshot:
    """Sum up the figures of ``engines``. Safe from any thread."""
    engines = list(engines)
    sums: dict[str, Counter[str]] = {name: Counter() for name in ("statuses", "origins", "flags", "repairs")}
    for engine in engines:
        for name, total in sums.items():
            total.update(dict(getattr(engine.counts, name)))  # dict copies in one step of the interpreter
    return Snapshot(
        texts=sum(engine.counts.texts for engine in engines),
        characters=sum(engine.counts.characters for engine in engines),
        hosts=tuple(view for engine in engines for view in engine.hosts()),
        **sums,
    )
