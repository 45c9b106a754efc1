"""The same text once: what the memory knows, or a request under way will answer, is not asked again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.columns import Outcome
from transforms.fleet.fleet import Fleet
from transforms.fleet.model_names import model_key
from transforms.memory.memory import Memory
from transforms.remembered import (
    WORTH_KEEPING,
    Remembered,
    as_duplicate,
    decode,
    encode,
    from_memory,
    key_of,
)
from transforms.text.gate import Gate, source_flags
from transforms.text.glossary import subset_digest
from transforms.text.sanitize import sanitize
from transforms.translator import TextResult, Translator

RECENT_BYTES = 4_000_000
"""Of outcomes kept for texts that come again before the memory can be asked, or without one."""


@dataclass(frozen=True)
class MemorySettings:
    """Where the memory is and what counts of it; picklable.

    Attributes:
        where: A path or a ``redis://`` address; None for no memory: then only texts that come again soon are spared.
        prefix: Of the keys, as of ``remembered.recipe_prefix``.
        run: Tells this run's translations from others'.
        own_only: Whether translations of other runs do not count, because all is to be done again.
    """

    where: str | None
    prefix: bytes
    run: str
    own_only: bool = False


NO_MEMORY = MemorySettings(None, b"", "")


class Recall:
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
        self._under_way: dict[bytes, asyncio.Future[TextResult]] = {}
        self._recent: OrderedDict[bytes, bytes] = OrderedDict()
        self._recent_bytes = 0

    def key(self, text: str, model: str | None = None, field_name: str | None = None) -> bytes | None:
        """The key of a text; None if it can't be known, because no host has told the model's digest.

        Args:
            text: The source.
            model: If not the run's own.
            field_name: The column that it comes from, if the model is to know it.
        """
        model = model or self._translator.model
        digest = self._fleet.digest(model, "")
        if digest is None:
            return None
        sent = sanitize(text)
        terms = subset_digest(self._glossary.found_in(sent))
        return key_of(self._settings.prefix, model_key(model), digest, sent, terms, field_name)

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """What the memory has for some of the keys."""
        if self.memory is None or not keys:
            return {}
        own_only, run = self._settings.own_only, self._settings.run
        found = {key: decode(value) for key, value in (await self.memory.look_up(keys)).items()}
        return {key: known for key, known in found.items() if known is not None and (known.run == run or not own_only)}

    def result(self, known: Remembered, text: str) -> TextResult:
        """The result for a text that the memory knows."""
        marks = source_flags(text, Gate.TRANSLATE)
        make = as_duplicate if known.run == self._settings.run else from_memory
        return TextResult(make(known.outcome, marks))

    async def translate(self, text: str, model: str | None, field_name: str | None, key: bytes | None) -> TextResult:
        """The result for a text that the memory does not know, with its key.

        It is in the memory when this returns, so that a row is never done before its translation is safe.

        Raises:
            RunFailed, RunStopped: If the run ends before it is known.
        """
        if key is None:
            return await self._translator.translate(text, model, field_name)
        if (value := self._recent.get(key)) is not None and (known := decode(value)) is not None:
            return self.result(known, text)
        if (leader := self._under_way.get(key)) is not None:
            return self._again(await asyncio.shield(leader), text)
        future: asyncio.Future[TextResult] = asyncio.get_running_loop().create_future()
        self._under_way[key] = future
        try:
            result = await self._translator.translate(text, model, field_name)
            if result.outcome.status in WORTH_KEEPING:
                await self._keep(key, text, result.outcome)
            future.set_result(result)
            return result
        except Exception as error:
            future.set_exception(error)
            future.exception()  # there may be nobody else who waits for it
            raise
        finally:
            del self._under_way[key]
            if not future.done():
                future.cancel()

    @staticmethod
    def _again(result: TextResult, text: str) -> TextResult:
        """The result of a text for another row that has it, too: also if it failed."""
        outcome = as_duplicate(result.outcome, ())
        if outcome.status == "failed":
            outcome.origin = None
        return TextResult(outcome, candidate=result.candidate)

    async def _keep(self, key: bytes, text: str, outcome: Outcome) -> None:
        value = encode(outcome, source_flags(text, Gate.TRANSLATE), self._settings.run)
        if self.memory is not None:
            await self.memory.remember(key, value)
        self._recent[key] = value
        self._recent_bytes += len(value)
        while self._recent_bytes > RECENT_BYTES:
            _, oldest = self._recent.popitem(last=False)
            self._recent_bytes -= len(oldest)
