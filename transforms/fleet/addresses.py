"""Addresses of Ollama hosts as users write them, in options or in a file, and which secret may go to which host."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import fsspec

from transforms.errors import UsageError
from transforms.waiting import within

DEFAULT_HOST = "http://127.0.0.1:11434"
READ_SECONDS = 10.0
"""Time limit for reading a hosts file, which may be on a mount that does not answer, or a pipe."""

_NO_IPV6 = "its brackets do not hold an IPv6 address"
_PORTS = {"http": 80, "https": 443}
_BARE_PORT = 11434
_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}  # noqa: S104 - replaced, not bound
_CLOUD_DOMAINS = ("ollama.com", "ollama.ai")
_SECRET_NAME = re.compile(r"auth|key|token|secret|cookie|passw|credential|session", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIXED_HEADERS = frozenset(
    ("accept", "connection", "content-length", "content-type", "host", "transfer-encoding", "upgrade", "user-agent")
)


@dataclass(frozen=True, repr=False)
class Header:
    """A header for every request; its value is never shown.

    Attributes:
        name: As given.
        value: Treated as a secret, whatever the name.
    """

    name: str
    value: str

    def __repr__(self) -> str:
        return f"Header({self.name}: ***)"

    @property
    def secret(self) -> bool:
        """Whether the name looks like that of a secret, which must not go over plain http unasked."""
        return bool(_SECRET_NAME.search(self.name))


@dataclass(frozen=True, repr=False)
class HostAddress:
    """Where a host is, and what is sent along with every request to it.

    >>> parse_host("gpu0")
    HostAddress(http://gpu0:11434)

    Attributes:
        url: ``http://gpu0:11434`` or ``http://gpu0:11434/prefix``: the port always told, no slash at the end, no
            credentials. It names the host in the output and in logs.
        headers: Name and value; values are secret and not part of ``repr``.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        names = "".join(f", {name}: ***" for name, _ in self.headers)
        return f"HostAddress({self.url}{names})"

    @property
    def encrypted(self) -> bool:
        """Whether it is reached by https."""
        return self.url.startswith("https://")


def parse_host(text: str) -> HostAddress:
    """One address, read by the rule of Ollama's own client.

    Without a scheme the port is 11434; ``http://gpu0`` means port 80 and ``https://gpu0`` port 443. A path is kept as a
    prefix. ``0.0.0.0``, which servers are told to listen on, becomes 127.0.0.1. Credentials (``user:password@``) become
    an Authorization header.

    Raises:
        UsageError: If it is no address, or one of Ollama's cloud, where texts would leave the house.
    """
    try:
        return _parse_host(text)
    except ValueError as error:
        raise UsageError(f"host {without_credentials(text)!r}: {error}") from None


def parse_hosts(text: str) -> tuple[HostAddress, ...]:
    """Addresses separated by commas or white space, in order, each once.

    Raises:
        UsageError: If there is none, or one is wrong; it is named.
    """
    pieces = [piece for piece in re.split(r"[,\s]+", text) if piece]
    if not pieces:
        raise UsageError("no host is named")
    hosts: dict[str, HostAddress] = {}
    for number, piece in enumerate(pieces, 1):
        try:
            host = parse_host(piece)
        except UsageError:
            if "@" in text and "@" not in piece:
                # It may be the half of a password with a comma in it.
                raise UsageError(f"host number {number} of the list is no address") from None
            raise
        # Ollama listens on 127.0.0.1, whatever else the name may stand for.
        hosts.setdefault(host.url.replace("://localhost:", "://127.0.0.1:"), host)
    return tuple(hosts.values())


def parse_header(text: str) -> Header:
    """A header from ``Name: value``.

    Raises:
        UsageError: If it is none, or one that the client sets itself. The value is not shown.
    """
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not _TOKEN.fullmatch(name):
        raise UsageError("a header is written 'Name: value' (not shown here, as it may hold a secret)")
    if name.lower() in _FIXED_HEADERS:
        raise UsageError(f"the header {name} is set by the program itself")
    if not _is_header_value(value):
        raise UsageError(f"the value of the header {name} must be plain ASCII text")
    return Header(name, value)


def _is_header_value(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def parse_slots(text: str) -> int | dict[str, int] | None:
    """Requests in flight per host: None for ``auto``, a number for every host, or a number by address.

    Raises:
        UsageError: If it is neither ``auto``, nor a number, nor pairs ``url=number``.
    """
    if text.strip().lower() == "auto":
        return None
    if "=" not in text:
        return _slots(text)
    slots: dict[str, int] = {}
    for pair in filter(None, re.split(r"[,\s]+", text)):
        address, _, number = pair.rpartition("=")
        slots[parse_host(address).url] = _slots(number)
    return slots


def with_headers(
    hosts: Iterable[HostAddress], headers: Sequence[Header], api_key: str | None, allow_insecure_auth: bool = False
) -> tuple[HostAddress, ...]:
    """The hosts with what is sent to each: its own credentials before ``headers`` before the key.

    Args:
        hosts: As parsed. Credentials in an address are for that host and are sent whatever its scheme.
        headers: For all hosts.
        api_key: Sent as a bearer token, as Ollama's client does, but to https hosts only.
        allow_insecure_auth: Send secrets over plain http, too.

    Raises:
        UsageError: If a secret header would go over plain http unasked, or the key is no value for a header.
    """
    return tuple(_with_headers(host, headers, api_key, allow_insecure_auth) for host in hosts)


def lacking_key(hosts: Iterable[HostAddress]) -> list[str]:
    """URLs of the hosts that get no Authorization header."""
    return [host.url for host in hosts if "authorization" not in {name.lower() for name, _ in host.headers}]


def without_credentials(url: str) -> str:
    """Return a host as it may be shown: with what stands before an ``@`` and after a ``?`` or ``#`` masked."""
    shown = re.sub(r"^([^/@]*://)?.*@", r"\1***@", url, flags=re.DOTALL)
    return re.sub(r"([?#]).*", r"\1***", shown, count=1, flags=re.DOTALL)


def _parse_host(text: str) -> HostAddress:
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = "http", scheme
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise ValueError("it must begin with http:// or https://, or with the host's name")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
    except ValueError:
        raise ValueError(_NO_IPV6) from None
    address = parts.netloc.rpartition("@")[2]
    if address.startswith("[") and ":" not in (parts.hostname or ""):  # Python 3.10 lets it pass
        raise ValueError(_NO_IPV6)
    if not address.strip(":"):
        raise ValueError("it names no host")
    if parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9._~%/+-]*", parts.path):
        raise ValueError("after the port there may be a plain path, nothing else")
    name = _host_name(parts.hostname or "")
    if name in _PORTS:
        raise ValueError(f"{name}: is followed by two slashes")
    if any(name == domain or name.endswith(f".{domain}") for domain in _CLOUD_DOMAINS):
        raise ValueError("this is Ollama's cloud, and texts must not leave your own hosts")
    port = _port(address) or (_PORTS[scheme] if separator else _BARE_PORT)
    path = parts.path.strip("/")
    url = f"{scheme}://{_UNSPECIFIED.get(name, name)}:{port}{'/' * bool(path)}{path}"
    if parts.username is None:
        return HostAddress(url)
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return HostAddress(url, (("Authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}"),))


def _port(address: str) -> int | None:
    """The port of ``name:port``. Errors do not quote the address, as it may hold a piece of a password with a slash."""
    match = re.fullmatch(r"(?:\[[^]]*\]|[^:]*)(?::([0-9]{0,5}))?", address)
    if match is None and ":" in address.partition(":")[2] and "[" not in address:
        raise ValueError("an IPv6 address is written in brackets, [::1]:11434")
    if match is None or not 0 < int(match[1] or 1) <= 65535:
        raise ValueError("the port must be a number from 1 to 65535")
    return int(match[1]) if match[1] else None


def _host_name(name: str) -> str:
    if ":" in name:
        try:
            address = ipaddress.IPv6Address(name)
        except ValueError:
            raise ValueError("its brackets do not hold an IPv6 address") from None
        if address.scope_id:
            raise ValueError("an IPv6 address with a zone is not supported")
        return f"[{address.compressed}]"
    if not re.fullmatch(r"[a-z0-9._-]*", name):
        raise ValueError("its name may have letters, digits, dots and hyphens only")
    return name.rstrip(".")


def _slots(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,3}", text.strip()):
        shown = without_credentials(text)
        raise UsageError(f"must be auto, a whole number from 1 to 9999, or HOST=NUMBER pairs, got {shown!r}")
    return int(text)


def _with_headers(host: HostAddress, headers: Sequence[Header], key: str | None, insecure: bool) -> HostAddress:
    may_be_secret = host.encrypted or insecure
    sent = {header.name.lower(): (header.name, header.value) for header in headers}
    sent.update({name.lower(): (name, value) for name, value in host.headers})
    for header in headers:
        if header.secret and not may_be_secret:
            raise UsageError(
                f"the header {header.name} looks like a secret and would go to {host.url} unencrypted: use https, "
                "or allow it with --allow_insecure_auth"
            )
    if key and may_be_secret:
        if not _is_header_value(key):
            raise UsageError(
                "the API key (OLLAMA_API_KEY, not shown here) must be plain ASCII text without line breaks"
            )
        sent.setdefault("authorization", ("Authorization", f"Bearer {key}"))
    return replace(host, headers=tuple(sent.values()))


@dataclass(frozen=True)
class HostsFile:
    """A text file with one host or several on a line; ``#`` begins a comment.

    Attributes:
        path: Local, or what fsspec opens.
        headers, api_key, allow_insecure_auth: What is sent to the hosts in it; see ``with_headers``.
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
            lines = within(READ_SECONDS, f"reading the hosts file {self.path}", self._lines)
        except Exception as error:  # each client library has exceptions of its own
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UsageError(f"the hosts file {self.path} can't be read: {reason}") from None
        try:
            hosts = parse_hosts(" ".join(line.partition("#")[0] for line in lines))
        except UsageError as error:
            raise UsageError(f"the hosts file {self.path}: {error}") from None
        return with_headers(hosts, self.headers, self.api_key, self.allow_insecure_auth)

    def _lines(self) -> list[str]:
        with fsspec.open(self.path, "rt", encoding="utf-8") as file:
            content: str = file.read()
        return content.splitlines()
