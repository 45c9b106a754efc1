"""The class of fault that an HTTP status, or an exception of the HTTP client, stands for."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http import HttpProcessingError

from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.host_messages import quotable

LONGEST_RETRY_AFTER_SECONDS = 60
"""The longest pause that a host which asks for one is given."""

INVALID_REQUEST = (
    'option "',
    "invalid format",
    "invalid JSON schema",
    "template: ",
    "does not support",
    "invalid model name",
    "invalid think value",
    "think value",
    "invalid duration",
    "missing unit in duration",
    "raw mode",
    "cannot unmarshal",
)
"""Texts of Ollama's 400s and 500s that mean the request itself is invalid (wrong option types come as 500)."""

_CRASH = re.compile(
    r"running the model|runner|llama-server|unexpected EOF|^EOF|CUDA|cuBLAS|ROCm|HIP error|GGML|Metal|"
    r"signal|segmentation|SIG[A-Z]{3,}|exit status|core dump|connection re(?:fused|set)|illegal memory|out of memory",
    re.IGNORECASE,
)
"""Texts of Ollama's 500s that mean the model's process has died."""

_TOO_LONG = re.compile(r"context (?:length|size|window)|exceed_context|longer than the context", re.IGNORECASE)
"""Texts of Ollama's 400s that mean the prompt does not fit. A 400 with "context deadline exceeded" is no such text."""

_API_PATH = re.compile(r"/(?:api|v1)(?:/[a-z/]*)?$")
"""What people copy from examples of requests; it may also be a proxy's prefix."""

_NOT_HTTP = aiohttp.ClientResponseError, aiohttp.ClientPayloadError, HttpProcessingError

_BROKEN_JSON = "the answer is not Ollama's JSON"


@dataclass(frozen=True)
class ErrorReply:
    """A reply that is an error.

    Attributes:
        status: Its HTTP status.
        body: Its text, perhaps cut; may be HTML of a proxy, or empty.
        retry_after: The header of this name; empty without one.
        location: The header of this name; empty without one.
        seconds: How long the reply took.
    """

    status: int
    body: str = ""
    retry_after: str = ""
    location: str = ""
    seconds: float = 0.0


def from_reply(reply: ErrorReply, host: str, model: str = "", private: str = "") -> RequestFailed:
    """The failure that an error reply stands for.

    Args:
        reply: What the host sent.
        host: The host's address.
        model: The model that was asked for; its name may be shown.
        private: What the host was sent; nothing of it is shown.
    """
    text, own = _error_text(reply.body)
    failure = _class_of(reply.status, text, own)
    shown = quotable(text, model, private)
    message = f"HTTP {reply.status}: {shown}" if shown else f"HTTP {reply.status}"
    return RequestFailed(failure, message + _remedy(failure, reply, host), host, _pause_seconds(reply.retry_after))


def _error_text(body: str) -> tuple[str, bool]:
    """The text of an error, and whether it has the form of Ollama's own errors."""
    try:
        message = json.loads(body) if body.lstrip()[:1] == "{" else None
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or "error" not in message:
        return body, False
    return _text_of(message["error"]), True


def _text_of(error: Any) -> str:
    """The text of the ``error`` field; from Ollama 0.30 on it may hold another JSON object, as an object or as text."""
    if isinstance(error, dict):
        return _text_of(error.get("message") or error.get("error") or "")
    return error if isinstance(error, str) else ""


def _class_of(status: int, text: str, own: bool) -> Failure:
    if own and status in (200, 400, 500) and (failure := _class_of_own_text(text)) is not None:
        return failure
    if status in (401, 403, 407):
        return Failure.FORBIDDEN
    if status == 404:
        return Failure.MODEL_MISSING if own and "model" in text else Failure.NOT_OLLAMA
    if status == 405:
        return Failure.NOT_OLLAMA
    if status == 413:
        return Failure.PAYLOAD_TOO_LARGE
    if status in (408, 504, 524):
        return Failure.GATEWAY_TIMEOUT
    if status in (429, 503):
        return Failure.BUSY
    if 300 <= status < 400:
        return Failure.REDIRECTED
    if status == 400 and own:
        # Servers of Go name their own deadlines "context deadline exceeded" and "context canceled".
        return Failure.SERVER_ERROR if "deadline" in text or "context cancel" in text else Failure.BAD_REQUEST
    return Failure.SERVER_ERROR if own else Failure.BAD_GATEWAY


def _class_of_own_text(text: str) -> Failure | None:
    if any(part in text for part in INVALID_REQUEST):
        return Failure.INVALID_OPTIONS
    if _TOO_LONG.search(text):
        return Failure.INPUT_TOO_LONG
    if "token repeat limit" in text:  # what later versions of Ollama send instead of ``done: false``
        return Failure.GENERATION_ABORTED
    if "model" in text and "not found" in text:
        return Failure.MODEL_MISSING
    return Failure.MODEL_CRASHED if _CRASH.search(text) else None


