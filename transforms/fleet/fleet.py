"""The fleet: one request in, one complete answer out, whichever hosts it takes. Lives in one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from transforms.errors import NoHostLeft, RunFailed, RunStopped
from transforms.fleet.addresses import HostAddress
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.expiry import Expiry
from transforms.fleet.dispatch.outage import OutageWatch
from transforms.fleet.dispatch.verdicts import Verdict
from transforms.fleet.faults import Blame, Failure, RequestFailed, RowRejected
from transforms.fleet.host.answer_quality import AnswerQuality
from transforms.fleet.host.host_pool import HostPool
from transforms.fleet.host.host_state import HostState, HostView
from transforms.fleet.http.answers import Answer, AnswerId
from transforms.fleet.jobs import Attempt, Job
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings, GenerateRequest, health_check
from transforms.fleet.tasks import report_failure

LOG = logging.getLogger(__name__)

LATE_WAKE_SECONDS = 0.001
"""Added to each timer, as the loop's clock may fire a little early."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A job, the request to send for it, and the future of its answer."""

    request: GenerateRequest
    job: Job
    future: asyncio.Future[Answer]


@dataclass(eq=False, slots=True)
class _InFlight:
    """A request in flight."""

    waiting: _Waiting
    task: asyncio.Task[None] | None = None
    expired: bool = False


