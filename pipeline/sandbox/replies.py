"""Replies on the wire: Go's JSON, and Ollama's content types, framing and time stamps."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

JSON_TYPE = "application/json; charset=utf-8"
NDJSON_TYPE = "application/x-ndjson"
CONTENT_LENGTH_LIMIT = 2048  # bytes; Go sends larger bodies chunked

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode(value: Any) -> bytes:
    """Encode JSON as Go does: compact UTF-8 with ``< > &`` and the two Unicode line separators escaped."""
    return escaped(_encode(value)).encode("utf-8", "replace")


def escaped(text: str) -> str:
    """JSON text with the escapes that Go adds for HTML safety."""
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text if text.isascii() else text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def reply_json(value: Mapping[str, Any], status: int = 200) -> web.Response:
    """A JSON reply."""
    return reply_bytes(encode(value), status)


def reply_bytes(body: bytes, status: int = 200, content_type: str = JSON_TYPE) -> web.Response:
    """A reply, chunked where Go would send it chunked."""
    response = web.Response(body=body, status=status, headers=CIMultiDict({"Content-Type": content_type}))
    if len(body) > CONTENT_LENGTH_LIMIT:
        response.enable_chunked_encoding()
    return response


def reply_text(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A plain-text reply, as for the root, 404 and 405."""
    return web.Response(
        body=text.encode(), status=status, headers={"Content-Type": "text/plain; charset=utf-8", **(headers or {})}
    )


def message_fields(chat: bool, text: str | None, thinking: str) -> dict[str, Any]:
    """The fields that carry an answer in generate and chat replies; an empty ``thinking`` is omitted."""
    thoughts = {"thinking": thinking} if thinking else {}
    return {"message": {"role": "assistant", "content": text} | thoughts} if chat else {"response": text} | thoughts


class Clock:
    """Time stamps in Go's RFC3339Nano format: UTC, up to nine decimals, without trailing zeros."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def created_at(self) -> str:
        """The current time."""
        return self.stamp(time.time_ns())

    def stamp(self, time_ns: int) -> str:
        """A time given in nanoseconds since 1970."""
        second, nanoseconds = divmod(time_ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{nanoseconds:09d}".rstrip("0").rstrip(".") + "Z"


def local_stamp(seconds: float) -> str:
    """A time with the server's UTC offset, as in ``modified_at`` and ``expires_at``."""
    offset = time.strftime("%z", time.localtime(seconds))
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
    fraction = f"{seconds % 1:.9f}"[1:].rstrip("0").rstrip(".")
    return moment + fraction + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}")
