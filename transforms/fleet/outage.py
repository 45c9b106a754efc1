"""Times without a healthy host: the run waits, says so once, and gives up only after a long while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from transforms.errors import NoHostLeft
from transforms.fleet.dispatch import Dispatcher

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outage:
    """A time without a host for one model: when it began, in the loop's time, and what ends it if nothing else does."""

    since: float
    timer: asyncio.TimerHandle


class OutageWatch:
    """Notes the beginning and the end of each time without a healthy host for a model that is waited for.

    A host that loads its model is none that is away: a load may take longer than the longest outage.

    Args:
        dispatcher: Knows the hosts.
        longest_seconds: After which ``give_up`` is called.
        give_up: Takes the model and the reason.
    """

    def __init__(
        self, dispatcher: Dispatcher, longest_seconds: float, give_up: Callable[[str, NoHostLeft], None]
    ) -> None:
        self._dispatcher = dispatcher
        self._longest_seconds = longest_seconds
        self._give_up = give_up
        self._outages: dict[str, _Outage] = {}

    def look(self) -> None:
        """To be called inside the loop whenever something may have changed."""
        away = [model for model in self._dispatcher.models_away() if not self._loading(model)]
        if not away and not self._outages:
            return
        loop = asyncio.get_running_loop()
        for model in self._outages.keys() - away:
            outage = self._outages.pop(model)
            outage.timer.cancel()
            LOG.info("the run goes on after %.0f s without a host", loop.time() - outage.since)
        if begun := [model for model in away if model not in self._outages]:
            LOG.warning("no host%s is healthy, the run waits: %s", self._with(begun), self._reasons())
        for model in begun:
            timer = loop.call_later(self._longest_seconds, self._too_long, model)
            self._outages[model] = _Outage(loop.time(), timer)

    def _loading(self, model: str) -> bool:
        """Whether a host may have a model soon."""
        hosts = self._dispatcher.hosts.values()
        return any(host.loading() and (host.digests is None or host.may_serve(model)) for host in hosts)

    def _too_long(self, model: str) -> None:
        what, seconds = self._with([model]), self._longest_seconds
        reason = f"no host{what} was healthy for {seconds:.0f} s (--max_outage): {self._reasons()}"
        self._give_up(model, NoHostLeft(reason))

    def _with(self, models: Collection[str]) -> str:
        """Which hosts are meant; nothing if all are."""
        if not any(host.usable() for host in self._dispatcher.hosts.values()):
            return ""
        return f" with the model {' or '.join(sorted(models))}"

    def _reasons(self) -> str:
        return "; ".join(f"{host.url} ({host.state()})" for host in self._dispatcher.hosts.values())

    def end(self) -> None:
        """Watches no more, until the next ``look``."""
        for outage in self._outages.values():
            outage.timer.cancel()
        self._outages.clear()
