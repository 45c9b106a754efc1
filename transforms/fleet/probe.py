"""How much a host can do, found by a few short requests: its slots, and its speed with one and with all of them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.fleet.answers import Answer
from transforms.fleet.client import HostClient
from transforms.fleet.faults import Failure, RequestFailed

MOST_AT_ONCE = 64
WAITED_SECONDS, WAITED_SHARE = 0.05, 0.25
"""A request has waited for a slot if its wait exceeds both: noise, and a share of its total time."""

LONGEST_SECONDS = 45.0
"""After so long no larger burst is begun."""


@dataclass(frozen=True)
class Speed:
    """What was found.

    Attributes:
        slots: Requests that the host works on at once; None if it hides its durations.
        more_slots: Whether it may have more: none of the requests had to wait.
        tokens_per_second_alone: Of one request that is alone.
        tokens_per_second: Of all slots together.
        characters_per_second: Source text that goes through all slots together.
        waited_seconds: For how long the first request waited, though it was the only one of ours.
        requests: That were sent.
    """

    slots: int | None
    more_slots: bool
    tokens_per_second_alone: float | None
    tokens_per_second: float | None
    characters_per_second: float | None
    waited_seconds: float
    requests: int


async def measure(
    client: HostClient, body: Callable[[str], Mapping[str, Any]], texts: Sequence[str], timeout_seconds: float
) -> Speed:
    """Sends one request, then 2, 4, 8, … at once, until some of them have to wait for a slot.

    Args:
        client: Of a host that has the model loaded.
        body: The whole request for a text.
        texts: At least ``MOST_AT_ONCE`` different texts of about one length.
        timeout_seconds: For each request.

    Raises:
        RequestFailed: If one of the requests fails; ``timeout`` if the host accepts it and does not answer.
    """

    async def ask(text: str) -> Answer:
        try:
            return await asyncio.wait_for(client.generate(body(text)), timeout_seconds)
        except asyncio.TimeoutError:
            raise RequestFailed(
                Failure.TIMEOUT, f"a request got no answer within {timeout_seconds:.0f} s: the model hangs", client.url
            ) from None

    clock = asyncio.get_running_loop().time
    began = clock()
    first = await ask(texts[0])
    alone = _tokens_per_second([first])
    waited = (first.queue_duration_ns or 0) / 1e9
    requests, at_once = 1, 2
    if first.queue_duration_ns is None:
        return Speed(None, False, alone, None, None, waited, requests)
    while True:
        burst_began = clock()
        answers = await asyncio.gather(*(ask(text) for text in texts[:at_once]))
        requests += at_once
        at_work = [answer for answer in answers if not _has_waited(answer)]
        found = len(at_work) < at_once
        # Twice as many may have to work half as fast, and half of them to wait for the others.
        too_long = 4 * (clock() - burst_began) > timeout_seconds or clock() - began > LONGEST_SECONDS
        if found or at_once >= MOST_AT_ONCE or too_long:
            break
        at_once *= 2
    slots = max(1, len(at_work))
    each = _tokens_per_second(at_work or answers)
    characters = statistics.mean(map(len, texts[:at_once]))
    seconds = [answer.service_duration_ns / 1e9 for answer in answers if answer.service_duration_ns]
    through = slots * characters / statistics.mean(seconds) if seconds else None
    return Speed(slots, not found, alone, None if each is None else slots * each, through, waited, requests)


def _has_waited(answer: Answer) -> bool:
    queue, total = answer.queue_duration_ns or 0, answer.total_duration_ns or 0
    return queue > max(WAITED_SECONDS * 1e9, WAITED_SHARE * total)


def _tokens_per_second(answers: Sequence[Answer]) -> float | None:
    """The speed of writing in one slot; None if Ollama did not tell."""
    told = [answer for answer in answers if answer.eval_count and answer.eval_duration_ns]
    seconds = sum(answer.eval_duration_ns or 0 for answer in told) / 1e9
    return sum(answer.eval_count or 0 for answer in told) / seconds if seconds else None
