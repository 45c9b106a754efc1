"""Measure a host's slots, and its speed with one and with all of them, by a few short requests."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.client import HostClient
from transforms.time_limits import limited

MAX_AT_ONCE = 64
WAITED_SECONDS, WAITED_SHARE = 0.05, 0.25
"""A request has waited for a slot if its wait exceeds both: noise, and a share of its total time."""

LONGEST_SECONDS = 45.0
"""The time after which no larger burst is started."""


@dataclass(frozen=True)
class Speed:
    """The measurements of a host.

    Attributes:
        slots: The number of requests that the host processes at once; None if its answers have no durations.
        more_slots: Whether the host may have more slots, because no request had to wait.
        tokens_per_second_alone: The output of a single request.
        tokens_per_second: The output of all slots together.
        characters_per_second: The source characters that all slots together process.
        waited_seconds: The time that the first request waited for a slot, though it was our only one.
        requests: The number of requests sent.
    """

    slots: int | None
    more_slots: bool
    tokens_per_second_alone: float | None
    tokens_per_second: float | None
    characters_per_second: float | None
    waited_seconds: float
    requests: int


async def measure(
    client: HostClient,
    body: Callable[[str], Mapping[str, Any]],
    texts: Sequence[str],
    timeout_seconds: float,
    look_at: Callable[[str, Answer], None] | None = None,
) -> Speed:
    """Send one request, then 2, 4, 8, … at once, until some of them have to wait for a slot.

    Args:
        client: The client of a host that has the model loaded.
        body: Returns the whole request for a text.
        texts: At least ``MAX_AT_ONCE`` different texts of similar length.
        timeout_seconds: The timeout of each request.
        look_at: Called with each text and its answer; what it raises ends the measurement.

    Raises:
        RequestFailed: A request failed; the class is ``timeout`` if the host accepted it but did not answer.
    """

    async def ask(text: str) -> Answer:
        try:
            answer = await limited(client.generate(body(text)), timeout_seconds)
        except asyncio.TimeoutError:
            raise RequestFailed(
                Failure.TIMEOUT, f"a request got no answer within {timeout_seconds:.0f} s: the model hangs", client.url
            ) from None
        if look_at is not None:
            look_at(text, answer)
        return answer

    clock = asyncio.get_running_loop().time
    began = clock()
    first = await ask(texts[0])
    alone = _tokens_per_second([first])
    waited = (first.waited_ns or 0) / 1e9
    requests, at_once = 1, 2
    if first.waited_ns is None:
        return Speed(None, False, alone, None, None, waited, requests)
    while True:
        burst_began = clock()
        answers = await asyncio.gather(*(ask(text) for text in texts[:at_once]))
        requests += at_once
        at_work = [answer for answer in answers if not _has_waited(answer)]
        found = len(at_work) < at_once
        # Twice as many requests may be half as fast, and half of them may have to wait for the others.
        too_long = 4 * (clock() - burst_began) > timeout_seconds or clock() - began > LONGEST_SECONDS
        if found or at_once >= MAX_AT_ONCE or too_long:
            break
        at_once *= 2
    slots = max(1, len(at_work))
    each = _tokens_per_second(at_work or answers)
    characters = statistics.mean(map(len, texts[:at_once]))
    seconds = [answer.service_duration_ns / 1e9 for answer in answers if answer.service_duration_ns]
    through = slots * characters / statistics.mean(seconds) if seconds else None
    return Speed(slots, not found, alone, None if each is None else slots * each, through, waited, requests)


def _has_waited(answer: Answer) -> bool:
    waited, total = answer.waited_ns or 0, answer.total_duration_ns or 0
    return waited > max(WAITED_SECONDS * 1e9, WAITED_SHARE * total)


def _tokens_per_second(answers: Sequence[Answer]) -> float | None:
    """Return the generation speed of one slot; None if Ollama did not report it."""
    measured = [answer for answer in answers if answer.eval_count and answer.eval_duration_ns]
    seconds = sum(answer.eval_duration_ns or 0 for answer in measured) / 1e9
    return sum(answer.eval_count or 0 for answer in measured) / seconds if seconds else None
