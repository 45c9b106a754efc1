"""What a contender is given, what it notes, and the one request that all of them send."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
import ollama

MODEL = "mistral"
SYSTEM = "Translate the French text into English."
OPTIONS = {"num_ctx": 4096, "temperature": 0.0, "seed": 1}
NUM_PREDICT = 400
KEEP_ALIVE = "30m"
RETRIES = 3
"""After the first try; a row that fails then is lost. Ours alone decides for itself."""


@dataclass(frozen=True)
class Job:
    """Rows to send, and where.

    Attributes:
        urls: The hosts.
        slots: Their slots in the beginning, for the one contender that is told.
        texts: The rows.
    """

    urls: Sequence[str]
    slots: Sequence[int]
    texts: Sequence[str]


@dataclass
class Record:
    """What a contender did so far; read from another thread when its time is over.

    Attributes:
        answered_at: When each answered row got its answer (``time.time()``), by the row's number.
        requests: Requests sent, by host; empty if the contender can't tell.
        limits: The limit that was found for each host at the end, by host; empty if nothing was to be found.
    """

    answered_at: dict[int, float] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    limits: dict[str, int] = field(default_factory=dict)

    def answered(self, row: int) -> None:
        """A row got its answer."""
        self.answered_at[row] = time.time()


Contend = Callable[[Job, Record], None]
"""Sends all rows of a job, and returns when each is answered or lost."""


def prompt_of(text: str) -> str:
    """The user turn."""
    return f"<source>\n{text}\n</source>"


class Hosts:
    """One ``ollama.AsyncClient`` per host, as its documentation shows it; for the contenders but ours and litellm."""

    def __init__(self, job: Job, record: Record) -> None:
        self._record = record
        self._clients = {url: ollama.AsyncClient(url, trust_env=False) for url in job.urls}

    async def ask(self, url: str, row: int, text: str) -> bool:
        """Whether the host at ``url`` answered the row, which is noted then."""
        self._record.requests[url] += 1
        try:
            answer = await self._clients[url].generate(
                MODEL,
                prompt_of(text),
                system=SYSTEM,
                think=False,
                keep_alive=KEEP_ALIVE,
                options={**OPTIONS, "num_predict": NUM_PREDICT},
            )
        except (ollama.ResponseError, ConnectionError, httpx.HTTPError):
            return False
        if not answer.done or not answer.response:
            return False
        self._record.answered(row)
        return True
