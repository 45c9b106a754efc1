"""The same text once: what the memory knows, or a request under way will answer, is not asked again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from transforms.engine.memory_entry import (
    WORTH_KEEPING,
    MemoryEntry,
    as_duplicate,
    decode,
    encode,
    from_memory,
    key_of,
)
from transforms.engine.outcome import Outcome
from transforms.engine.translator import Asked, TextResult, Translator
from transforms.fleet.fleet import Fleet
from transforms.fleet.model_names import model_key
from transforms.memory.memory import Memory
from transforms.text.gate import Gate, source_flags
from transforms.text.glossary import subset_digest
from transforms.text.sanitize import sanitize

End: TypeAlias = Callable[["TextResult | None", "Exception | None"], None]
"""Told of a text's end: its result, or else the exception that ended the run before."""

RECENT_BYTES = 4_000_000
"""Of outcomes kept for texts that come again before the memory can be asked, or without one."""


@dataclass(frozen=True)
class MemorySettings:
    """Where the memory is and what counts of it; picklable.

    Attributes:
        where: A path or a ``redis://`` address; None for no memory: then only texts that come again soon are spared.
        prefix: Of the keys, as of ``Recipe.memory_prefix``.
        run: Tells this run's translations from others'.
        own_only: Whether translations of other runs do not count, because all is to be done again.
    """

    where: str | None
    prefix: bytes
    run: str
    own_only: bool = False


NO_MEMORY = MemorySettings(None, b"", "")


class Deduplicator:
    """Answers texts from the memory, or has them translated and remembers that. Lives in one event loop.

    Attributes:
        memory: None for none.
    """

    def __init__(self, translator: Translator, fleet: Fleet, memory: Memory | None, settings: MemorySettings) -> None:
        self._translator = translator
        self._fleet = fleet
        self.memory = memory
        self._glossary = translator.glossary
        self._settings = settings
        self._under_way: dict[bytes, list[End]] = {}
        self._recent: OrderedDict[bytes, bytes] = OrderedDict()
        self._recent_bytes = 0

    def key(self, asked: Asked) -> bytes | None:
        """The key of a text; None if it can't be known, because no host has told the model's digest."""
        model = asked.model or self._translator.model
        digest = self._fleet.digest(model, "")
        if digest is None:
            return None
        sent = sanitize(asked.text)
        terms = subset_digest(self._glossary.found_in(sent))
        return key_of(self._settings.prefix, model_key(model), digest, sent, terms, asked.field_name)

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, MemoryEntry]:
        """What the memory has for some of the keys."""
        if self.memory is None or not keys:
            return {}
        own_only, run = self._settings.own_only, self._settings.run
        found = {key: decode(value) for key, value in (await self.memory.look_up(keys)).items()}
        return {key: known for key, known in found.items() if known is not None and (known.run == run or not own_only)}

    def result(self, known: MemoryEntry, text: str) -> TextResult:
        """The result for a text that the memory knows."""
        marks = source_flags(text, Gate.TRANSLATE)
        make = as_duplicate if known.run == self._settings.run else from_memory
        return TextResult(make(known.outcome, marks))

    async def translate(self, asked: Asked, key: bytes | None, end: End) -> None:
        """Has a text translated that the memory does not know, or leaves it to another row that has it, too.

        Args:
            asked: The text, and what its row says of it.
            key: Of the text.
            end: Called once: with the result when that is in the memory, so that a row is never done before its
                translation is safe; or with the exception that ends the run before.
        """
        if key is None:
            await self._ask(asked, end)
        elif (value := self._recent.get(key)) is not None and (known := decode(value)) is not None:
            end(self.result(known, asked.text), None)
        elif key in self._under_way:
            self._under_way[key].append(partial(_end_again, end))
        else:
            self._under_way[key] = [end]
            await self._ask(asked, partial(self._end_all, key), key)

    async def _ask(self, asked: Asked, end: End, key: bytes | None = None) -> None:
        try:
            result = await self._translator.translate(asked)
            value = self._worth_keeping(asked.text, result.outcome)
        except Exception as error:  # told to all who wait for it
            end(None, error)
            return
        if key is None or value is None:
            end(result, None)
        elif self.memory is None:
            self._note(key, value)
            end(result, None)
        else:
            self.memory.keep(key, value, partial(self._kept, key, value, result, end))

    def _kept(self, key: bytes, value: bytes, result: TextResult, end: End, error: Exception | None) -> None:
        if error is None:
            self._note(key, value)
            end(result, None)
        else:
            end(None, error)

    def _worth_keeping(self, text: str, outcome: Outcome) -> bytes | None:
        """What another row may have of an outcome; None if it had better be translated again."""
        if outcome.status not in WORTH_KEEPING:
            return None
        return encode(outcome, source_flags(text, Gate.TRANSLATE), self._settings.run)

    def _end_all(self, key: bytes, result: TextResult | None, error: Exception | None) -> None:
        for end in self._under_way.pop(key):
            end(result, error)

    def _note(self, key: bytes, value: bytes) -> None:
        self._recent[key] = value
        self._recent_bytes += len(value)
        while self._recent_bytes > RECENT_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._recent_bytes -= len(oldest)


def _end_again(end: End, result: TextResult | None, error: Exception | None) -> None:
    """Ends another row that has the same text: also if it failed."""
    if result is None:
        end(None, error)
        return
    outcome = as_duplicate(result.outcome, ())
    if outcome.status == "failed":
        outcome.origin = None
    end(TextResult(outcome, candidate=result.candidate), None)
