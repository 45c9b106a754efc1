"""Which hosts take part: those of the command line, or those that the hosts file lists at the moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from transforms.errors import UsageError
from transforms.fleet.addresses import HostAddress, HostsFile
from transforms.fleet.faults import RequestFailed
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.host_supervisor import HostSupervisor
from transforms.fleet.host.limits import AdaptiveLimit, FixedLimit
from transforms.fleet.host.same_server import SameServer
from transforms.fleet.host.sharing import THIS_PROCESS
from transforms.fleet.http.client import HostClient
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.fleet.tasks import report_failure

LOG = logging.getLogger(__name__)

HOSTS_FILE_SECONDS = 5.0
REFERENCE_SECONDS, REFERENCE_TRIES = 0.1, 20
"""How long a host with another digest waits until the other hosts were asked for theirs."""

LEFT = "it has left the hosts file"


class HostPool:
    """The hosts of a run, with a supervisor for each.

    Args:
        hosts: Their states by address, which the dispatcher works with; kept up to date here.
        settings: Of the run.
        digests: The digest that each model must have, by its key; the supervisors add to it.
        changed: Called after a host has come, gone, or loaded another model.
        refuse: Called with the reason why the run cannot continue.
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
        self._same_server = SameServer(self._takes_part)

    def start(self, addresses: Sequence[HostAddress]) -> None:
        """Starts to check the hosts, and to read the hosts file again if there is one; inside the loop."""
        for address in addresses:
            self._join(address)
        if self._settings.hosts_file is not None:
            follow = self._follow(self._settings.hosts_file)
            self._following = report_failure(asyncio.get_running_loop().create_task(follow), self._refuse)

    def supervisor(self, url: str) -> HostSupervisor:
        """The supervisor of a host."""
        return self._supervisors[url]

    def stop(self) -> None:
        """Stops all tasks at once."""
        if self._following is not None:
            self._following.cancel()
        for supervisor in self._supervisors.values():
            supervisor.stop()

    async def close(self) -> None:
        """Stops all tasks and closes the connections."""
        self.stop()
        if self._following is not None:
            await asyncio.gather(self._following, return_exceptions=True)
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))

    def _join(self, address: HostAddress) -> None:
        slots = self._settings.slots
        number = slots.get(address.url) if isinstance(slots, Mapping) else slots

        def new_served_model(model: str) -> ServedModel:
            known = self._settings.known_slots.get(address.url) if model == model_key(self._settings.model) else None
            limit = AdaptiveLimit(known, THIS_PROCESS) if number is None else FixedLimit(number, THIS_PROCESS)
            return ServedModel(limit, Deadline(self._settings.request_timeout_seconds))

        host = HostState(address.url, Breaker(), new_served_model)
        client = HostClient(address, self._settings.use_proxy)
        supervisor = HostSupervisor(client, host, self._settings, self._digests, self, self._changed, self._refuse)
        self._hosts[address.url], self._supervisors[address.url] = host, supervisor
        supervisor.start()

    def _takes_part(self, url: str) -> bool:
        return url in self._hosts and self._hosts[url].out is None

    async def twin(self, url: str) -> str:
        """The URL of another host that is the same server as ``url``; empty if there is none."""
        return await self._same_server.twin(url)

    async def same_content(self, client: HostClient, model: str, digest: str) -> bool:
        """Whether a host's model equals that of another host with ``digest``, as ``ollama create`` makes such models.

        Their manifests differ only in a path of the host; weights, template and parameters are equal.
        """
        for _ in range(REFERENCE_TRIES):  # all hosts are checked at the same time
            if all(other.digests is not None for url, other in self._hosts.items() if url != client.url):
                break
            await asyncio.sleep(REFERENCE_SECONDS)
        for url, other in list(self._hosts.items()):
            if other.digests is not None and other.digests.get(model) == digest and url != client.url:
                try:
                    theirs = await self._supervisors[url].client.details(model)
                    own = await client.details(model)
                except RequestFailed:
                    continue
                if own.content and own.content == theirs.content:
                    LOG.info("%s: %s has another digest, but the same content as on %s", client.url, model, url)
                    return True
        return False

    async def _follow(self, file: HostsFile) -> None:
        """Lets hosts join and leave as the file says; a file that cannot be read changes nothing."""
        warned = ""
        while True:
            await asyncio.sleep(HOSTS_FILE_SECONDS)
            try:
                addresses = {address.url: address for address in await asyncio.to_thread(file.read)}
            except UsageError as error:
                if str(error) != warned:
                    LOG.warning("%s; keeping the current hosts", error)
                warned = str(error)
                continue
            warned = ""
            for url, address in addresses.items():
                if url not in self._supervisors:
                    LOG.info("%s joined: it is in the hosts file now", url)
                    self._join(address)
                elif self._hosts[url].out == LEFT:
                    LOG.info("%s stays: it is back in the hosts file", url)
                    self._supervisors[url].start()
            for url in self._supervisors.keys() - addresses.keys():
                await self._leave(url)

    async def _leave(self, url: str) -> None:
        """Removes a host once it has answered its requests."""
        host = self._hosts[url]
        if host.out != LEFT:
            LOG.info("%s leaves after %d requests in flight: %s", url, host.in_flight, LEFT)
            self._supervisors[url].stop()
            host.out = LEFT
        if not host.in_flight:
            del self._hosts[url]
            await self._supervisors[url].close()
            del self._supervisors[url]  # not before: if the run ends meanwhile, close() closes the connections
        self._changed()
