"""Hosts listed in a file that is read again during a run: they join when they appear in it and leave when they go."""

from __future__ import annotations

from dataclasses import dataclass

import fsspec

from transforms.errors import UsageError
from transforms.fleet.hosts import Header, HostAddress, parse_hosts, with_headers


@dataclass(frozen=True)
class HostsFile:
    """A text file with one host or several on a line; ``#`` begins a comment.

    Attributes:
        path: Local, or what fsspec opens.
        headers, api_key, allow_insecure_auth: What is sent to the hosts in it; see ``hosts.with_headers``.
    """

    path: str
    headers: tuple[Header, ...] = ()
    api_key: str | None = None
    allow_insecure_auth: bool = False

    def __repr__(self) -> str:
        return f"HostsFile({self.path!r})"

    def read(self) -> tuple[HostAddress, ...]:
        """The hosts that stand in it now.

        Raises:
            UsageError: If it can't be read, names no host, or a wrong one.
        """
        try:
            with fsspec.open(self.path, "rt", encoding="utf-8") as file:
                lines = file.read().splitlines()
        except Exception as error:  # each client library has exceptions of its own
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UsageError(f"the hosts file {self.path} can't be read: {reason}") from None
        try:
            hosts = parse_hosts(" ".join(line.partition("#")[0] for line in lines))
        except UsageError as error:
            raise UsageError(f"the hosts file {self.path}: {error}") from None
        return with_headers(hosts, self.headers, self.api_key, self.allow_insecure_auth)