class Fleet:
    """Sends requests to hosts until each has its answer.

    Call ``start`` inside the loop, ``generate`` for each text, and ``close`` at the end, which drops all work. Before
    that, ``stop`` and ``drained`` let what is in flight be answered.
    """

    def __init__(self, addresses: Sequence[HostAddress], settings: FleetSettings) -> None:
        self._addresses = addresses
        self._settings = settings
        self._dispatcher = Dispatcher([])
        self._digests = dict(settings.digests)
        self._pool = HostPool(self._dispatcher.hosts, settings, self._digests, self._changed, self._end)
        self._quality = AnswerQuality()
        self._answers = Counter[str]()  # by host
        self._waiting: dict[Job, _Waiting] = {}
        self._in_flight: dict[int, _InFlight] = {}
        self._expiry = Expiry(self._expire)
        self._outage = OutageWatch(self._dispatcher, settings.max_outage_seconds, self._give_up)
        self._wake: asyncio.TimerHandle | None = None
        self._pump_scheduled = False
        self._ended: BaseException | None = None

    def start(self) -> None:
        """Starts to check the hosts; each takes work as soon as it has its model loaded."""
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
        now, sent = monotonic(), self._dispatcher.sent()
        return [
            host.view([(now - each.at, each.job.size) for each in sent if each.host is host])
            for host in list(self._dispatcher.hosts.values())
        ]

    def digest(self, model: str, host: str) -> str | None:
        """The digest of a model on a host, as the host listed it last; None if it is not known."""
        state = self._dispatcher.hosts.get(host)
        key = model_key(model)
        listed = None if state is None or state.digests is None else state.digests.get(key)
        return listed or self._digests.get(key)  # a host that was excluded since its answer no longer lists it

    async def generate(self, request: GenerateRequest, attempts: list[Attempt]) -> Answer:
        """One complete answer to ``request``; every request that was sent for it is appended to ``attempts``.

        Raises:
            RowRejected: The text is at fault, or no host has its model.
            RunFailed: The run cannot continue: no host came back in time, or every request would fail like this one.
            RunStopped: The run was asked to stop.
        """
        if self._ended is not None:
            raise self._ended
        model = model_key(request.model or self._settings.model)
        avoided, barred = set(request.avoided), set(request.avoided)
        job = Job(request.size, model, request.column, avoided, barred, attempts=attempts, repair=request.repair)
        waiting = _Waiting(request, job, self._loop.create_future())
        self._waiting[job] = waiting
        self._dispatcher.add(job)
        if request.model is not None or self._settings.any_model:
            self._reject_unserved()
        self._pump_soon()
        try:
            return await waiting.future
        finally:
            del self._waiting[job]
            self._cancel_requests(job)

    def checked(self, answer: Answer, source: str, accepted: bool) -> bool:
        """Notes whether the checks accepted the first answer to a text; a host with bad answers is excluded.

        Returns:
            Whether another host should confirm the answer: its own gives worse answers than the others.
        """
        doubtful = self._quality.checked(answer.host, answer.number, source, answer.text, accepted)
        host = self._dispatcher.hosts.get(answer.host)
        if host is None:
            return False
        for url in self._quality.suspects():
            suspect = self._dispatcher.hosts.get(url)
            if suspect is not None and suspect.out is None and (reason := self._quality.broken(url)):
                self._pool.supervisor(url).exclude(reason)
        return (doubtful or host.out is not None) and self._dispatcher.has_another(host)

    def void(self, answers: Iterable[AnswerId]) -> bool:
        """Whether a text should be translated again, as the host of an answer was found to be broken afterwards.

        Never while no other host is healthy.
        """
        return (
            self._quality.any_void()
            and any(self._quality.void(*each) for each in answers)
            and any(host.usable() for host in self._dispatcher.hosts.values())
        )

    def broken_hosts(self) -> frozenset[str]:
        """The hosts that were excluded because of their answers."""
        return self._quality.broken_hosts()

    def _pump_soon(self) -> None:
        """Lets the loop send what may be sent: once for all texts and answers that arrive together."""
        if not self._pump_scheduled:
            self._pump_scheduled = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Sends what may be sent now, and sets a timer for what may be sent later."""
        self._pump_scheduled = False
        if self._ended is not None:
            return
        now = monotonic()
        while (chosen := self._dispatcher.next(now)) is not None:
            key, job, host = chosen
            waiting = self._health_check(job) if job.health_check else self._waiting.get(job)
            if waiting is None:  # the caller was cancelled
                self._dispatcher.cancelled(key, now)
                continue
            in_flight = self._in_flight[key] = _InFlight(waiting)
            attempt = self._attempt(key, in_flight, host)
            in_flight.task = report_failure(self._loop.create_task(attempt), self._end)
        while (change := self._dispatcher.next_change()) is not None:
            idle, model = change
            self._pool.supervisor(idle.url).change_model(model)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if (due := self._dispatcher.next_wake_at(now)) is not None:
            self._wake = self._loop.call_later(max(0.0, due - now) + LATE_WAKE_SECONDS, self._pump)
        self._outage.look()

    def _health_check(self, job: Job) -> _Waiting:
        """A request that only shows whether a host works; nobody waits for its answer."""
        model = None if job.model == model_key(self._settings.model) else job.model
        return _Waiting(health_check(job.size, model), job, self._loop.create_future())

    async def _attempt(self, key: int, in_flight: _InFlight, host: HostState) -> None:
        request, job = in_flight.waiting.request, in_flight.waiting.job
        seconds = host.deadline.seconds(request.num_predict, job.charged)
        self._expiry.add(in_flight, monotonic() + seconds)
        supervisor = self._pool.supervisor(host.url)
        try:
            if host.unverified:
                await supervisor.verify()
            answer = await supervisor.client.generate(request.body(self._settings))
        except RequestFailed as failed:
            if key in self._in_flight:  # it may have been cancelled at the last moment
                self._failed(key, in_flight, host, failed)
        except asyncio.CancelledError:
            # A hedged request may have been answered at the last moment.
            if not in_flight.expired or key not in self._in_flight:
                raise
            longest = seconds >= self._settings.request_timeout_seconds
            message = f"no answer within {seconds:.0f} s{' (--request_timeout)' * longest}"
            self._failed(key, in_flight, host, RequestFailed(Failure.TIMEOUT, message, host.url))
        else:
            self._answered(key, in_flight, host, answer)
        finally:
            self._expiry.remove(in_flight)
            self._in_flight.pop(key, None)
        self._pump_soon()

    @staticmethod
    def _expire(in_flight: _InFlight) -> None:
        in_flight.expired = True
        if in_flight.task is not None:
            in_flight.task.cancel()

    def _answered(self, key: int, in_flight: _InFlight, host: HostState, answer: Answer) -> None:
        if self._dispatcher.answered(key, monotonic(), answer):
            LOG.info("%s: circuit closed, it answers again", host.url)
        self._cancel_requests(in_flight.waiting.job)
        self._answers[host.url] += 1
        answer.number = self._answers[host.url]
        if not in_flight.waiting.future.done():
            in_flight.waiting.future.set_result(answer)

    def _failed(self, key: int, in_flight: _InFlight, host: HostState, failed: RequestFailed) -> None:
        verdict, opened = self._dispatcher.failed(key, monotonic(), failed)
        if opened:
            elsewhere = "; its requests go to other hosts" if self._dispatcher.has_another(host) else ""
            LOG.warning("%s: circuit open (%s)%s", host.url, failed, elsewhere)
        if failed.blame is Blame.MODEL and host.ready:
            LOG.warning("%s excluded: %s", host.url, failed)
            self._pool.supervisor(host.url).model_not_found()
        waiting = in_flight.waiting
        if waiting.future.done():
            return
        if verdict is Verdict.STOP_RUN:
            self._end(RunFailed(f"{host.url} refuses every request like this: {failed}"))
        elif verdict is Verdict.REJECT:
            self._cancel_requests(waiting.job)
            waiting.future.set_exception(RowRejected(failed.failure, str(failed), failed.cut_text))
        elif self._ended is not None:
            self._cancel_requests(waiting.job)
            waiting.future.set_exception(self._ended)
        elif verdict is Verdict.RETRY:
            self._dispatcher.add(waiting.job)

    def _cancel_requests(self, job: Job) -> None:
        """Cancels what is still in flight for a job that is decided; a host frees the slot when its client leaves."""
        for key in list(job.in_flight):
            self._dispatcher.cancelled(key, monotonic())
            in_flight = self._in_flight.pop(key, None)  # it is gone already when all work was dropped
            if in_flight is not None and in_flight.task is not None:
                in_flight.task.cancel()
            self._pump_soon()

    def _changed(self) -> None:
        """A host has come, gone, or loaded another model."""
        self._reject_unserved()
        self._pump()

    def _give_up(self, model: str, reason: NoHostLeft) -> None:
        """Ends the run, as a model had no host for too long, unless no host is known to have the model."""
        for host in self._dispatcher.hosts.values():
            if host.digests is None:
                host.digests = {}  # the host might have had it, but never answered
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
        """Stops sending: callers that wait for a host get ``RunStopped``; what is in flight may be answered."""
        if self._ended is None:
            self._ended = RunStopped("the run was asked to stop")
        for waiting in self._waiting.values():
            if not waiting.job.in_flight and not waiting.future.done():
                waiting.future.set_exception(self._ended)

    async def drained(self, longest_seconds: float) -> None:
        """Waits until nothing is in flight, but not longer than ``longest_seconds``."""
        if tasks := [each.task for each in self._in_flight.values() if each.task is not None]:
            await asyncio.wait(tasks, timeout=longest_seconds)

    def drop(self) -> None:
        """Drops all work: all callers get ``RunStopped``."""
        self._end(RunStopped("the run was asked to stop"))

    def _end(self, error: BaseException) -> None:
        """Drops all work: all callers get the error, or the one that ended the fleet before."""
        self._ended = self._ended or error
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(self._ended)
        for task in self._tasks():
            task.cancel()
        self._pool.stop()

    def _tasks(self) -> list[asyncio.Task[None]]:
        current = asyncio.current_task()
        tasks = [each.task for each in self._in_flight.values() if each.task is not None]
        return [task for task in tasks if task is not current]

    async def close(self) -> None:
        """Cancels what is in flight and closes the connections."""
        self.drop()
        self._outage.end()
        if self._wake is not None:
            self._wake.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        await self._pool.close()
