"""A host that sends any bytes a test wants, for tests for which the simulated host is too well-behaved."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

GOOD: dict[str, Any] = {
    "model": "mistral",
    "created_at": "2026-01-02T03:04:05Z",
    "response": "The report is ready.",
    "done": True,
    "done_reason": "stop",
    "total_duration": 4_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_count": 10,
    "prompt_eval_duration": 1_000_000,
    "eval_count": 5,
    "eval_duration": 2_000_000,
}
DISCOVERY: dict[str, Any] = {
    "/api/version": {"version": "0.33.0"},
    "/api/tags": {"models": [{"name": "mistral:latest", "digest": "ab" * 32, "size": 1}]},
    "/api/ps": {"models": []},
}

Sent = bytes | Iterable[bytes] | None


def reply(value: Any, head: str = "HTTP/1.1 200 OK", headers: str = "") -> bytes:
    """Return a complete HTTP response whose body is the value as JSON, or the value itself if it is bytes."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return f"{head}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


class RawHost:
    """Serves real HTTP until its context ends. Requests that the test does not answer itself get a valid response.

    Args:
        answer: Returns the bytes to send, whole or in pieces, for the path and the body of a request; None for a valid
            response.
        closes: Whether to close the connection after each response without announcing it.
    """

    def __init__(self, answer: Callable[[str, dict[str, Any]], Sent], closes: bool = False) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                sent = answer(self.path, body)
                if sent is None:
                    loads = {"done_reason": "load", "response": ""} if body.get("prompt") == "" else {}
                    sent = reply(DISCOVERY.get(self.path) or {**GOOD, "model": body.get("model"), **loads})
                with suppress(ConnectionError):  # the client may have disconnected
                    for piece in (sent,) if isinstance(sent, bytes) else sent:
                        self.wfile.write(piece)
                self.close_connection = closes

            def log_message(self, *words: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> RawHost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
