"""What can go wrong with one request, and whose fault it is.

A host's fault costs the row nothing and goes elsewhere. A row's fault is charged to the row. A fault of the request
itself (a wrong option, say) would come back for every row, so it ends the run.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
from enum import Enum

import aiohttp
import httpx
import ollama
import pydantic

from transforms.errors import TranslateError


class Blame(Enum):
    """Who is charged for a failed request."""

    HOST = "host"
    ROW = "row"
    UNCLEAR = "unclear"  # the row's, once it has happened twice
    MODEL = "model"  # the host lacks the model: it is out
    REQUEST = "request"  # every request would fail like this: the run ends, unless another host takes it


class Failure(str, Enum):
    """Classes of failed requests, as they stand in summaries and in ``…_error`` columns."""

    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_LOST = "connection_lost"
    NAME_NOT_FOUND = "name_not_found"
    TLS_FAILURE = "tls_failure"
    TIMEOUT = "timeout"
    BUSY = "busy"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    NOT_JSON = "not_json"
    FORBIDDEN = "forbidden"
    REDIRECTED = "redirected"
    NOT_OLLAMA = "not_ollama"
    UNEXPECTED_ANSWER = "unexpected_answer"
    MODEL_MISSING = "model_missing"
    BAD_REQUEST = "bad_request"
    INVALID_OPTIONS = "invalid_options"
    INPUT_TOO_LONG = "input_too_long"
    OUTPUT_TRUNCATED = "output_truncated"
    GENERATION_ABORTED = "generation_aborted"
    SUPERSEDED = "superseded"
    """No fault: another host was quicker with a copy."""


BLAME = {
    Failure.MODEL_MISSING: Blame.MODEL,
    Failure.INVALID_OPTIONS: Blame.REQUEST,
    Failure.INPUT_TOO_LONG: Blame.ROW,
    Failure.OUTPUT_TRUNCATED: Blame.ROW,
    Failure.BAD_REQUEST: Blame.UNCLEAR,
    Failure.GENERATION_ABORTED: Blame.UNCLEAR,
}
"""Every other class is the host's fault."""

NEVER_A_TEXTS = frozenset(
    {
        Failure.BUSY,
        Failure.CONNECTION_REFUSED,
        Failure.NAME_NOT_FOUND,
        Failure.TLS_FAILURE,
        Failure.REDIRECTED,
    }
)
"""Faults of hosts that no text can cause, however often it meets them: a proxy may refuse most requests at times."""

HOPELESS = (
    'option "',
    "invalid format",
    "invalid JSON schema",
    "template: ",
    "does not support",
    "invalid model name",
    "invalid think value",
    "invalid duration",
    "missing unit in duration",
    "raw mode",
    "cannot unmarshal",
)
"""Texts of 400s and 500s that no other row would escape, and seldom another host (wrong options come as 500)."""


_API_PATH = re.compile(r"/(?:api|v1)(?:/[a-z/]*)?$")
"""What people copy from examples of requests; it may also be a proxy's prefix."""

LONGEST_RETRY_AFTER_SECONDS = 60
"""What a host that asks for a pause gets at the most."""


