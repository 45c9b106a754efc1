"""How a simulated host refuses a request, in the words of Ollama."""

from __future__ import annotations

import json

RUNNER_DIED = "an error was encountered while running the model: unexpected EOF"
BUSY = "server busy, please try again.  maximum pending requests exceeded"


class Refusal(Exception):
    """A request ends with this status and ``{"error": text}``."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class RunnerDied(RuntimeError):
    """The process that runs the model is gone; everybody who works or waits on it fails."""


def prompt_too_long(version: tuple[int, ...], prompt_tokens: int, num_ctx: int) -> str:
    """The text of the 400 for ``truncate: false``; from 0.30 on it is the JSON of llama-server as a string."""
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
    """The text of the 500 for those who waited when the runner died."""
    return f"llama{'-server' if version >= (0, 30) else ' runner'} process no longer running: -1 "
