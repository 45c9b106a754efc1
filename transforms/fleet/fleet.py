"""The fleet: one request in, one whole answer out, whichever hosts it takes. Lives in one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.errors import RunFailed, RunStopped, TranslateError
from transforms.fleet.admission import inspect
from transforms.fleet.answers import Answer
from transforms.fleet.breaker import Breaker
from transforms.fleet.client import HostClient
from transforms.fleet.deadlines import Deadline
from transforms.fleet.dispatch import Attempt, Dispatcher, HostState, Job, Verdict
from transforms.fleet.faults import Blame, Failure, RequestFailed, RowRejected
from transforms.fleet.hosts import HostAddress
from transforms.fleet.limits import AdaptiveLimit, FixedLimit, Limit
from transforms.fleet.outage import OutageWatch

LOG = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
WAKE_LATE_SECONDS = 0.001
"""The loop's clock may wake us a little early."""
MISSING_MODEL_RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class FleetSettings:
    """What holds for every request of a run.

    Attributes:
        model: As Ollama knows it.
        model_digest: That every host must have; None accepts any.
        options: Ollama's options that stay the same in every request, ``num_ctx`` above all: another value makes a
            host load its model again.
        keep_alive: For how long a host keeps the model, in Ollama's notation.
        slots: Requests in flight per host: None to find them, a number for every host, or a number per address.
        request_timeout_seconds: The longest that a request may take, a load of the model included.
        max_outage_seconds: How long the run waits when no host is healthy.
        use_proxy: Whether proxies of the environment are used.
    """

    model: str
    options: Mapping[str, Any]
    keep_alive: str | float
    model_digest: str | None = None
    slots: int | Mapping[str, int] | None = None
    request_timeout_seconds: float = 300.0
    max_outage_seconds: float = 1800.0
    use_proxy: bool = False


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What differs from request to request.

    Attributes:
        prompt: Never empty: that would be a command to load the model.
        system: The system turn; None to leave the model's own, never with ``raw``.
        num_predict: The most tokens that may be answered; at least 1 (0 is endless).
        options: Options beside the constant ones (temperature, seed, …).
        raw: Whether the prompt goes to the model without its template.
        size: Characters of the text, for longest first.
    """

    prompt: str
    system: str | None
    num_predict: int
    options: Mapping[str, Any]
    size: int
    raw: bool = False


@dataclass(frozen=True)
class HostView:
    """A host as progress lines and summaries show it."""

    url: str
    state: str
    in_flight: int
    limit: int


@dataclass(eq=False, slots=True)
class _Waiting:
    """A job with what it takes to send it and to tell its end."""

    request: GenerateRequest
    job: Job
    future: asyncio.Future[Answer]


@dataclass(eq=False)
class _Running:
    """An attempt that is under way."""

    waiting: _Waiting
    task: asyncio.Task[None] | None = None
    expired: bool = False


class Fleet:
    """Sends requests to hosts until each has its answer.

    Call ``start`` inside the loop, ``generate`` for each text, ``close`` at the end; ``stop`` drops all work at once.
    """

    def __init__(self, addresses: Sequence[HostAddress], settings: FleetSettings) -> None:
        self._settings = settings
        self._clients = {address.url: HostClient(address, settings.use_proxy) for address in addresses}
        self._dispatcher = Dispatcher(
            HostState(address.url, self._limit(address.url), Breaker(), Deadline(settings.request_timeout_seconds))
            for address in addresses
        )
        self._waiting: dict[Job, _Waiting] = {}
        self._running: dict[int, _Running] = {}
        self._admissions: list[asyncio.Task[None]] = []
        self._outage = OutageWatch(self._dispatcher, settings.max_outage_seconds, self._end)
        self._wake: asyncio.TimerHandle | None = None
        self._ended: TranslateError | None = None

    def _limit(self, url: str) -> Limit:
        slots = self._settings.slots
        number = slots.get(url) if isinstance(slots, Mapping) else slots
        return AdaptiveLimit() if number is None else FixedLimit(number)

    def start(self) -> None:
        """Begins to check the hosts; each takes work as soon as it has the model loaded."""
        self._loop = asyncio.get_running_loop()
        self._admissions = [self._loop.create_task(self._admit(host)) for host in self._dispatcher.hosts.values()]
        self._outage.look()

    def capacity(self) -> int:
        """Requests that the healthy hosts may have in flight together."""
        return self._dispatcher.capacity()

    def view(self) -> list[HostView]:
        """The hosts as they are now; safe to call from another thread."""
        return [
            HostView(host.url, host.state(), host.in_flight, host.limit.limit())
            for host in self._dispatcher.hosts.values()
        ]

    async def generate(self, request: GenerateRequest, attempts: list[Attempt]) -> Answer:
        """One whole answer to ``request``; every request that was sent for it is appended to ``attempts``.

        Raises:
            RowRejected: If the text is at fault.
            RunFailed: If the run can't go on (no host came back in time, or every request would fail like this).
            RunStopped: If the run was asked to stop.
        """
        if self._ended is not None:
            raise self._ended
        job = Job(request.size, attempts=attempts)
        waiting = _Waiting(request, job, self._loop.create_future())
        self._waiting[job] = waiting
        self._dispatcher.add(job)
        self._pump()
        try:
            return await waiting.future
        finally:
            del self._waiting[job]
            self._end_copies(job)

    def _pump(self) -> None:
        """Sends what may be sent now, and comes back when the next probe is due."""
        if self._ended is not None:
            return
        now = self._loop.time()
        while (chosen := self._dispatcher.next(now)) is not None:
            key, job, host = chosen
            waiting = self._waiting.get(job)
            if waiting is None:  # whoever asked has left
                self._dispatcher.cancelled(key, now)
                continue
            running = _Running(waiting)
            self._running[key] = running
            running.task = self._loop.create_task(self._attempt(key, running, host))
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self._dispatcher.next_probe_at() if self._dispatcher.pending else self._dispatcher.next_copy_at()
        if due is not None:
            self._wake = self._loop.call_at(max(due, now) + WAKE_LATE_SECONDS, self._pump)

    async def _attempt(self, key: int, running: _Running, host: HostState) -> None:
        request, job = running.waiting.request, running.waiting.job
        seconds = host.deadline.seconds(request.num_predict, job.charged)
        timer = self._loop.call_later(seconds, self._expire, running)
        try:
            answer = await self._clients[host.url].generate(self._body(request))
        except RequestFailed as failed:
            self._failed(key, running, host, failed)
        except asyncio.CancelledError:
            if not running.expired:
                raise
            message = f"no answer within {seconds:.0f} s"
            self._failed(key, running, host, RequestFailed(Failure.TIMEOUT, message, host.url))
        else:
            self._answered(key, running, host, answer)
        finally:
            timer.cancel()
            self._running.pop(key, None)
        self._pump()

    @staticmethod
    def _expire(running: _Running) -> None:
        running.expired = True
        if running.task is not None:
            running.task.cancel()

    def _body(self, request: GenerateRequest) -> dict[str, Any]:
        """The whole request (design section 6, rule 1)."""
        body: dict[str, Any] = {
            "model": self._settings.model,
            "prompt": request.prompt,
            "stream": False,
            "think": False,
            "truncate": False,
            "keep_alive": self._settings.keep_alive,
            "options": {**self._settings.options, **request.options, "num_predict": request.num_predict},
        }
        if request.raw:
            body["raw"] = True
        elif request.system is not None:
            body["system"] = request.system
        return body

    def _answered(self, key: int, running: _Running, host: HostState, answer: Answer) -> None:
        if self._dispatcher.answered(key, self._loop.time(), answer):
            LOG.info("%s is back", host.url)
            self._outage.look()
        self._end_copies(running.waiting.job)
        if not running.waiting.future.done():
            running.waiting.future.set_result(answer)

    def _failed(self, key: int, running: _Running, host: HostState, failed: RequestFailed) -> None:
        verdict, opened = self._dispatcher.failed(key, self._loop.time(), failed)
        if opened:
            LOG.warning("%s rests: %s; its rows go to the other hosts", host.url, failed)
        if failed.blame is Blame.MODEL:
            self._take_out(host, failed)
        if opened or failed.blame is Blame.MODEL:
            self._outage.look()
        if running.waiting.future.done():
            return
        if verdict is Verdict.STOP_RUN:
            self._end(RunFailed(f"{host.url} refuses every request like this: {failed}"))
        elif verdict is Verdict.REJECT:
            self._end_copies(running.waiting.job)
            running.waiting.future.set_exception(RowRejected(failed.failure, str(failed)))
        elif verdict is Verdict.RETRY:
            self._dispatcher.add(running.waiting.job)

    def _end_copies(self, job: Job) -> None:
        """Ends what is still under way for a job that is decided; the host frees the slot when we leave."""
        for key in list(job.running):
            self._dispatcher.cancelled(key, self._loop.time())
            copy = self._running.pop(key, None)  # it is gone already when all work was dropped
            if copy is not None and copy.task is not None:
                copy.task.cancel()
            self._loop.call_soon(self._pump)

    def _take_out(self, host: HostState, failed: RequestFailed) -> None:
        if host.ready:
            LOG.warning("%s is left out: %s", host.url, failed)
            host.ready = False
            self._admissions.append(self._loop.create_task(self._admit(host)))

    # -- hosts come and go -------------------------------------------------------------------------------------------

    async def _admit(self, host: HostState) -> None:
        """Checks a host until it can take part; says why it can't, once per reason."""
        client, pause_seconds = self._clients[host.url], FIRST_RETRY_SECONDS
        while True:
            problem, failure = await self._check(client)
            if not problem:
                break
            if problem != host.out:
                LOG.warning("%s is left out: %s", host.url, problem)
                host.out = problem
                self._outage.look()
            waits_for_person = failure in (None, Failure.MODEL_MISSING, Failure.FORBIDDEN)
            await asyncio.sleep(MISSING_MODEL_RETRY_SECONDS if waits_for_person else pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)
        if host.out is not None:
            LOG.info("%s takes part now", host.url)
        host.out, host.ready = None, True
        self._outage.look()
        self._pump()

    async def _check(self, client: HostClient) -> tuple[str, Failure | None]:
        """Why the host can't take part, empty if it can: the model is there, the right one, and loads."""
        settings = self._settings
        report = await inspect(client, settings.model, settings.model_digest)
        if report.problem:
            return report.problem, report.failure
        try:
            loading = client.load(settings.model, settings.options, settings.keep_alive)
            await asyncio.wait_for(loading, settings.request_timeout_seconds)
        except RequestFailed as failed:
            if failed.blame is Blame.REQUEST:
                self._end(RunFailed(f"{client.url} refuses every request like this: {failed}"))
            return str(failed), failed.failure
        except asyncio.TimeoutError:
            seconds = settings.request_timeout_seconds
            return f"the model did not load within {seconds:.0f} s", Failure.TIMEOUT
        return "", None

    # -- the end -----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Drops all work: everyone who waits gets ``RunStopped``."""
        self._end(RunStopped("the run was asked to stop"))

    def _end(self, error: TranslateError) -> None:
        if self._ended is not None:
            return
        self._ended = error
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(error)
        for task in self._tasks():
            task.cancel()

    def _tasks(self) -> list[asyncio.Task[None]]:
        current = asyncio.current_task()
        tasks = [running.task for running in self._running.values() if running.task is not None] + self._admissions
        return [task for task in tasks if task is not current]

    async def close(self) -> None:
        """Ends what is under way and closes the connections."""
        self.stop()
        self._outage.end()
        if self._wake is not None:
            self._wake.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        await asyncio.gather(*(client.close() for client in self._clients.values()))
