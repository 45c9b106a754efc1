"""Counts that are summed from rows to batches, parts and the run, and stored as JSON in each part's footer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUSES = ("ok", "warn", "skipped", "partial", "failed")
"""Statuses of a text; a row with several text columns has the worst of theirs."""

COUNTERS = ("statuses", "origins", "flags", "failures", "failed_rows", "repairs", "digests")

ORIGINS = ("generated", "memory", "duplicate", "source", "human")


@dataclass
class HostStatistics:
    """Work of one host for the rows counted.

    Attributes:
        rows: Number of texts whose accepted answer came from the host.
        requests: Number of requests sent to the host, answered or not.
        prompt_tokens, output_tokens: Tokens of accepted answers.
        busy_seconds: Sum of Ollama's load, prompt and generation times of accepted answers.
        faults: Number of failed requests by class.
    """

    rows: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    busy_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: HostStatistics) -> None:
        """Add the counts of ``other``."""
        self.rows += other.rows
        self.requests += other.requests
        self.prompt_tokens += other.prompt_tokens
        self.output_tokens += other.output_tokens
        self.busy_seconds += other.busy_seconds
        self.faults.update(other.faults)


@dataclass
class RepairStatistics:
    """What the repairs of one kind of fault cost and gained, for the texts counted.

    Attributes:
        requests: Number of extra requests.
        seconds: How long they took on their hosts, queues of the hosts included.
        better: Number of texts that they made better.
        omitted: Number of repairs that were not made, because repairs of this kind did not pay.
    """

    requests: int = 0
    seconds: float = 0.0
    better: int = 0
    omitted: int = 0

    def add(self, other: RepairStatistics) -> None:
        """Add the counts of ``other``."""
        self.requests += other.requests
        self.seconds += other.seconds
        self.better += other.better
        self.omitted += other.omitted


@dataclass
class Statistics:
    """Counts over some rows.

    Attributes:
        rows: Number of rows.
        statuses: Number of rows by their worst status.
        origins: Number of texts by the origin of their translation.
        flags: Number of texts by flag.
        requests: Number of requests sent; ``repeated_requests`` of them were not the first for their text or chunk.
        failures: Number of failed requests by class.
        failed_rows: Number of failed rows by the class of their error.
        repairs: Number of ``texts`` whose first answer failed a check, of extra ``requests`` for them, and of texts
            that these made ``better``.
        repair_kinds: What repairs cost and gained, by the fault of the first answer.
        digests: Number of translated texts by model and digest, as ``MODEL@DIGEST``.
        hosts: Work of each host, by its address.
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
    repair_kinds: dict[str, RepairStatistics] = field(default_factory=dict)
    digests: Counter[str] = field(default_factory=Counter)
    hosts: dict[str, HostStatistics] = field(default_factory=dict)

    def add(self, other: Statistics) -> None:
        """Add the counts of ``other``."""
        self.rows += other.rows
        self.statuses.update(other.statuses)
        self.origins.update(other.origins)
        self.flags.update(other.flags)
        self.requests += other.requests
        self.repeated_requests += other.repeated_requests
        self.failures.update(other.failures)
        self.failed_rows.update(other.failed_rows)
        self.repairs.update(other.repairs)
        for fault, kind in other.repair_kinds.items():
            self.repair_kinds.setdefault(fault, RepairStatistics()).add(kind)
        self.digests.update(other.digests)
        for url, host in other.hosts.items():
            self.hosts.setdefault(url, HostStatistics()).add(host)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; ``from_json`` reads them back."""
        # Not asdict: it builds a Counter from pairs, and so counts the pairs.
        hosts = {url: {**vars(host), "faults": dict(host.faults)} for url, host in self.hosts.items()}
        counters = {name: dict(getattr(self, name)) for name in COUNTERS}
        kinds = {fault: dict(vars(kind)) for fault, kind in self.repair_kinds.items()}
        return {**vars(self), **counters, "repair_kinds": kinds, "hosts": hosts}

    def is_consistent(self) -> bool:
        """Return whether all counts are non-negative integers and each row has exactly one status."""
        counts = [self.rows, self.requests, self.repeated_requests]
        for name in COUNTERS:
            counts += getattr(self, name).values()
        for host in self.hosts.values():
            counts += [host.rows, host.requests, host.prompt_tokens, host.output_tokens, *host.faults.values()]
        for kind in self.repair_kinds.values():
            counts += [kind.requests, kind.better, kind.omitted]
        whole = all(type(count) is int and count >= 0 for count in counts)
        return whole and self.statuses.keys() <= set(STATUSES) and self.statuses.total() == self.rows

    def mixed_digests(self) -> dict[str, dict[str, int]]:
        """Return the number of texts by digest, for each model that was used in several versions."""
        models: dict[str, dict[str, int]] = {}
        for name, texts in self.digests.items():
            model, _, digest = name.rpartition("@")
            models.setdefault(model, {})[digest] = texts
        return {model: digests for model, digests in models.items() if len(digests) > 1}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Statistics:
        """Return the statistics that ``to_json`` has written."""
        hosts = {
            url: HostStatistics(**{**host, "faults": Counter(host["faults"])}) for url, host in values["hosts"].items()
        }
        counters = {name: Counter(values.get(name, {})) for name in COUNTERS}
        kinds = {fault: RepairStatistics(**kind) for fault, kind in values.get("repair_kinds", {}).items()}
        return cls(**{**values, **counters, "repair_kinds": kinds, "hosts": hosts})
