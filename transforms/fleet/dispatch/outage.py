"""Outages, in which no host is healthy: the run logs it once, waits, and gives up only after a long time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from transforms.errors import NoHostLeft
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.faults import CONFIGURATION, Failure

LOG = logging.getLogger(__name__)

CONFIGURATION_SECONDS = 10.0
"""The longest wait if every host has a wrong address, certificate or password, since waiting does not repair those."""


@dataclass(frozen=True)
class _Outage:
    """A period without a healthy host for a model.

    Attributes:
        since: When the outage began, in the loop's time.
        timer: Ends the run if no host returns.
        hopeless: Whether the timer is short because only a change of the configuration would help.
    """

    since: float
    timer: asyncio.TimerHandle
    hopeless: bool


class OutageWatch:
    """Tracks the outages of the models that have pending texts.

    A host that is loading its model is not missing, because a load may take longer than the longest outage.

    Args:
        dispatcher: The dispatcher, which has the states of the hosts.
        longest_seconds: How long an outage may last.
        give_up: Called with the model and the reason when an outage has lasted too long.
    """

    def __init__(
        self, dispatcher: Dispatcher, longest_seconds: float, give_up: Callable[[str, NoHostLeft], None]
    ) -> None:
        self._dispatcher = dispatcher
        self._longest_seconds = longest_seconds
        self._give_up = give_up
        self._outages: dict[str, _Outage] = {}

    def look(self) -> None:
        """Update the outages. To be called in the event loop whenever the hosts may have changed."""
        away = [model for model in self._dispatcher.models_away() if not self._loading(model)]
        if not away and not self._outages:
            return
        loop = asyncio.get_running_loop()
        for model in self._outages.keys() - away:
            outage = self._outages.pop(model)
            outage.timer.cancel()
            LOG.info("a host is back after %.0f s; resuming", loop.time() - outage.since)
        begun = [model for model in away if model not in self._outages]
        hopeless = bool(away) and self._hopeless()
        if begun:
            LOG.warning("no healthy host%s; %s: %s", self._with(begun), self._advice(hopeless), self._reasons())
        for model in away:
            known = self._outages.get(model)
            if known is None or known.hopeless != hopeless:
                self._begin(model, loop.time() if known is None else known.since, hopeless)

    def _begin(self, model: str, since: float, hopeless: bool) -> None:
        loop = asyncio.get_running_loop()
        if model in self._outages:
            self._outages[model].timer.cancel()
        seconds = min(CONFIGURATION_SECONDS, self._longest_seconds) if hopeless else self._longest_seconds
        ends_at = loop.time() + seconds if hopeless else since + seconds
        self._outages[model] = _Outage(since, loop.call_at(ends_at, self._too_long, model), hopeless)

    def _hopeless(self) -> bool:
        """Return whether every host needs a change of the configuration."""
        return all(host.failure in CONFIGURATION for host in self._dispatcher.hosts.values())

    def _loading(self, model: str) -> bool:
        """Return whether a host may soon serve a model."""
        hosts = self._dispatcher.hosts.values()
        return any(host.loading() and (host.digests is None or host.may_serve(model)) for host in hosts)

    def _too_long(self, model: str) -> None:
        loop = asyncio.get_running_loop()
        outage, what = self._outages[model], self._with([model])
        limit = "" if outage.hopeless else " (--max_outage)"
        seconds = loop.time() - outage.since
        self._give_up(model, NoHostLeft(f"no healthy host{what} for {seconds:.0f} s{limit}: {self._reasons()}"))

    def _advice(self, hopeless: bool) -> str:
        if hopeless:
            return "the configuration has to be changed"
        wait = f"waiting for up to {self._longest_seconds:.0f} s (--max_outage)"
        refused = any(host.failure is Failure.CONNECTION_REFUSED for host in self._dispatcher.hosts.values())
        return f"{wait}; start Ollama on them (`ollama serve`), and check the hosts with `doctor`" if refused else wait

    def _with(self, models: Collection[str]) -> str:
        """Return a phrase with the models; empty if there are no healthy hosts for other models either."""
        if not any(host.usable() for host in self._dispatcher.hosts.values()):
            return ""
        return f" with the model {' or '.join(sorted(models))}"

    def _reasons(self) -> str:
        return "; ".join(f"{host.url} ({host.state()})" for host in self._dispatcher.hosts.values())

    def end(self) -> None:
        """Stop watching until the next ``look``."""
        for outage in self._outages.values():
            outage.timer.cancel()
        self._outages.clear()
