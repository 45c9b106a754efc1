"""The contenders' input and record, and the request that all of them send."""

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
NUM_PREDICT = 1500
KEEP_ALIVE = "30m"
RETRIES = 3
"""Retries per row, after which the row is lost. Our fleet has its own retry policy."""


@dataclass(frozen=True)
class Job:
    """Rows to send, and their hosts.

    Attributes:
        urls: The hosts.
        slots: Initial slots of the hosts, only for the contender that knows them.
        texts: The rows.
    """

    urls: Sequence[str]
    slots: Sequence[int]
    texts: Sequence[str]


@dataclass
class Record:
    """The progress of a contender. Another thread reads it when the contender is cut off.

    Attributes:
        answered_at: ``time.time()`` of each answer, by row number.
        requests: Requests sent by host; empty if unknown.
        limits: Final limit of each host; empty if the contender has none.
    """

    answered_at: dict[int, float] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    limits: dict[str, int] = field(default_factory=dict)

    def answered(self, row: int) -> None:
        """Record the answer of a row."""
        self.answered_at[row] = time.time()


Contend = Callable[[Job, Record], None]
"""A function that sends all rows of a job, and returns when each is answered or lost."""


def prompt_of(text: str) -> str:
    """The user message."""
    return f"<source>\n{text}\n</source>"


class Hosts:
    """One ``ollama.AsyncClient`` per host, as in its documentation; not used by our fleet and litellm."""

    def __init__(self, job: Job, record: Record) -> None:
        self._record = record
        self._clients = {url: ollama.AsyncClient(url, trust_env=False) for url in job.urls}

    async def ask(self, url: str, row: int, text: str) -> bool:
        """Ask a host for a row. Records and returns whether it answered."""
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
