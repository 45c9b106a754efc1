"""Times without a healthy host: the run waits, says so once, and gives up only after a long while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from transforms.errors import NoHostLeft
from transforms.fleet.dispatch import Dispatcher

LOG = logging.getLogger(__name__)


class OutageWatch:
    """Notes the beginning and the end of each time without a healthy host, one line each.

    A host that loads its model is none that is away: a load may take longer than the longest outage.

    Args:
        dispatcher: Knows the hosts.
        longest_seconds: After which ``give_up`` is called.
        give_up: Takes the reason.
    """

    def __init__(self, dispatcher: Dispatcher, longest_seconds: float, give_up: Callable[[NoHostLeft], None]) -> None:
        self._dispatcher = dispatcher
        self._longest_seconds = longest_seconds
        self._give_up = give_up
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """To be called inside the loop whenever the state of a host has changed."""
        hosts = self._dispatcher.hosts.values()
        loading = any(host.out is None and not host.ready for host in hosts)
        if loading or not self._dispatcher.outage():
            if self._since is not None:
                LOG.info("the run goes on after %.0f s without a host", asyncio.get_running_loop().time() - self._since)
            self.end()
        elif self._since is None:
            loop = asyncio.get_running_loop()
            self._since = loop.time()
            self._timer = loop.call_later(self._longest_seconds, self._too_long)
            LOG.warning("no host is healthy, the run waits: %s", self._reasons())

    def _too_long(self) -> None:
        seconds = self._longest_seconds
        self._give_up(NoHostLeft(f"no host was healthy for {seconds:.0f} s (--max_outage): {self._reasons()}"))

    def _reasons(self) -> str:
        return "; ".join(f"{host.url} ({host.state()})" for host in self._dispatcher.hosts.values())

    def end(self) -> None:
        """Watches no more, until the next ``look``."""
        if self._timer is not None:
            self._timer.cancel()
        self._since = self._timer = None
