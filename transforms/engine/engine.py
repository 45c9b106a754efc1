"""The process-wide engine: one event loop in a thread of its own, one translator, one fleet. Knows no Beam."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from transforms.engine.deduplicator import NO_MEMORY, Deduplicator, MemorySettings
from transforms.engine.large_texts import call
from transforms.engine.outcome import TextResult
from transforms.engine.second_process import SecondProcess
from transforms.engine.snapshot import Snapshot, TextCounts, snapshot_of
from transforms.engine.translator import SourceText, Translator, TranslatorSettings
from transforms.errors import RunStopped
from transforms.fleet.addresses import HostAddress
from transforms.fleet.fleet import Fleet
from transforms.fleet.host.host_state import HostView
from transforms.fleet.settings import FleetSettings
from transforms.memory.addresses import open_claims, open_store
from transforms.memory.claims import Claims
from transforms.memory.memory import Memory

LOG = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
"""How long a stopped run waits for the answers to requests in flight; all in all a stop takes less than 10 s."""

KEEP_SECONDS = 2.0
"""How long it waits for these answers to be written to the memory."""

_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


@dataclass(frozen=True)
class EngineConfig:
    """Everything that an engine is made from; picklable, so that it can be sent to workers.

    Attributes:
        hosts: The hosts at the start.
        fleet, translator, memory: Settings of the engine's parts.
        second_process: Whether a second process may help with the checks, if hosts are faster than one core.
    """

    hosts: tuple[HostAddress, ...]
    fleet: FleetSettings
    translator: TranslatorSettings
    memory: MemorySettings = NO_MEMORY
    second_process: bool = False


class Engine:
    """Translates batches of texts that any thread submits.

    Attributes:
        counts: The texts that have finished since the engine was made, for monitoring.
    """

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self.counts = TextCounts()
        self._loop = _new_loop()
        self._batches: set[Future[list[TextResult]]] = set()
        self._started = threading.Event()
        self._failure: Exception | None = None
        self._tasks: set[asyncio.Task[Any]] = set()  # those of the batches
        self._stopping: asyncio.Task[None] | None = None
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
        except Exception as error:  # raised again by __init__, in the caller's thread
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
        memory = claims = None
        if (where := config.memory.where) is not None:
            store = open_store(where)
            memory = Memory(store)
            claims = Claims(open_claims(where), store, owner=config.memory.claimant) if config.memory.shared else None
        self._fleet = Fleet(config.hosts, config.fleet)
        self._second = SecondProcess(config.second_process)
        self._translator = Translator(config.translator, self._fleet, self._second)
        self._deduplicator = Deduplicator(self._translator, self._fleet, memory, config.memory, claims)
        self._fleet.start()

    async def _tear_down(self) -> None:
        if self._stopping is not None:
            await self._stopping
        await self._fleet.close()
        await self._give_up_batches()
        await self._deduplicator.close()
        await self._second.close()
        await self._loop.shutdown_asyncgens()

    async def _batches_finished(self, timeout_seconds: float | None) -> None:
        if batches := [asyncio.wrap_future(batch) for batch in list(self._batches)]:
            finished, _ = await asyncio.wait(batches, timeout=timeout_seconds)
            for batch in finished:
                batch.exception()  # raised to whoever submitted the batch; asyncio need not warn about it here

    async def _give_up_batches(self) -> None:
        """Cancel what is left once nothing is in flight, such as a check of megabytes that runs in a thread."""
        await self._batches_finished(KEEP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await self._batches_finished(None)

    def submit(
        self,
        texts: Sequence[SourceText | None],
        texts_done: Callable[[int], None],
        known: Mapping[int, TextResult] | None = None,
    ) -> Future[list[TextResult]]:
        """Begin to translate a batch; returns at once.

        Args:
            texts: In order; None for null.
            texts_done: Called in the engine's thread with the number of texts that have just finished.
            known: Results by index, of texts that are not to be translated.

        Returns:
            The future results, in the order of the texts. It raises what ended the run before, once no text of the
            batch is in flight.
        """
        batch = asyncio.run_coroutine_threadsafe(self._batch(texts, texts_done, known or {}), self._loop)
        self._batches.add(batch)
        batch.add_done_callback(self._batches.discard)
        return batch

    async def _batch(
        self,
        texts: Sequence[SourceText | None],
        texts_done: Callable[[int], None],
        known: Mapping[int, TextResult],
    ) -> list[TextResult]:
        """The results of a batch, unless it is given up."""
        task = asyncio.create_task(self._translate_batch(texts, texts_done, known))
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise RunStopped("the run was asked to stop") from None
        finally:
            self._tasks.discard(task)

    async def _translate_batch(
        self,
        texts: Sequence[SourceText | None],
        texts_done: Callable[[int], None],
        known: Mapping[int, TextResult],
    ) -> list[TextResult]:
        """The results of a batch: known, without a request, from the memory, and from one task for each other text."""
        results: list[TextResult | None] = [known.get(index) for index in range(len(texts))]
        unknown = [index for index, result in enumerate(results) if result is None]
        without_request = await self._translator.without_request([texts[index] for index in unknown])
        undecided: dict[int, SourceText] = {}
        for index, result in zip(unknown, without_request, strict=True):
            results[index] = result
            if result is None and (source := texts[index]) is not None:
                undecided[index] = source
        for index, human in (await self._deduplicator.human_translations(undecided)).items():
            results[index] = human
            del undecided[index]
        keys = [await call(len(source.text), self._deduplicator.key, source) for source in undecided.values()]
        entries = await self._deduplicator.look_up(keys)
        requested: dict[int, tuple[SourceText, bytes | None]] = {}
        for (index, source), key in zip(undecided.items(), keys, strict=True):
            if key is not None and (entry := entries.get(key)) is not None:
                results[index] = await call(len(source.text), self._deduplicator.result, entry, source.text, key)
            else:
                requested[index] = source, key
        for text, decided in zip(texts, results, strict=True):
            if decided is not None:
                self.counts.add(None if text is None else text.text, decided)
        texts_done(len(texts) - len(requested))
        translated = await self._translate_each(list(requested.values()), texts_done)
        for index, result in zip(requested, translated, strict=True):
            results[index] = result
        sent = dict(zip(undecided, zip(undecided.values(), keys, strict=True), strict=True))
        await self._deduplicator.translate_void_again(sent, results)
        finished = [result for result in results if result is not None]
        self._deduplicator.deliver(finished)
        return finished

    async def _translate_each(
        self, requested: Sequence[tuple[SourceText, bytes | None]], texts_done: Callable[[int], None]
    ) -> list[TextResult]:
        """The results of texts, in one task for each. Raises what ended one of them, once none is in flight."""
        tasks = [self._loop.create_task(self._translate(source, key, texts_done)) for source, key in requested]
        results: list[TextResult] = []
        errors: list[Exception] = []
        try:
            for task in tasks:
                try:
                    results.append(await task)
                except Exception as error:
                    errors.append(error)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        if errors:
            raise errors[0]
        return results

    async def _translate(self, source: SourceText, key: bytes | None, texts_done: Callable[[int], None]) -> TextResult:
        """The result of a text that neither the gate nor the memory decided."""
        result = None
        try:
            result = await self._deduplicator.translate(source, key)
            return result
        finally:
            self.counts.add(source.text, result)
            texts_done(1)

    def capacity(self) -> int:
        """The number of requests that the healthy hosts can have in flight together."""
        return self._fleet.capacity()

    def hosts(self) -> list[HostView]:
        """The hosts as they are now."""
        return self._fleet.view()

    def stop(self) -> None:
        """Send nothing more: texts that wait for a host get ``RunStopped``. For any thread and for signal handlers.

        With a memory, requests in flight get a few seconds more, so that their answers are not paid for twice.
        """
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = self._loop.create_task(self._wind_down())

    async def _wind_down(self) -> None:
        if self._deduplicator.memory is not None:
            if in_flight := self._fleet.in_flight():
                LOG.info("waiting up to %.0f s for the answers to %d requests", DRAIN_SECONDS, in_flight)
            self._fleet.stop()
            await self._fleet.drained(DRAIN_SECONDS)
        self._fleet.drop()
        await self._give_up_batches()

    def close(self) -> None:
        """End the thread, and wait for it."""
        _ENGINES.discard(self)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


def _new_loop() -> asyncio.AbstractEventLoop:
    """An event loop of uvloop, which saves a tenth of the program's CPU; asyncio's own where uvloop does not run."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def live_snapshot() -> Snapshot:
    """The figures of all engines of this process; all zero in a driver whose workers run elsewhere."""
    return snapshot_of(live_engines())


def live_engines() -> list[Engine]:
    """The engines of this process, for progress and for stopping; none in a driver whose workers run elsewhere."""
    return list(_ENGINES)
