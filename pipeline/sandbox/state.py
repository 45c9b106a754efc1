"""The state that the parts of a simulated host share: settings, faults, loaded models and request counts."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any

from pipeline.sandbox.errors import Refusal
from pipeline.sandbox.faults import FaultPlan
from pipeline.sandbox.replies import Clock
from pipeline.sandbox.request_counts import RequestCounts
from pipeline.sandbox.scheduler import Scheduler
from pipeline.sandbox.settings import HostSettings

_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?::[\w.-]+)?")
_DEFAULT_PREFIXES = ("registry.ollama.ai/", "library/")


class ServerState:
    """A simulated host without its sockets. Create it in a running event loop."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        self.version = settings.version_numbers
        self.plan = FaultPlan(settings.faults, settings.seed)
        self.scheduler = Scheduler(settings)
        self.counts = RequestCounts()
        self.clock = Clock()
        self.started_at = time.time()
        self.names_used: dict[str, None] = {}
        self._awake = asyncio.Event()
        if not settings.hang:
            self._awake.set()

    def change(self, changes: Mapping[str, Any]) -> None:
        """Apply changed settings. New faults or another seed also clear the record of texts seen.

        Raises:
            UsageError: Unknown name or invalid value; nothing is changed.
        """
        settings = self.settings.changed(changes)
        if (settings.faults, settings.seed) != (self.settings.faults, self.settings.seed):
            self.plan = FaultPlan(settings.faults, settings.seed)
        self.settings = settings
        self.version = settings.version_numbers
        self.scheduler.change_settings(settings)
        if settings.hang:
            self._awake.clear()
        else:
            self._awake.set()

    def reset(self) -> None:
        """Clear the request counts and the record of texts seen. Calls in flight stay counted as such."""
        in_flight = self.counts.in_flight
        self.counts = RequestCounts(in_flight=in_flight, in_flight_peak=in_flight)
        self.plan.tries.clear()

    async def awake(self) -> None:
        """Return as soon as the host does not hang."""
        await self._awake.wait()

    def models(self) -> list[str]:
        """The model names that ``/api/tags`` lists, with tags."""
        return list(dict.fromkeys([*map(with_tag, self.settings.models), *self.names_used]))

    def model(self, name: str) -> str:
        """The model that a request names, as ``/api/tags`` lists it.

        Raises:
            Refusal: 404 for an unknown name, 400 for a malformed one, 403 for a cloud model.
        """
        if not name:
            raise Refusal(404, "model '' not found")
        if not _NAME.fullmatch(name):
            raise (
                Refusal(400, "invalid model name")
                if self.version >= (0, 24)
                else Refusal(404, f"model '{name}' not found")
            )
        if name.endswith((":cloud", "-cloud")) and self.version >= (0, 24):
            raise Refusal(403, "ollama cloud is disabled: remote model is unavailable")
        model = with_tag(name)
        for known in self.models():
            if known.casefold() == model.casefold():
                return known
        if self.settings.any_model and not name.endswith((":cloud", "-cloud")):
            self.names_used[model] = None
            return model
        raise Refusal(404, f"model '{name}' not found")

    def digest(self, model: str) -> str:
        """The digest of ``model``, 64 hex digits; equal on all hosts unless set."""
        return self.settings.digest or hashlib.sha256(f"simulated:{model}".encode()).hexdigest()


def with_tag(name: str) -> str:
    """The shortest name with a tag: ``llama3:latest`` for ``llama3``."""
    for prefix in _DEFAULT_PREFIXES:
        name = name.removeprefix(prefix)
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
