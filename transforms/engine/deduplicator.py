"""Deduplicate requests: a text that the memory knows, or that a request in flight will answer, is not sent again."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transforms.engine.human_translations import PRESENT, human_key, human_result
from transforms.engine.large_texts import call
from transforms.engine.memory_entry import MemoryEntry, as_duplicate, decode, encode, from_memory, key_of
from transforms.engine.outcome import TextResult
from transforms.engine.recalls import Recalls
from transforms.engine.run_health import RunHealth
from transforms.engine.translator import SourceText, Translator
from transforms.fleet.fleet import Fleet
from transforms.fleet.model_names import model_key
from transforms.memory.claims import Claims
from transforms.memory.memory import Memory
from transforms.text.request.gate import Gate, source_flags
from transforms.text.request.glossary import subset_digest
from transforms.text.request.sanitize import sanitize

LOG = logging.getLogger(__name__)

RECENT_BYTES = 4_000_000
"""Size of the recent entries that are kept in this process, for texts that come again before the memory has them."""


@dataclass(frozen=True)
class MemorySettings:
    """Which translation memory is used, and which of its entries count; picklable.

    Attributes:
        where: A path or a ``redis://`` address; None for no memory. Without one, only texts that come again soon, in
            the same process, are not sent again.
        prefix: Of the keys; see ``Recipe.memory_prefix``.
        run: Identifies this run's entries.
        own_only: Whether entries of other runs are ignored, because everything is to be translated again.
        retry_failed: Whether failures of other runs are ignored, because they are to be translated again.
        shared: Whether other processes may translate the same texts now; texts are claimed before they are sent then.
        claimant: Name under which they are claimed. A process that takes the place of a dead one takes its name, and
            with it the claims that the dead one still holds; None for a new name.
    """

    where: str | None
    prefix: bytes
    run: str
    own_only: bool = False
    retry_failed: bool = False
    shared: bool = False
    claimant: str | None = None


NO_MEMORY = MemorySettings(None, b"", "")


class Deduplicator:
    """Translates each text once, whether it comes again in this run or came in an earlier one.

    Failures count, too: a text that failed is not sent again unless the run retries failures. Only failures that are
    likely to be the text's own are kept, because those of hosts may be gone in the next run. Belongs to one event loop.

    Attributes:
        memory: None for no memory.
    """

    def __init__(
        self,
        translator: Translator,
        fleet: Fleet,
        memory: Memory | None,
        settings: MemorySettings,
        claims: Claims | None = None,
    ) -> None:
        self._translator = translator
        self._fleet = fleet
        self.memory = memory
        self._claims = claims
        self._settings = settings
        self._health = RunHealth()
        self._recalls = Recalls(fleet)
        self._in_flight: dict[bytes, asyncio.Future[TextResult]] = {}
        self._recent: OrderedDict[bytes, bytes] = OrderedDict()
        self._recent_bytes = 0
        self._has_human_translations: bool | None = None

    def key(self, source: SourceText) -> bytes | None:
        """The key of a text in the memory; None while no host has reported the digest of its model."""
        model = source.model or self._translator.model
        digest = self._fleet.digest(model, "")
        if digest is None:
            return None
        sent = sanitize(source.text)
        terms = subset_digest(self._translator.glossary.found_in(sent))
        return key_of(self._settings.prefix, model_key(model), digest, sent, terms, source.field_name)

    async def look_up(self, keys: Sequence[bytes | None]) -> dict[bytes, MemoryEntry]:
        """The entries that the memory has for these keys, and that count for this run."""
        wanted = [key for key in keys if key is not None]
        if self.memory is None or not wanted:
            return {}
        found = await self.memory.look_up(wanted)
        entries = {key: await call(len(value), decode, value) for key, value in found.items()}
        return {key: entry for key, entry in entries.items() if entry is not None and self._counts(entry)}

    async def human_translations(self, sources: Mapping[int, SourceText]) -> dict[int, TextResult]:
        """The results of the texts that a person has translated, by index; they also count with ``--overwrite``."""
        if self.memory is None or not sources:
            return {}
        if self._has_human_translations is None:
            self._has_human_translations = bool(await self.memory.look_up([PRESENT]))
        if not self._has_human_translations:
            return {}
        keys = {index: human_key(source.text) for index, source in sources.items()}
        found = await self.memory.look_up(list(keys.values()))
        results = {index: human_result(found[key], sources[index].text) for index, key in keys.items() if key in found}
        return {index: result for index, result in results.items() if result is not None}

    def _counts(self, entry: MemoryEntry) -> bool:
        settings = self._settings
        return entry.run == settings.run or not (settings.own_only or (settings.retry_failed and entry.failed))

    def result(self, entry: MemoryEntry, text: str, key: bytes | None) -> TextResult:
        """The result of a text that has an entry under its key."""
        flags = source_flags(text, Gate.TRANSLATE)
        if entry.run == self._settings.run:
            return as_duplicate(entry.outcome, entry.candidate, flags, self._recalls.answers(key))
        return from_memory(entry, flags)

    async def translate(self, source: SourceText, key: bytes | None) -> TextResult:
        """The result of a text that the memory does not know: a request for it is made only if none is in flight.

        The result comes when it is in the memory: no row is finished before its translation is safe.

        Args:
            source: The text.
            key: Its key, as ``key`` returned it.

        Raises:
            RunFailed, RunStopped: The run ended before the text was translated, or ends because none is.
        """
        if key is None:
            return await self._request(source)
        if (value := self._recent.get(key)) is not None and (entry := decode(value)) is not None:
            return self.result(entry, source.text, key)
        if (first := self._in_flight.get(key)) is not None:
            result = await first
            return as_duplicate(result.outcome, result.candidate, (), result.answers)
        in_flight = self._in_flight[key] = asyncio.get_running_loop().create_future()
        try:
            result = await self._claimed(source, key)
        except Exception as error:
            in_flight.set_exception(error)
            in_flight.exception()  # nobody may be waiting for it, which is no reason for asyncio to warn
            raise
        else:
            in_flight.set_result(result)
            return result
        finally:
            del self._in_flight[key]

    async def _claimed(self, source: SourceText, key: bytes) -> TextResult:
        """The result that another worker gets meanwhile, or else that of a request."""
        if self._claims is None:
            return await self._requested(source, key)
        try:
            if (entry := await self._claims.turn(key, self._usable)) is not None:
                return self.result(entry, source.text, key)
            return await self._requested(source, key)
        finally:
            await self._claims.release(key)

    def _usable(self, value: bytes) -> MemoryEntry | None:
        entry = decode(value)
        return entry if entry is not None and self._counts(entry) else None

    async def _requested(self, source: SourceText, key: bytes) -> TextResult:
        result = await self._request(source)
        await self._remember(key, source, result)
        return result

    async def _request(self, source: SourceText) -> TextResult:
        result = await self._translator.translate(source)
        self._health.finished(result.outcome)
        return result

    async def _remember(self, key: bytes, source: SourceText, result: TextResult) -> None:
        if result.outcome.error is not None and not (result.text_at_fault and self._health.texts_are_to_blame()):
            return
        if self._fleet.void(result.answers):
            return
        self._recalls.note(key, result.answers)
        value = await call(len(source.text), self._entry, source, result)
        if self.memory is not None:
            await self.memory.keep(key, value)
        self._recent[key] = value
        self._recent_bytes += len(value)
        while self._recent_bytes > RECENT_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._recent_bytes -= len(oldest)

    async def translate_void_again(
        self, texts: Mapping[int, tuple[SourceText, bytes | None]], results: list[TextResult | None]
    ) -> None:
        """Replaces the results of a batch that are void, until none is; see ``Recalls``.

        Args:
            texts: The texts of the batch that may have been sent to a host, with their keys, by index.
            results: Of the batch.

        Raises:
            RunFailed, RunStopped: The run ended before.
        """
        await self._forget(self._recalls.newly_void())
        while void := {
            index: earlier
            for index in texts
            if (earlier := results[index]) is not None and self._fleet.void(earlier.answers)
        }:
            await self._forget(self._recalls.void_keys(texts[index][1] for index in void))
            again = await asyncio.gather(*(self.translate(*texts[index]) for index in void), return_exceptions=True)
            for (index, earlier), result in zip(void.items(), again, strict=True):
                if isinstance(result, BaseException):
                    raise result
                result.requests.add_earlier(earlier.requests)
                result.outcome.attempts += earlier.outcome.attempts
                results[index] = result

    async def _forget(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            if (value := self._recent.pop(key, None)) is not None:
                self._recent_bytes -= len(value)
        if self.memory is not None and keys:
            await asyncio.gather(*map(self.memory.remove, keys))

    async def close(self) -> None:
        """Give up the claims, and close the memory."""
        if self._claims is not None:
            await self._claims.close()
        if self.memory is not None:
            await self.memory.close()

    def deliver(self, results: Sequence[TextResult]) -> None:
        """Warns of earlier results that turned out to be void, and notes those of a batch that are about to leave."""
        if self._fleet.broken_hosts():
            for host, count in self._recalls.take_void_delivered().items():
                LOG.warning(
                    "%s: %d translations that it gave before it was excluded were passed on already and may be wrong; "
                    "check the rows that name it as their host",
                    host,
                    count,
                )
        self._recalls.deliver(results)

    def _entry(self, source: SourceText, result: TextResult) -> bytes:
        flags = source_flags(source.text, Gate.TRANSLATE) if result.outcome.flags else ()
        return encode(result, flags, self._settings.run)
