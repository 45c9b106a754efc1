"""Counts that add up from rows to batches, parts and the run; stored in each part's footer as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUSES = ("ok", "warn", "skipped", "partial", "failed")
"""Of a text; a row with several text columns has its worst one."""

COUNTERS = ("statuses", "origins", "flags", "failures", "failed_rows", "repairs")

ORIGINS = ("generated", "memory", "duplicate", "source")


@dataclass
class HostStatistics:
    """What one host did for the rows counted.

    Attributes:
        rows: Texts whose accepted answer came from it.
        requests: Requests sent to it, answered or not.
        prompt_tokens, output_tokens: Of accepted answers.
        busy_seconds: Sum of Ollama's load, prompt and generation times of accepted answers.
        faults: Failed requests by class.
    """

    rows: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    busy_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: HostStatistics) -> None:
        """Adds the counts of ``other`` to these."""
        self.rows += other.rows
        self.requests += other.requests
        self.prompt_tokens += other.prompt_tokens
        self.output_tokens += other.output_tokens
        self.busy_seconds += other.busy_seconds
        self.faults.update(other.faults)


@dataclass
class Statistics:
    """What happened to some rows.

    Attributes:
        rows: How many.
        statuses: Rows by their worst status.
        origins: Texts by where their translation came from.
        flags: Texts by flag.
        requests: Requests sent for them; ``repeated_requests`` of these were not the first for their text or chunk.
        failures: Failed requests by class.
        failed_rows: Failed rows by the class of their error.
        repairs: ``texts`` whose first answer was not good, ``requests`` that were made again for them, and texts that
            are ``better`` by that.
        hosts: By the host's address.
    """

    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    repeated_requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    failed_rows: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    hosts: dict[str, HostStatistics] = field(default_factory=dict)

    def add(self, other: Statistics) -> None:
        """Adds the counts of ``other`` to these."""
        self.rows += other.rows
        self.statuses.update(other.statuses)
        self.origins.update(other.origins)
        self.flags.update(other.flags)
        self.requests += other.requests
        self.repeated_requests += other.repeated_requests
        self.failures.update(other.failures)
        self.failed_rows.update(other.failed_rows)
        self.repairs.update(other.repairs)
        for url, host in other.hosts.items():
            self.hosts.setdefault(url, HostStatistics()).add(host)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``from_json`` reads it back."""
        # Not asdict, which builds a Counter from pairs and so counts the pairs.
        hosts = {url: {**vars(host), "faults": dict(host.faults)} for url, host in self.hosts.items()}
        return {**vars(self), **{name: dict(getattr(self, name)) for name in COUNTERS}, "hosts": hosts}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Statistics:
        """The inverse of ``to_json``."""
        hosts = {
            url: HostStatistics(**{**host, "faults": Counter(host["faults"])}) for url, host in values["hosts"].items()
        }
        return cls(**{**values, **{name: Counter(values.get(name, {})) for name in COUNTERS}, "hosts": hosts})
