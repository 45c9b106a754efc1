"""Which hosts a command means, whatever the command, and what is sent to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from transforms.errors import UsageError
from transforms.fleet.hosts import Header, HostAddress, HostsFile, lacking_key, with_headers

API_KEY_VARIABLE = "OLLAMA_API_KEY"


class HostOptions(Protocol):
    """The options that say which hosts there are and what is sent to them, of whatever command."""

    @property
    def hosts(self) -> tuple[HostAddress, ...]:
        """As given."""

    @property
    def hosts_file(self) -> str | None:
        """Where they are listed instead."""

    @property
    def header(self) -> tuple[Header, ...]:
        """For all of them."""

    @property
    def allow_insecure_auth(self) -> bool:
        """Whether secrets go over plain http."""


@dataclass(frozen=True)
class FoundHosts:
    """The hosts that options mean, each with what is sent to it, the file they stand in, and what to tell of them."""

    hosts: tuple[HostAddress, ...]
    file: HostsFile | None
    notices: tuple[str, ...]


def find_hosts(options: HostOptions, places: Mapping[str, str], environ: Mapping[str, str]) -> FoundHosts:
    """The hosts of a command.

    Args:
        options: As read.
        places: Where they were given, as of ``Readout``.
        environ: The environment, for the key.

    Raises:
        UsageError: If they are given twice, can't be read, or a secret would go over plain http unasked.
    """
    key = environ.get(API_KEY_VARIABLE, "").strip() or None
    file = None
    hosts = options.hosts
    if options.hosts_file is not None:
        if places.get("hosts", "").startswith("--"):
            raise UsageError(f"--hosts and {places['hosts_file']} exclude each other")
        file = HostsFile(options.hosts_file, options.header, key, options.allow_insecure_auth)
        hosts = file.read()
    hosts = with_headers(hosts, options.header, key, options.allow_insecure_auth)
    return FoundHosts(hosts, file, _unsent_key(hosts, key))


def _unsent_key(hosts: Sequence[HostAddress], key: str | None) -> tuple[str, ...]:
    urls = ", ".join(lacking_key(hosts)) if key else ""
    remedy = "use https, or allow it with --allow_insecure_auth"
    return (f"{API_KEY_VARIABLE} is not sent to {urls}, as plain http would show it: {remedy}",) if urls else ()