class RequestFailed(TranslateError):
    """One request to one host failed.

    Attributes:
        failure: Its class.
        host: The host's address.
        retry_after_seconds: What the host asked for, if it did.
    """

    def __init__(self, failure: Failure, message: str, host: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.failure = failure
        self.host = host
        self.retry_after_seconds = retry_after_seconds

    @property
    def blame(self) -> Blame:
        """Who is charged for it."""
        return BLAME.get(self.failure, Blame.HOST)


class RowRejected(TranslateError):
    """A text can't be translated by any host that was tried; ``failure`` is the class of the last reason."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


def from_status(status: int, body: str, host: str, retry_after_seconds: float | None = None) -> RequestFailed:
    """The failure that an HTTP status and body stand for.

    Args:
        status: 300 or more.
        body: The error's text; may be HTML from a proxy, or empty.
        host: The host's address.
        retry_after_seconds: From the header of the same name.
    """
    text = short(body)
    # What stands in a proxy's page of HTML says nothing of the request.
    failure = _class_of_page(status) if body.lstrip()[:1] == "<" else _class_of(status, body)
    told = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    if failure is Failure.NOT_OLLAMA:
        told += f"; no Ollama answers at {host}"
        if api := _API_PATH.search(host):
            told += f", the address should end before {api[0]}"
    return RequestFailed(failure, told, host, retry_after_seconds)


def _class_of_page(status: int) -> Failure:
    failure = _class_of(status, "")
    return Failure.BAD_GATEWAY if failure in (Failure.BAD_REQUEST, Failure.SERVER_ERROR) else failure


def _class_of(status: int, body: str) -> Failure:
    if status in (400, 500) and any(text in body for text in HOPELESS):
        return Failure.INVALID_OPTIONS
    if status == 500 and "token repeat limit" in body:  # what later versions of Ollama send instead of ``done: false``
        return Failure.GENERATION_ABORTED
    if status == 400:
        # Three different texts say that a prompt is too long; all have the word in them.
        return Failure.INPUT_TOO_LONG if "context" in body else Failure.BAD_REQUEST
    if status == 404:
        return Failure.MODEL_MISSING if "model" in body else Failure.NOT_OLLAMA
    if status == 413:
        return Failure.INPUT_TOO_LONG
    if status in (401, 403, 407):
        return Failure.FORBIDDEN
    if status < 400:
        return Failure.REDIRECTED
    if status in (429, 503):
        return Failure.BUSY
    if status in (502, 504):
        return Failure.BAD_GATEWAY
    if status == 405:
        return Failure.NOT_OLLAMA
    return Failure.SERVER_ERROR


def from_exception(error: Exception, host: str) -> RequestFailed:
    """The failure that an exception of the client stands for.

    httpx-aiohttp reports refused, closed and reset connections alike as a connect timeout, so the cause is looked at.
    Exceptions that no broken host can provoke are raised again.
    """
    if isinstance(error, ollama.ResponseError):
        return from_status(error.status_code, str(error.error), host, _retry_after_seconds(error))
    chain = list(_causes(error))
    text = short(str(chain[-1]) or type(chain[-1]).__name__)
    if any(isinstance(link, ssl.SSLError | ssl.CertificateError) for link in chain):
        return RequestFailed(Failure.TLS_FAILURE, f"TLS: {text}", host)
    if any(isinstance(link, socket.gaierror) for link in chain):
        return RequestFailed(Failure.NAME_NOT_FOUND, f"the host's name is not known: {text}", host)
    if any(isinstance(link, OSError) and link.errno in (errno.EMFILE, errno.ENFILE) for link in chain):
        message = "this machine lets the program open no more connections: raise its limit (ulimit -n)"
        return RequestFailed(Failure.CONNECTION_LOST, message, host)
    if any(isinstance(link, ConnectionRefusedError) for link in chain):
        return RequestFailed(Failure.CONNECTION_REFUSED, "connection refused", host)
    if any(isinstance(link, json.JSONDecodeError | pydantic.ValidationError | UnicodeDecodeError) for link in chain):
        return RequestFailed(Failure.NOT_JSON, "the answer is not Ollama's JSON", host)
    if any(isinstance(link, aiohttp.ClientResponseError) for link in chain):
        # What is wrong is not told: it may be a piece of a text.
        return RequestFailed(Failure.CONNECTION_LOST, "the answer is not HTTP, or broken", host)
    if any(isinstance(link, TimeoutError | asyncio.TimeoutError) for link in chain):
        return RequestFailed(Failure.TIMEOUT, "no connection in time", host)
    if isinstance(error, httpx.HTTPError | OSError):
        return RequestFailed(Failure.CONNECTION_LOST, f"connection lost: {text}", host)
    # A JSON body that is no object makes the client itself stumble (ollama 0.6.3), Python one that is nested without an
    # end, or a number without one. What can't be encoded was not the host's.
    unreadable = isinstance(error, AttributeError | TypeError | ValueError | RecursionError)
    if unreadable and not isinstance(error, UnicodeEncodeError):
        return RequestFailed(Failure.NOT_JSON, "the answer is not Ollama's JSON", host)
    raise error


def _retry_after_seconds(error: ollama.ResponseError) -> float | None:
    """The header of this name, if it holds seconds; the client keeps the answer only as the context of its error."""
    answer = error.__context__
    if not isinstance(answer, httpx.HTTPStatusError):
        return None
    value = answer.response.headers.get("retry-after", "").strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return float(min(int(value[:9]), LONGEST_RETRY_AFTER_SECONDS))  # Python refuses to read thousands of digits


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def short(text: str, limit: int = 160) -> str:
    """``text`` on one line, cut to ``limit`` characters; error texts of servers can be whole pages."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
