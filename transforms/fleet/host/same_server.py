"""Finds hosts that are the same server under two names, which would get twice its share of the requests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from transforms.time_limits import limited

LOOKUP_SECONDS = 5.0

_Place = tuple[str, int, str]
"""IP address, port and path of a server."""


class SameServer:
    """The places of the hosts that have been looked up.

    Web servers on the ports 80 and 443 tell hosts apart by their names, so these are never taken for one.

    Args:
        takes_part: Whether the host with a URL is in use now.
    """

    def __init__(self, takes_part: Callable[[str], bool]) -> None:
        self._takes_part = takes_part
        self._places: dict[str, frozenset[_Place]] = {}

    async def twin(self, url: str) -> str:
        """The URL of an earlier host that is the same server; empty if there is none, or the name is unknown."""
        places = await _places_of(url)
        for other, known in self._places.items():
            if other != url and self._takes_part(other) and known & places:
                return other
        self._places[url] = places
        return ""


async def _places_of(url: str) -> frozenset[_Place]:
    parts = urlsplit(url)
    if parts.hostname is None or parts.port in (None, 80, 443):
        return frozenset()
    loop = asyncio.get_running_loop()
    try:
        lookup = loop.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
        found = await limited(lookup, LOOKUP_SECONDS)
    except (OSError, UnicodeError, asyncio.TimeoutError):
        return frozenset()  # the request will say what is wrong with the name
    return frozenset((str(address[0]), int(address[1]), parts.path) for *_, address in found)
