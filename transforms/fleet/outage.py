"""Times without a healthy host: the run waits, says so once, and gives up only after a long while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from transforms.errors import NoHostLeft
from transforms.fleet.dispatch import Dispatcher
from transforms.fleet.faults import CONFIGURATION, Failure

LOG = logging.getLogger(__name__)

CONFIGURATION_SECONDS = 10.0
"""A wrong address, certificate or password does not pass by itself, so it is not waited for longer."""


@dataclass(frozen=True)
class _Outage:
    """A time without a host for one model.

    Attributes:
        since: When it began, in the loop's time.
        timer: Ends the run if no host comes back.
        hopeless: Whether the timer is short, as only a change of the configuration would help.
    """

    since: float
    timer: asyncio.TimerHandle
    hopeless: bool


class OutageWatch:
    """Notes the beginning and the end of each time without a healthy host for a model that is waited for.

    A host that loads its model is not away, as a load may take longer than the longest outage.

    Args:
        dispatcher: Knows the hosts.
        longest_seconds: How long an outage may last.
        give_up: Called with the model and the reason after that.
    """

    def __init__(
        self, dispatcher: Dispatcher, longest_seconds: float, give_up: Callable[[str, NoHostLeft], None]
    ) -> None:
        self._dispatcher = dispatcher
        self._longest_seconds = longest_seconds
        self._give_up = give_up
        self._outages: dict[str, _Outage] = {}

    def look(self) -> None:
        """Compares the hosts with what was last seen; to be called inside the loop whenever they may have changed."""
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
        """Whether every host needs a change of its configuration."""
        return all(host.failure in CONFIGURATION for host in self._dispatcher.hosts.values())

    def _loading(self, model: str) -> bool:
        """Whether a host may have a model soon."""
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
        return f"{wait}; start Ollama there (`ollama serve`), and check the hosts with `doctor`" if refused else wait

    def _with(self, models: Collection[str]) -> str:
        """Names the models if there are healthy hosts for others."""
        if not any(host.usable() for host in self._dispatcher.hosts.values()):
            return ""
        return f" with the model {' or '.join(sorted(models))}"

    def _reasons(self) -> str:
        return "; ".join(f"{host.url} ({host.state()})" for host in self._dispatcher.hosts.values())

    def end(self) -> None:
        """Stops watching until the next ``look``."""
        for outage in self._outages.values():
            outage.timer.cancel()
        self._outages.clear()
