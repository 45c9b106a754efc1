"""A host that answers whatever bytes a test wants, where the simulated host is too well-behaved."""

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
    """A whole HTTP answer with a JSON body, or with bytes as they are."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return f"{head}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


class RawHost:
    """Serves real HTTP until its context ends; what a test does not answer itself is answered well.

    Args:
        answer: Takes path and body of a request; its bytes, or pieces of them, are sent as they are. None is a good
            answer.
        closes: Whether each answer ends its connection without saying so.
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
                with suppress(ConnectionError):  # the client may have had enough
                    for piece in (sent,) if isinstance(sent, bytes) else sent:
                        self.wfile.write(piece)
                self.close_connection = closes

            def log_message(self, *words: Any) -> None:
                """Says nothing."""

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
