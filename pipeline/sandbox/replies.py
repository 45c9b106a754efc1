"""How replies look on the wire: Go's JSON, Ollama's content types, lengths and time stamps."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

JSON_TYPE = "application/json; charset=utf-8"
NDJSON_TYPE = "application/x-ndjson"
CONTENT_LENGTH_LIMIT = 2048  # Go sends Content-Length for a body up to this many bytes, else chunks

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode(value: Any) -> bytes:
    """JSON as Go writes it: compact UTF-8 with ``< > &`` and the two Unicode line ends escaped."""
    return escaped(_encode(value)).encode("utf-8", "replace")


def escaped(text: str) -> str:
    """JSON text with Go's escapes of what could harm a web page."""
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text if text.isascii() else text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def reply_json(value: Mapping[str, Any], status: int = 200) -> web.Response:
    """A JSON reply."""
    return reply_bytes(encode(value), status)


def reply_bytes(body: bytes, status: int = 200, content_type: str = JSON_TYPE) -> web.Response:
    """A reply, chunked if Go would send it so."""
    response = web.Response(body=body, status=status, headers=CIMultiDict({"Content-Type": content_type}))
    if len(body) > CONTENT_LENGTH_LIMIT:
        response.enable_chunked_encoding()
    return response


def reply_text(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A reply in plain text: the root, 404 and 405."""
    return web.Response(
        body=text.encode(), status=status, headers={"Content-Type": "text/plain; charset=utf-8", **(headers or {})}
    )


def message_fields(chat: bool, text: str, thinking: str) -> dict[str, Any]:
    """Where generate and chat put an answer; ``thinking`` is left out when empty."""
    thoughts = {"thinking": thinking} if thinking else {}
    return {"message": {"role": "assistant", "content": text} | thoughts} if chat else {"response": text} | thoughts


class Clock:
    """Time stamps as Go's RFC3339Nano: UTC, up to nine decimals, without trailing zeros."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def created_at(self) -> str:
        """The present moment."""
        return self.stamp(time.time_ns())

    def stamp(self, time_ns: int) -> str:
        """A moment that is given in nanoseconds since 1970."""
        second, nanoseconds = divmod(time_ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{nanoseconds:09d}".rstrip("0").rstrip(".") + "Z"


def local_stamp(seconds: float) -> str:
    """A moment with the server's own offset to UTC, as in ``modified_at`` and ``expires_at``."""
    offset = time.strftime("%z", time.localtime(seconds))
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
    fraction = f"{seconds % 1:.9f}"[1:].rstrip("0").rstrip(".")
    return moment + fraction + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}")
