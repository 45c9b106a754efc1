"""Entries of the translation memory: keys, encoding, and conversion to results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import compress, repeat
from operator import attrgetter, is_not
from typing import Any

import orjson

from transforms.engine.outcome import Outcome, TextResult
from transforms.fleet.http.answers import AnswerId

DURATIONS_AND_COUNTS = tuple(field.name for field in fields(Outcome) if field.name.endswith(("_duration_ns", "_count")))

_KEPT = tuple(field.name for field in fields(Outcome) if field.name != "origin")
_KEPT_VALUES = attrgetter(*_KEPT)


@dataclass(frozen=True)
class MemoryEntry:
    """The stored outcome of a text.

    Attributes:
        outcome: The outcome without its origin and without flags of the source, since another source with the same key
            may not have them.
        run: The identifier of the run that wrote the entry.
        candidate: The best rejected translation of a text that failed.
    """

    outcome: Outcome
    run: str
    candidate: str | None = None

    @property
    def failed(self) -> bool:
        """Whether some or all of the text could not be translated."""
        return self.outcome.status in ("failed", "partial")


def key_of(prefix: bytes, model: str, digest: str, text: str, terms: str = "", field_name: str | None = None) -> bytes:
    """Return the key of a text, 32 bytes.

    Args:
        prefix: See ``Recipe.memory_prefix``.
        model: The model's key; see ``model_names.model_key``.
        digest: The model's digest.
        text: The sanitised text as it is sent.
        terms: The digest of the glossary terms that occur in the text.
        field_name: The text's column, if the prompt names it.
    """
    parts = [prefix, model.encode(), digest.encode(), terms.encode(), text.encode()]
    if field_name is not None:
        parts.append(field_name.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(b"\0".join(parts)).digest()


def encode(result: TextResult, source_flags: Sequence[str], run: str) -> bytes:
    """Return the encoded entry for a result.

    Args:
        result: The result of a text that this run translated or failed to translate.
        source_flags: The flags of the text's source.
        run: The identifier of this run.
    """
    outcome = result.outcome
    kept = _KEPT_VALUES(outcome)
    values: dict[str, Any] = dict(compress(zip(_KEPT, kept, strict=True), map(is_not, kept, repeat(None))))
    values["flags"] = [flag for flag in outcome.flags if flag not in source_flags]
    values["run"] = run
    if result.candidate is not None:
        values["candidate"] = result.candidate
    return _json(values)


def _json(values: Mapping[str, Any]) -> bytes:
    try:
        # A copy, as entries are kept for a while: orjson's own bytes leave holes in the heap, 60 MB for 8,000 entries.
        return bytes(memoryview(orjson.dumps(values)))
    except TypeError:  # it refuses lone surrogates
        return json.dumps(values).encode()


def decode(value: bytes) -> MemoryEntry | None:
    """Return the entry that ``encode`` has written; None for bytes that another program has written."""
    try:
        values = json.loads(value)
        run, candidate = str(values.pop("run")), values.pop("candidate", None)
        return MemoryEntry(Outcome(values.pop("translation", None), **values), run, candidate)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def from_memory(entry: MemoryEntry, source_flags: Sequence[str]) -> TextResult:
    """Return the result of a text that was translated before, with all values of that time."""
    outcome = replace(
        entry.outcome, origin=_origin(entry.outcome, "memory"), flags=[*source_flags, *entry.outcome.flags]
    )
    return TextResult(outcome, entry.candidate)


def as_duplicate(
    outcome: Outcome, candidate: str | None, source_flags: Sequence[str], answers: tuple[AnswerId, ...] = ()
) -> TextResult:
    """Return the result for a duplicate of another row's text, without durations and counts: it needed no request."""
    nothing: dict[str, Any] = dict.fromkeys(DURATIONS_AND_COUNTS)
    flags = [*source_flags, *outcome.flags]
    origin = _origin(outcome, "duplicate")
    copied = replace(outcome, origin=origin, attempts=0, flags=flags, **nothing)
    return TextResult(copied, candidate, answers=answers)


def _origin(outcome: Outcome, origin: str) -> str | None:
    return None if outcome.status == "failed" else origin
