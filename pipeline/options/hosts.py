"""Options that name hosts and say how they are reached, for every command that talks to hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from pipeline.options import values
from pipeline.options.command_line import CommandOptions
from pipeline.options.table import flag, option, repeated
from transforms.errors import UsageError
from transforms.fleet.addresses import (
    DEFAULT_HOST,
    Header,
    HostAddress,
    HostsFile,
    lacking_key,
    parse_header,
    parse_hosts,
    with_headers,
)

HOSTS = "Hosts"
API_KEY_VARIABLE = "OLLAMA_API_KEY"


@dataclass(frozen=True)
class HostOptions(CommandOptions):
    """Options about hosts that every command with hosts has.

    Attributes:
        hosts_from: The hosts file to read again during the run; None without one.
    """

    hosts: tuple[HostAddress, ...] = repeated(
        default=parse_hosts(DEFAULT_HOST),
        parse=parse_hosts,
        help="comma-separated Ollama hosts: gpu0, gpu0:11434, http://gpu0:11434/prefix, https://user:password@gpu0. "
        "As in Ollama, gpu0 means port 11434, http://gpu0 port 80 and https://gpu0 port 443",
        group=HOSTS,
        metavar="HOSTS",
        shown=DEFAULT_HOST,
        separators="",
        variables=("OLLAMA_HOSTS", "OLLAMA_HOST"),
    )
    hosts_file: str | None = option(
        None,
        parse=values.text,
        help="file with hosts instead of --hosts, one or more per line, # for comments; re-read during the run: new "
        "hosts join, removed hosts finish their requests",
        group=HOSTS,
        metavar="FILE",
    )
    header: tuple[Header, ...] = repeated(
        parse=lambda text: (parse_header(text),),
        help="header for every request, 'Name: value'",
        group=HOSTS,
        metavar="HEADER",
        separators="\n",
        secret=True,
    )
    allow_insecure_auth: bool = flag(help="allow sending keys and secret headers over plain http", group=HOSTS)
    use_proxy: bool = flag(help="use the proxies named in the environment (HTTP_PROXY and others)", group=HOSTS)
    keep_alive: str | float = option(
        cast("str | float", "30m"),
        parse=values.keep_alive,
        help="how long a host keeps the model loaded after a request: seconds or a duration; negative means forever",
        group=HOSTS,
        metavar="TIME",
    )
    request_timeout: float = option(
        300.0,
        parse=values.duration(1),
        help="request timeout, including model load: seconds or a duration such as 5m",
        group=HOSTS,
        metavar="TIME",
        shown="300",
    )
    hosts_from: HostsFile | None = None


Options = TypeVar("Options", bound=HostOptions)


def with_hosts(options: Options, places: Mapping[str, str], environ: Mapping[str, str]) -> Options:
    """Return the options with the hosts that they mean, and with the headers and keys that are sent to each.

    Args:
        options: Options as read.
        places: Where each option was given; see ``Readout``.
        environ: The environment, for the API key.

    Raises:
        UsageError: Hosts are given twice or cannot be read, or a secret would be sent over plain http.
    """
    key = environ.get(API_KEY_VARIABLE, "").strip() or None
    file = None
    hosts = options.hosts
    if options.hosts_file is not None:
        if places.get("hosts", "").startswith("--"):
            raise UsageError(f"--hosts and {places['hosts_file']} cannot be combined")
        file = HostsFile(options.hosts_file, options.header, key, options.allow_insecure_auth)
        hosts = file.read()
    hosts = with_headers(hosts, options.header, key, options.allow_insecure_auth)
    return replace(options, hosts=hosts, hosts_from=file, notices=(*options.notices, *_unsent_key(hosts, key)))


def _unsent_key(hosts: Sequence[HostAddress], key: str | None) -> tuple[str, ...]:
    urls = ", ".join(lacking_key(hosts)) if key else ""
    remedy = "use https, or allow it with --allow_insecure_auth"
    return (f"{API_KEY_VARIABLE} is not sent to {urls}, as plain http would expose it: {remedy}",) if urls else ()
