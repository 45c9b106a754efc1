"""Which hosts take part: those that were named, and then as the hosts file says from time to time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from transforms.errors import UsageError
from transforms.fleet.breaker import Breaker
from transforms.fleet.client import HostClient
from transforms.fleet.deadlines import Deadline
from transforms.fleet.host_state import HostState, ServedModel
from transforms.fleet.host_supervisor import HostSupervisor
from transforms.fleet.hosts import HostAddress, HostsFile
from transforms.fleet.limits import AdaptiveLimit, FixedLimit
from transforms.fleet.settings import FleetSettings
from transforms.fleet.tasks import told

LOG = logging.getLogger(__name__)

HOSTS_FILE_SECONDS = 5.0
LEFT = "it has left the hosts file"


class HostPool:
    """The hosts of a run, with a supervisor for each.

    Args:
        hosts: Their states by address, which the dispatcher works with; kept up to date here.
        settings: Of the run.
        digests: The digest that each model must have, by its key; added to by the supervisors.
        changed: Called after a host has come, gone, or loaded another model.
        refuse: Called with the reason why the run can't go on.
    """

    def __init__(
        self,
        hosts: dict[str, HostState],
        settings: FleetSettings,
        digests: dict[str, str],
        changed: Callable[[], None],
        refuse: Callable[[BaseException], None],
    ) -> None:
        self._hosts = hosts
        self._settings = settings
        self._digests = digests
        self._changed = changed
        self._refuse = refuse
        self._supervisors: dict[str, HostSupervisor] = {}
        self._following: asyncio.Task[None] | None = None

    def start(self, addresses: Sequence[HostAddress]) -> None:
        """Begins to check the hosts and to read the hosts file again, if there is one; inside the loop."""
        for address in addresses:
            self._join(address)
        if self._settings.hosts_file is not None:
            follow = self._follow(self._settings.hosts_file)
            self._following = told(asyncio.get_running_loop().create_task(follow), self._refuse)

    def supervisor(self, url: str) -> HostSupervisor:
        """The supervisor of a host."""
        return self._supervisors[url]

    def stop(self) -> None:
        """Ends all that it does, at once."""
        if self._following is not None:
            self._following.cancel()
        for supervisor in self._supervisors.values():
            supervisor.stop()

    async def close(self) -> None:
        """Ends all that it does and closes the connections."""
        self.stop()
        if self._following is not None:
            await asyncio.gather(self._following, return_exceptions=True)
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))

    def _join(self, address: HostAddress) -> None:
        slots = self._settings.slots
        number = slots.get(address.url) if isinstance(slots, Mapping) else slots

        def new_served_model() -> ServedModel:
            limit = AdaptiveLimit() if number is None else FixedLimit(number)
            return ServedModel(limit, Deadline(self._settings.request_timeout_seconds))

        host = HostState(address.url, Breaker(), new_served_model)
        client = HostClient(address, self._settings.use_proxy)
        supervisor = HostSupervisor(client, host, self._settings, self._digests, self._changed, self._refuse)
        self._hosts[address.url], self._supervisors[address.url] = host, supervisor
        supervisor.start()

    async def _follow(self, file: HostsFile) -> None:
        """Lets hosts join and leave as the file says; a file that can't be read changes nothing."""
        said = ""
        while True:
            await asyncio.sleep(HOSTS_FILE_SECONDS)
            try:
                addresses = {address.url: address for address in await asyncio.to_thread(file.read)}
            except UsageError as error:
                if str(error) != said:
                    LOG.warning("%s: the hosts stay as they are", error)
                said = str(error)
                continue
            said = ""
            for url, address in addresses.items():
                if url not in self._supervisors:
                    LOG.info("%s joins: it is in the hosts file now", url)
                    self._join(address)
                elif self._hosts[url].out == LEFT:
                    LOG.info("%s stays: it is back in the hosts file", url)
                    self._supervisors[url].start()
            for url in self._supervisors.keys() - addresses.keys():
                await self._leave(url)

    async def _leave(self, url: str) -> None:
        """A host finishes what it has and is gone."""
        host = self._hosts[url]
        if host.out != LEFT:
            LOG.info("%s leaves: %s; it finishes its %d requests", url, LEFT, host.in_flight)
            self._supervisors[url].stop()
            host.out = LEFT
        if not host.in_flight:
            del self._hosts[url]
            await self._supervisors.pop(url).close()
        self._changed()
