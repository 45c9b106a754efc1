"""Error replies of a simulated host, with Ollama's texts."""

from __future__ import annotations

import json

RUNNER_DIED = "an error was encountered while running the model: unexpected EOF"
BUSY = "server busy, please try again.  maximum pending requests exceeded"


class Refusal(Exception):
    """The request is answered with this status and ``{"error": text}``."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class RunnerDied(RuntimeError):
    """The model's runner process died; all requests that it serves or queues fail."""


def prompt_too_long(version: tuple[int, ...], prompt_tokens: int, num_ctx: int) -> str:
    """Error text of the 400 for ``truncate: false``. From 0.30 on it is llama-server's JSON in a string."""
    if version < (0, 30):
        return "the input length exceeds the context length"
    message = (
        f"request ({prompt_tokens} tokens) exceeds the available context size ({num_ctx} tokens), try increasing it"
    )
    error = {
        "code": 400,
        "message": message,
        "type": "exceed_context_size_error",
        "n_prompt_tokens": prompt_tokens,
        "n_ctx": num_ctx,
    }
    return json.dumps({"error": error}, separators=(",", ":"))


def runner_gone(version: tuple[int, ...]) -> str:
    """Error text of the 500 for requests that were queued when the runner died."""
    return f"{_runner_name(version)} process no longer running: -1 "


def runner_terminated(version: tuple[int, ...]) -> str:
    """Error text of the 500 for a request whose runner crashed."""
    return f"{_runner_name(version)} process has terminated: exit status 2"


def _runner_name(version: tuple[int, ...]) -> str:
    return "llama-server" if version >= (0, 30) else "llama runner"
