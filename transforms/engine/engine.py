"""The process-wide engine: one event loop in a thread of its own, one translator, one fleet. Knows no Beam."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from transforms.engine.deduplicator import NO_MEMORY, Deduplicator, MemorySettings
from transforms.engine.snapshot import Snapshot, TextCounts, snapshot_of
from transforms.engine.translator import Asked, TextResult, Translator, TranslatorSettings
from transforms.errors import RunFailed
from transforms.fleet.fleet import Fleet, HostView
from transforms.fleet.hosts import HostAddress
from transforms.fleet.settings import FleetSettings
from transforms.memory.addresses import open_store
from transforms.memory.memory import Memory

LOG = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
"""For answers to what is in flight when the run is stopped; with all else a stop takes less than 10 s."""

KEEP_SECONDS = 2.0
"""For the memory to keep them."""

FIRST_TEXTS = 300
"""If none of the first texts that were sent can be translated, the rest is spared."""

_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


@dataclass(frozen=True)
class EngineConfig:
    """All that an engine is made from; picklable, so that it can be sent to workers."""

    hosts: tuple[HostAddress, ...]
    fleet: FleetSettings
    translator: TranslatorSettings
    memory: MemorySettings = NO_MEMORY


@dataclass(eq=False)
class Submission:
    """Some texts on their way through the engine.

    The two callbacks run in the engine's thread: ``text_done`` after each text, ``done`` after the last.

    Attributes:
        models: The model of each text, None for the run's own; None for the run's own throughout.
        field_names: The column that each text comes from, if the model is to know it.
        known: Results, by index, of texts that are not to be translated again.
        results: In the order of the texts; complete once ``done`` was called without an error.
        error: Why they could not be finished.
    """

    texts: Sequence[str | None]
    text_done: Callable[[], None]
    done: Callable[[], None]
    models: Sequence[str | None] | None = None
    field_names: Sequence[str] | None = None
    known: Mapping[int, TextResult] = field(default_factory=dict)
    results: list[TextResult | None] = field(init=False)
    error: BaseException | None = None
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self.results = [None] * len(self.texts)
        self._left = len(self.texts)

    def asked(self, index: int) -> Asked:
        """One of the texts that is not null, with what its row says of it."""
        model = None if self.models is None else self.models[index]
        field_name = None if self.field_names is None else self.field_names[index]
        return Asked(self.texts[index] or "", model, field_name)

    def finished(self) -> list[TextResult]:
        """The results.

        Raises:
            BaseException: What kept the texts from being finished.
        """
        if self.error is not None:
            raise self.error
        return [result for result in self.results if result is not None]

    def end_one(self) -> None:
        """One text has ended; ``done`` is called after the last."""
        self._left -= 1
        self.text_done()
        if self._left == 0:
            self.done()


class Engine:
    """Translates batches of texts that any thread submits.

    Attributes:
        counts: Completed texts since it was made, for monitoring.
    """

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self.counts = TextCounts()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = threading.Event()
        self._failure: Exception | None = None
        self._stopped = False
        self._failed_first: Counter[str] | None = Counter()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        _ENGINES.add(self)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._set_up())
        except Exception as error:  # told to whoever makes the engine, in their own thread
            self._failure = error
            self._loop.close()
            return
        finally:
            self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._tear_down())
        self._loop.close()

    async def _set_up(self) -> None:
        config = self._config
        memory = None if config.memory.where is None else Memory(open_store(config.memory.where))
        self._fleet = Fleet(config.hosts, config.fleet)
        self._translator = Translator(config.translator, self._fleet)
        self._deduplicator = Deduplicator(self._translator, self._fleet, memory, config.memory)
        self._fleet.start()

    async def _tear_down(self) -> None:
        if self._stopped:
            await self._fleet.drained(DRAIN_SECONDS)
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=KEEP_SECONDS)
        await self._fleet.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._deduplicator.memory is not None:
            await self._deduplicator.memory.close()
        await self._loop.shutdown_asyncgens()

    def submit(self, submission: Submission) -> None:
        """Begins to translate; returns at once."""
        self._loop.call_soon_threadsafe(self._begin, submission)

    def _begin(self, submission: Submission) -> None:
        if not submission.texts:
            submission.done()
        asked: dict[int, Asked] = {}
        for index, text in enumerate(submission.texts):
            try:
                result = submission.known.get(index) or self._translator.at_once(text)
            except Exception as error:  # told to whoever submitted, in their own thread; so below
                self._end(submission, index, None, error)
                continue
            if result is not None:
                submission.results[index] = result
                self._end_one(submission, index)
            else:
                asked[index] = submission.asked(index)
        if asked:
            self._spawn(self._answer(submission, asked))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, submission: Submission, asked: Mapping[int, Asked]) -> None:
        """Answers from the memory what it knows, and begins to translate the others."""
        try:
            keys = {index: self._deduplicator.key(each) for index, each in asked.items()}
            known = await self._deduplicator.look_up([key for key in keys.values() if key is not None])
        except Exception as error:
            for index in asked:
                self._end(submission, index, None, error)
            return
        for index, key in keys.items():
            if key is not None and key in known:
                submission.results[index] = self._deduplicator.result(known[key], asked[index].text)
                self._end_one(submission, index)
            else:
                self._spawn(self._deduplicator.translate(asked[index], key, partial(self._end, submission, index)))

    def _end(self, submission: Submission, index: int, result: TextResult | None, error: Exception | None) -> None:
        submission.results[index] = result
        submission.error = submission.error or error or self._hopeless(result)
        self._end_one(submission, index)

    def _hopeless(self, result: TextResult | None) -> RunFailed | None:
        """Why the run is ended if it only fails from its first text on: the most frequent reasons."""
        if self._failed_first is None or result is None:
            return None
        if result.outcome.status != "failed":
            self._failed_first = None
            return None
        self._failed_first[result.outcome.error_class] += 1
        if self._failed_first.total() < FIRST_TEXTS:
            return None
        reasons = ", ".join(f"{kind} {count}" for kind, count in self._failed_first.most_common(3))
        return RunFailed(
            f"none of the first {FIRST_TEXTS} texts could be translated ({reasons}; the last: "
            f"{result.outcome.error}): the run stops here, as the others would fail, too"
        )

    def _end_one(self, submission: Submission, index: int) -> None:
        self.counts.add(submission.texts[index], submission.results[index])
        submission.end_one()

    def capacity(self) -> int:
        """Requests that the healthy hosts may have in flight together."""
        return self._fleet.capacity()

    def hosts(self) -> list[HostView]:
        """The hosts as they are now."""
        return self._fleet.view()

    def stop(self) -> None:
        """Sends nothing any more: whoever waits for a host gets ``RunStopped``. For any thread, also signal handlers.

        With a memory, what is in flight may be answered for a few seconds more, so that it is not paid for twice.
        """
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._deduplicator.memory is None:
            self._fleet.drop()
            return
        LOG.info("waiting up to %.0f s for the answers to %d requests", DRAIN_SECONDS, self._fleet.in_flight())
        self._fleet.stop()
        self._loop.call_later(DRAIN_SECONDS, self._fleet.drop)
        self._stopped = True

    def close(self) -> None:
        """Ends the thread; waits for it."""
        _ENGINES.discard(self)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


def live_snapshot() -> Snapshot:
    """Return the figures of all engines of this process; all zero in a driver whose workers run elsewhere."""
    return snapshot_of(live_engines())


def live_engines() -> list[Engine]:
    """The engines of this process, for progress and for stopping; none in a driver whose workers run elsewhere."""
    return list(_ENGINES)
