"""Keep a number of requests in flight on some hosts, and measure what they complete under this steady load."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.tune.texts import Prompt, Sample
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.client import HostClient
from transforms.time_limits import limited

LEAST_ANSWERS, EXTENSION = 8, 6.0
"""A window with fewer answers is extended, to at most so many times its length: a few answers may be chance."""

LEAST_FAILURES = 8
"""So many failures in a row, without an answer, end a measurement; with more requests in flight, as many as those."""


@dataclass(frozen=True)
class Answered:
    """One answer.

    Attributes:
        host: Address of the host.
        sent, began, ended: When the request was sent, got its slot, and was answered; seconds on the loop's clock.
        characters: Length of the source text.
        tokens: Output tokens; 0 if unknown.
        writing_seconds, reading_seconds: Time for the output, and for the prompt; 0 if unknown.
    """

    host: str
    sent: float
    began: float
    ended: float
    characters: int
    tokens: int
    writing_seconds: float
    reading_seconds: float

    def share_within(self, start: float, end: float) -> float:
        """The share of its work that lies within a window, 0 to 1."""
        if self.ended <= self.began:
            return float(start <= self.ended < end)
        return max(0.0, min(self.ended, end) - max(self.began, start)) / (self.ended - self.began)


@dataclass(frozen=True)
class Throughput:
    """What hosts complete under steady load.

    Attributes:
        rows_per_second: Rows of the sample's mean length.
        tokens_per_second: Output tokens of all requests together.
        request_tokens_per_second: Output tokens of one request, while it is written; None if unknown.
        latency_seconds, slow_seconds: Median and 95th percentile of the time from sending to answer.
        at_work: Mean number of requests that are worked on at a time, without those that wait for a slot.
        reading_share: Share of the slots' time that goes into reading prompts; None if unknown.
        answers: Number of answers that touch the window.
        failures: Number of failed requests by class.
        host_rows_per_second: ``rows_per_second`` of each host, by its address, in the order of the hosts.
    """

    rows_per_second: float
    tokens_per_second: float
    request_tokens_per_second: float | None
    latency_seconds: float
    slow_seconds: float
    at_work: float
    reading_share: float | None
    answers: int
    failures: Mapping[str, int]
    host_rows_per_second: Mapping[str, float]


async def load_model(client: HostClient, sample: Sample, timeout_seconds: float) -> None:
    """Load the sample's model with the options of its requests.

    Raises:
        RequestFailed: It can't be loaded, or not in time.
    """
    loading = client.load(sample.model, sample.options, sample.keep_alive)
    try:
        await limited(loading, timeout_seconds)
    except asyncio.TimeoutError:
        problem = f"the model did not load within {timeout_seconds:.0f} s (--request_timeout)"
        raise RequestFailed(Failure.TIMEOUT, problem, client.url) from None


class SteadyLoad:
    """Workers that each send one request after the other.

    Args:
        clients: Hosts that have the model loaded.
        in_flight: Number of requests to keep in flight on each host.
        sample: The requests; they are sent again from the start when all were sent.
        request_timeout: Seconds after which a request counts as failed.
    """

    def __init__(
        self, clients: Sequence[HostClient], in_flight: Sequence[int], sample: Sample, request_timeout: float
    ) -> None:
        self._workers = [client for client, number in zip(clients, in_flight, strict=True) for _ in range(number)]
        self._sample = sample
        self._timeout = request_timeout
        self._prompts: Iterator[Prompt] = itertools.cycle(sample.prompts)
        self._numbers = itertools.count()
        self._pending: set[int] = set()
        self._cold = len(self._workers)
        self._changed = asyncio.Event()
        self._answered: list[Answered] = []
        self._failures: Counter[str] = Counter()
        self._failed_in_a_row = 0

    async def measure(self, window_seconds: float, window_begins: Callable[[], None] = lambda: None) -> Throughput:
        """Warm up until each worker has had an answer, then measure.

        Args:
            window_seconds: Length of the measured window, unless there are few answers.
            window_begins: Called when the window begins.

        Raises:
            RequestFailed: The hosts answer no request; the last failure.
        """
        workers = [asyncio.create_task(self._work(client)) for client in self._workers]
        window = asyncio.create_task(self._window(window_seconds, window_begins))
        try:
            done, _ = await asyncio.wait((window, *workers), return_when=asyncio.FIRST_COMPLETED)
            for task in done - {window}:
                task.result()  # workers end only by an exception
            start, end = window.result()
        finally:
            for task in (window, *workers):
                task.cancel()
            await asyncio.gather(window, *workers, return_exceptions=True)
        hosts = list(dict.fromkeys(client.url for client in self._workers))
        return throughput(self._answered, self._failures, start, end, self._sample.mean_characters, hosts)

    async def _window(self, seconds: float, begins: Callable[[], None]) -> tuple[float, float]:
        """Start and end of the window, once all requests that may touch it are answered."""
        clock = asyncio.get_running_loop().time
        while self._cold:
            await self._change()
        begins()
        self._failures.clear()
        start, enough = clock(), len(self._answered) + LEAST_ANSWERS
        await asyncio.sleep(seconds)
        while len(self._answered) < enough and clock() < start + EXTENSION * seconds:
            await self._change()
        end = clock()
        touching = set(self._pending)
        while touching & self._pending:
            await self._change()
        return start, end

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _work(self, client: HostClient) -> None:
        cold = 1
        while True:
            number, prompt = next(self._numbers), next(self._prompts)
            self._pending.add(number)
            try:
                await self._send(client, prompt)
            finally:
                self._pending.discard(number)
                self._cold -= cold
                cold = 0
                self._changed.set()

    async def _send(self, client: HostClient, prompt: Prompt) -> None:
        clock = asyncio.get_running_loop().time
        sent = clock()
        try:
            answer = await limited(client.generate(prompt.body), self._timeout)
        except (RequestFailed, asyncio.TimeoutError) as error:
            failed = (
                error
                if isinstance(error, RequestFailed)
                else RequestFailed(Failure.TIMEOUT, f"no answer within {self._timeout:.0f} s", client.url)
            )
            self._failures[failed.failure.value] += 1
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= max(LEAST_FAILURES, len(self._workers)):
                raise failed from None
            return
        self._failed_in_a_row = 0
        ended = clock()
        service = answer.service_duration_ns
        began = sent if service is None else max(sent, ended - service / 1e9)
        self._answered.append(
            Answered(
                host=client.url,
                sent=sent,
                began=began,
                ended=ended,
                characters=prompt.characters,
                tokens=answer.eval_count or 0,
                writing_seconds=(answer.eval_duration_ns or 0) / 1e9,
                reading_seconds=(answer.prompt_eval_duration_ns or 0) / 1e9,
            )
        )


def throughput(
    answered: Sequence[Answered],
    failures: Mapping[str, int],
    start: float,
    end: float,
    mean_characters: float,
    hosts: Sequence[str],
) -> Throughput:
    """What was completed within a window.

    Args:
        answered: All answers, also those of the warm-up and after the window.
        failures: Number of failed requests by class.
        start: Begin of the window, on the clock of the answers.
        end: Its end.
        mean_characters: Mean length of a row.
        hosts: Addresses of the hosts, in order.
    """
    seconds = end - start
    shares = [(each, share) for each in answered if (share := each.share_within(start, end))]
    touching = [each for each, _ in shares]
    rows = dict.fromkeys(hosts, 0.0)
    for each, share in shares:
        rows[each.host] += share * each.characters / mean_characters / seconds
    latencies = sorted(each.ended - each.sent for each in touching)
    writing = sum(each.writing_seconds for each in touching)
    reading = sum(each.reading_seconds for each in touching)
    return Throughput(
        rows_per_second=sum(rows.values()),
        tokens_per_second=sum(share * each.tokens for each, share in shares) / seconds,
        request_tokens_per_second=sum(each.tokens for each in touching) / writing if writing else None,
        latency_seconds=statistics.median(latencies) if latencies else 0.0,
        slow_seconds=latencies[min(len(latencies) - 1, int(0.95 * len(latencies)))] if latencies else 0.0,
        at_work=sum(share * (each.ended - each.began) for each, share in shares) / seconds,
        reading_share=reading / (reading + writing) if writing else None,
        answers=len(touching),
        failures=dict(failures),
        host_rows_per_second=rows,
    )