def _remedy(failure: Failure, reply: ErrorReply, host: str) -> str:
    if failure is Failure.NOT_OLLAMA:
        text = f"; no Ollama answers at {host}"
        return text + (f", the address should end before {api[0]}" if (api := _API_PATH.search(host)) else "")
    if failure is Failure.REDIRECTED:
        place = urlsplit(reply.location)
        target = f" ({place.scheme}://{quotable_host(place.netloc)})" if place.scheme in ("http", "https") else ""
        return f"; redirects are not followed: use the address that the host redirects to{target}"
    if failure is Failure.FORBIDDEN and reply.status == 403 and not reply.body:
        return "; Ollama refuses this host name: use the IP address, or let it listen with OLLAMA_HOST=0.0.0.0"
    if failure is Failure.FORBIDDEN and reply.status == 407:
        return "; the proxy wants credentials: write them into the proxy's address in the environment"
    if failure is Failure.FORBIDDEN:
        return "; give the credentials with --header 'Authorization: ...'"
    if failure is Failure.PAYLOAD_TOO_LARGE:
        return "; a proxy before the host refuses bodies of this size: raise its limit (nginx: client_max_body_size)"
    if failure is Failure.GATEWAY_TIMEOUT:
        return (
            f" after {reply.seconds:.0f} s; a proxy before the host ends requests at a time limit of its own: raise it "
            "(nginx: proxy_read_timeout)"
        )
    return ""


def quotable_host(netloc: str) -> str:
    """The host and port of a URL without its credentials; an ellipsis for what is no host name."""
    name = netloc.rpartition("@")[2]
    return name if re.fullmatch(r"[A-Za-z0-9.:\[\]_-]{1,200}", name) else "…"


def _pause_seconds(value: str) -> float | None:
    """The pause of a ``Retry-After`` header, if it holds seconds."""
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return float(min(int(value[:9]), LONGEST_RETRY_AFTER_SECONDS))  # Python refuses to read thousands of digits


def not_ollamas_answer(status: int, body: bytes, host: str) -> RequestFailed:
    """The failure of a good status whose body is no JSON object of Ollama's."""
    if body.lstrip()[:1] == b"<":
        message = f"HTTP {status} with a page of HTML instead of JSON; no Ollama answers at {host}"
        return RequestFailed(Failure.NOT_OLLAMA, message, host)
    return RequestFailed(Failure.NOT_JSON, _BROKEN_JSON, host)


def from_exception(error: Exception, host: str) -> RequestFailed:
    """The failure that an exception of the HTTP client stands for.

    The exception's text is not quoted where the host may have written it. Exceptions that no host can provoke are
    raised again, as they are bugs.
    """
    chain = list(_causes(error))
    if any(isinstance(link, ssl.SSLError | ssl.CertificateError | aiohttp.ServerFingerprintMismatch) for link in chain):
        reason = next((reason for link in chain if (reason := getattr(link, "reason", ""))), "")
        detail = f" ({str(reason).lower().replace('_', ' ')})" if re.fullmatch(r"[A-Z0-9_]{1,60}", str(reason)) else ""
        message = (
            f"TLS: the host's certificate or protocol is not accepted{detail}; set SSL_CERT_FILE to a file with the "
            "certificate of its authority, or check that the address is https"
        )
        return RequestFailed(Failure.TLS_FAILURE, message, host)
    if any(isinstance(link, socket.gaierror) for link in chain):
        return RequestFailed(Failure.NAME_NOT_FOUND, "the host's name can't be resolved", host)
    if any(isinstance(link, OSError) and link.errno in (errno.EMFILE, errno.ENFILE) for link in chain):
        message = "this machine lets the program open no more connections: raise its limit (ulimit -n)"
        return RequestFailed(Failure.CONNECTION_LOST, message, host)
    if any(isinstance(link, ConnectionRefusedError) for link in chain):
        return RequestFailed(Failure.CONNECTION_REFUSED, "connection refused", host)
    if proxy := next((link for link in chain if isinstance(link, aiohttp.ClientHttpProxyError)), None):
        return from_reply(ErrorReply(proxy.status), host)
    if any(isinstance(link, _NOT_HTTP) for link in chain):
        return RequestFailed(Failure.CONNECTION_LOST, "the answer is not HTTP, or broken", host)
    if any(isinstance(link, TimeoutError | asyncio.TimeoutError) for link in chain):
        return RequestFailed(Failure.TIMEOUT, "no connection in time", host)
    if isinstance(error, aiohttp.ClientError | OSError):
        reason = next((link.strerror for link in chain if isinstance(link, OSError) and link.strerror), "")
        return RequestFailed(Failure.CONNECTION_LOST, f"connection lost{reason and f': {quotable(reason)}'}", host)
    raise error


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain
