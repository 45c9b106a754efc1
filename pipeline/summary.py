"""What a run did, for people and schedulers: ``_summary.json`` and the one line on stdout."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from pipeline.console.streams import json_text
from transforms.sink.statistics import ORIGINS, STATUSES, HostStatistics, Statistics


@dataclass
class Summary:
    """The figures of one run.

    Attributes:
        output: Where the parts are.
        model, model_digest: What translated.
        rows_in: Rows of the input, as planned.
        all_rows: Of every part that belongs to the input now, also those written by earlier runs.
        this_run: Of the parts that this run wrote.
        units_written, units_skipped: Parts written now, and parts that were done already.
        slots: Per host, what the fleet found or was given.
        wall_seconds: Of the run, from its start.
        exit_code: Of the process.
        message: What ended the run early, if anything did.
        not_real: The label of output made by simulated hosts.
    """

    output: str
    model: str
    model_digest: str | None = None
    rows_in: int = 0
    all_rows: Statistics = field(default_factory=Statistics)
    this_run: Statistics = field(default_factory=Statistics)
    units_written: int = 0
    units_skipped: int = 0
    removed_inputs: tuple[str, ...] = ()
    slots: dict[str, int] = field(default_factory=dict)
    wall_seconds: float = 0.0
    exit_code: int = 0
    message: str | None = None
    not_real: str | None = None

    def failed_ratio(self) -> float:
        """Failed rows of all rows; 0 if there are none."""
        return self.all_rows.statuses["failed"] / self.all_rows.rows if self.all_rows.rows else 0.0

    def line(self) -> str:
        """One line of JSON for stdout, without line breaks."""
        return json_text(self._short(), sys.stdout)

    def detailed(self) -> dict[str, Any]:
        """For ``_summary.json``: the line's keys and more."""
        run = self.this_run
        return {
            **self._short(),
            "failures": dict(run.failures),
            "failed_rows": dict(self.all_rows.failed_rows),
            "flags": dict(self.all_rows.flags),
            "repairs": {name: run.repairs[name] for name in ("texts", "requests", "better")},
            "rows_in": self.rows_in,
            "removed_inputs": list(self.removed_inputs),
            "rows_written": run.rows,
            "rates": {
                "rows_per_second": self._rate(run.rows),
                "output_tokens_per_second": self._rate(sum(host.output_tokens for host in run.hosts.values())),
            },
        }

    def _short(self) -> dict[str, Any]:
        run = self.this_run
        urls = list(dict.fromkeys([*self.slots, *run.hosts]))
        label = {"not_real": self.not_real} if self.not_real else {}
        message = {"message": self.message} if self.message else {}
        return {
            "exit_code": self.exit_code,
            **message,
            **label,
            "output": self.output,
            "model": self.model,
            "model_digest": self.model_digest,
            "rows": self.all_rows.rows,
            **{status: self.all_rows.statuses[status] for status in STATUSES},
            "origins": {origin: self.all_rows.origins[origin] for origin in ORIGINS if self.all_rows.origins[origin]},
            "requests": run.requests,
            "repeated_requests": run.repeated_requests,
            "units_written": self.units_written,
            "units_skipped": self.units_skipped,
            "hosts": {url: self._host(run.hosts.get(url, HostStatistics()), self.slots.get(url)) for url in urls},
            "wall_seconds": round(self.wall_seconds, 3),
        }

    @staticmethod
    def _host(host: HostStatistics, slots: int | None) -> dict[str, Any]:
        return {
            "rows": host.rows,
            "requests": host.requests,
            "prompt_tokens": host.prompt_tokens,
            "output_tokens": host.output_tokens,
            "busy_seconds": round(host.busy_seconds, 3),
            "slots": slots,
            "faults": dict(host.faults),
        }

    def _rate(self, count: int) -> float:
        return round(count / self.wall_seconds, 3) if self.wall_seconds else 0.0
