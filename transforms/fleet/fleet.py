"""The fleet: one request in, one whole answer out, whichever hosts it takes. Lives in one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.errors import NoHostLeft, RunFailed, RunStopped
from transforms.fleet.answers import Answer
from transforms.fleet.dispatch import Dispatcher
from transforms.fleet.faults import Blame, Failure, RequestFailed, RowRejected
from transforms.fleet.host_pool import HostPool
from transforms.fleet.host_state import HostState
from transforms.fleet.hosts import HostAddress
from transforms.fleet.jobs import Attempt, Job
from transforms.fleet.model_names import model_key
from transforms.fleet.outage import OutageWatch
from transforms.fleet.settings import FleetSettings, GenerateRequest
from transforms.fleet.tasks import told
from transforms.fleet.traffic import Traffic
from transforms.fleet.verdicts import Verdict

LOG = logging.getLogger(__name__)

WAKE_LATE_SECONDS = 0.001
"""The loop's clock may wake us a little early."""

CHECK_PROMPT = "Bonjour."
CHECK_TOKENS = 16
"""Of the answer to it; that it is cut then shows as well that the host works."""


@dataclass(frozen=True)
class HostView:
    """A host as progress lines and summaries show it."""

    url: str
    state: str
    in_flight: int
    limit: int
    model: str = ""
    traffic: Traffic = field(default_factory=Traffic)


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

    Call ``start`` inside the loop, ``generate`` for each text, ``close`` at the end, which drops all work; ``stop`` and
    ``drained`` before it let what is in flight be answered.
    """

    def __init__(self, addresses: Sequence[HostAddress], settings: FleetSettings) -> None:
        self._addresses = addresses
        self._settings = settings
        self._dispatcher = Dispatcher([])
        self._digests = dict(settings.digests)
        self._pool = HostPool(self._dispatcher.hosts, settings, self._digests, self._changed, self._end)
        self._waiting: dict[Job, _Waiting] = {}
        self._running: dict[int, _Running] = {}
        self._outage = OutageWatch(self._dispatcher, settings.max_outage_seconds, self._give_up)
        self._wake: asyncio.TimerHandle | None = None
        self._ended: BaseException | None = None

    def start(self) -> None:
        """Begins to check the hosts; each takes work as soon as it has its model loaded."""
        self._loop = asyncio.get_running_loop()
        self._pool.start(self._addresses)

    def capacity(self) -> int:
        """Requests that the healthy hosts may have in flight together."""
        return self._dispatcher.capacity()

    def in_flight(self) -> int:
        """Requests that were sent and have not ended."""
        return self._dispatcher.in_flight

    def view(self) -> list[HostView]:
        """The hosts as they are now; safe to call from another thread."""
        return [
            HostView(host.url, host.state(), host.in_flight, host.limit.limit(), host.model, host.traffic.copy())
            for host in list(self._dispatcher.hosts.values())
        ]

    def digest(self, model: str, host: str) -> str | None:
        """The digest of a model on a host, as the host last told it; None if it is not known."""
        state = self._dispatcher.hosts.get(host)
        key = model_key(model)
        return self._digests.get(key) if state is None or state.digests is None else state.digests.get(key)

    async def generate(self, request: GenerateRequest, attempts: list[Attempt]) -> Answer:
        """One whole answer to ``request``; every request that was sent for it is appended to ``attempts``.

        Raises:
            RowRejected: If the text is at fault, or no host has its model.
            RunFailed: If the run can't go on (no host came back in time, or every request would fail like this).
            RunStopped: If the run was asked to stop.
        """
        if self._ended is not None:
            raise self._ended
        model = model_key(request.model or self._settings.model)
        job = Job(request.size, model, set(request.avoided), attempts=attempts)
        waiting = _Waiting(request, job, self._loop.create_future())
        self._waiting[job] = waiting
        self._dispatcher.add(job)
        if request.model is not None or self._settings.any_model:
            self._reject_unserved()
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
            waiting = self._check(job) if job.health_check else self._waiting.get(job)
            if waiting is None:  # whoever asked has left
                self._dispatcher.cancelled(key, now)
                continue
            running = _Running(waiting)
            self._running[key] = running
            running.task = told(self._loop.create_task(self._attempt(key, running, host)), self._end)
        while (change := self._dispatcher.next_change()) is not None:
            idle, model = change
            self._pool.supervisor(idle.url).change_model(model)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        times = (self._dispatcher.next_probe_at(), self._dispatcher.next_hedge_at())
        due = min((at for at in times if at is not None), default=None)
        if due is not None:
            self._wake = self._loop.call_at(max(due, now) + WAKE_LATE_SECONDS, self._pump)
        self._outage.look()

    def _check(self, job: Job) -> _Waiting:
        """A request that only shows whether a host works; nobody waits for its answer."""
        model = None if job.model == model_key(self._settings.model) else job.model
        return _Waiting(
            GenerateRequest(CHECK_PROMPT, None, CHECK_TOKENS, {}, job.size, model=model),
            job,
            self._loop.create_future(),
        )

    async def _attempt(self, key: int, running: _Running, host: HostState) -> None:
        request, job = running.waiting.request, running.waiting.job
        seconds = host.deadline.seconds(request.num_predict, job.charged)
        timer = self._loop.call_later(seconds, self._expire, running)
        try:
            answer = await self._pool.supervisor(host.url).client.generate(request.body(self._settings))
        except RequestFailed as failed:
            self._failed(key, running, host, failed)
        except asyncio.CancelledError:
            if not running.expired or key not in self._running:  # its copy may have been quicker in the last moment
                raise
            longest = seconds >= self._settings.request_timeout_seconds
            message = f"no answer within {seconds:.0f} s{' (--request_timeout)' * longest}"
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

    def _answered(self, key: int, running: _Running, host: HostState, answer: Answer) -> None:
        if self._dispatcher.answered(key, self._loop.time(), answer):
            LOG.info("%s is back", host.url)
        self._end_copies(running.waiting.job)
        if not running.waiting.future.done():
            running.waiting.future.set_result(answer)

    def _failed(self, key: int, running: _Running, host: HostState, failed: RequestFailed) -> None:
        verdict, opened = self._dispatcher.failed(key, self._loop.time(), failed)
        if opened:
            LOG.warning("%s: circuit open (%s); its requests go to other hosts", host.url, failed)
        if failed.blame is Blame.MODEL and host.ready:
            LOG.warning("%s excluded: %s", host.url, failed)
            self._pool.supervisor(host.url).refused()
        if running.waiting.future.done():
            return
        if verdict is Verdict.STOP_RUN:
            self._end(RunFailed(f"{host.url} refuses every request like this: {failed}"))
        elif verdict is Verdict.REJECT:
            self._end_copies(running.waiting.job)
            running.waiting.future.set_exception(RowRejected(failed.failure, str(failed)))
        elif self._ended is not None:
            self._end_copies(running.waiting.job)
            running.waiting.future.set_exception(self._ended)
        elif verdict is Verdict.RETRY:
            self._dispatcher.add(running.waiting.job)

    def _end_copies(self, job: Job) -> None:
        """Ends what is still under way for a job that is decided; the host frees the slot when we leave."""
        for key in list(job.in_flight):
            self._dispatcher.cancelled(key, self._loop.time())
            copy = self._running.pop(key, None)  # it is gone already when all work was dropped
            if copy is not None and copy.task is not None:
                copy.task.cancel()
            self._loop.call_soon(self._pump)

    def _changed(self) -> None:
        """A host has come, gone, or loaded another model."""
        self._reject_unserved()
        self._pump()

    def _give_up(self, model: str, reason: NoHostLeft) -> None:
        """No host for a model has been there for too long: the run ends, unless none is known to have the model."""
        for host in self._dispatcher.hosts.values():
            if host.digests is None:
                host.digests = {}  # it might have had it, but never answered
        self._reject_unserved()
        if model in self._dispatcher.models_away():
            self._end(reason)

    def _reject_unserved(self) -> None:
        settings = self._settings
        for job in self._dispatcher.take_unserved("" if settings.any_model else model_key(settings.model)):
            waiting = self._waiting.get(job)
            if waiting is not None and not waiting.future.done():
                message = f"no host has the model {waiting.request.model or settings.model!r}"
                waiting.future.set_exception(RowRejected(Failure.MODEL_MISSING, message))

    def stop(self) -> None:
        """Sends nothing any more: who waits for a host gets ``RunStopped``; what is in flight may be answered."""
        if self._ended is None:
            self._ended = RunStopped("the run was asked to stop")
        for waiting in self._waiting.values():
            if not waiting.job.in_flight and not waiting.future.done():
                waiting.future.set_exception(self._ended)

    async def drained(self, longest_seconds: float) -> None:
        """Waits until nothing is in flight, for a while at the most."""
        if tasks := [running.task for running in self._running.values() if running.task is not None]:
            await asyncio.wait(tasks, timeout=longest_seconds)

    def drop(self) -> None:
        """Drops all work: everyone who waits gets ``RunStopped``."""
        self._end(RunStopped("the run was asked to stop"))

    def _end(self, error: BaseException) -> None:
        """Drops all work: everyone who waits gets the error, or the one that there was before."""
        self._ended = self._ended or error
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(self._ended)
        for task in self._tasks():
            task.cancel()
        self._pool.stop()

    def _tasks(self) -> list[asyncio.Task[None]]:
        current = asyncio.current_task()
        tasks = [running.task for running in self._running.values() if running.task is not None]
        return [task for task in tasks if task is not current]

    async def close(self) -> None:
        """Ends what is under way and closes the connections."""
        self.drop()
        self._outage.end()
        if self._wake is not None:
            self._wake.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        await self._pool.close()
