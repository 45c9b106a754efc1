"""What the translation memory knows of a text: its key, and its outcome as bytes and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from transforms.engine.outcome import Outcome

WORTH_KEEPING = ("ok", "warn")
"""Statuses of outcomes that another row may have; what failed is tried again."""

DURATIONS_AND_COUNTS = tuple(field.name for field in fields(Outcome) if field.name.endswith(("_duration_ns", "_count")))

_KEPT = tuple(field.name for field in fields(Outcome) if field.name != "origin")
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class MemoryEntry:
    """An outcome as the memory has it.

    Attributes:
        outcome: Without origin and without flags of the source, which another text may have.
        run: Which run made it.
    """

    outcome: Outcome
    run: str


def key_of(prefix: bytes, model: str, digest: str, text: str, terms: str = "", field_name: str | None = None) -> bytes:
    """The key of a text, 32 bytes.

    Args:
        prefix: As of ``Recipe.memory_prefix``.
        model: Its key, as of ``model_names.model_key``.
        digest: Of the model.
        text: As it is sent, sanitised.
        terms: Digest of the glossary's terms that occur in it.
        field_name: Its column, if the model knows it.
    """
    parts = [prefix, model.encode(), digest.encode(), terms.encode(), text.encode()]
    if field_name is not None:
        parts.append(field_name.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(b"\0".join(parts)).digest()


def encode(outcome: Outcome, source_flags: Sequence[str], run: str) -> bytes:
    """What another row with the same text may have of an outcome that is worth keeping, for the memory.

    Not its origin, nor what is said of its source.

    Args:
        outcome: Of the row that was translated.
        source_flags: What is said of its source.
        run: The run that made it.
    """
    values = {name: value for name in _KEPT if (value := getattr(outcome, name)) is not None}
    values["flags"] = [flag for flag in outcome.flags if flag not in source_flags]
    values["run"] = run
    return _JSON.encode(values).encode()


def decode(value: bytes) -> MemoryEntry | None:
    """The inverse of ``encode``; None for what another program has written, which counts as not known."""
    try:
        values = json.loads(value)
        run = str(values.pop("run"))
        return MemoryEntry(Outcome(**values), run)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def from_memory(outcome: Outcome, source_flags: Sequence[str]) -> Outcome:
    """The outcome for a row whose text an earlier run translated; all is as that run saw it."""
    return replace(outcome, origin="memory", flags=[*source_flags, *outcome.flags])


def as_duplicate(outcome: Outcome, source_flags: Sequence[str]) -> Outcome:
    """The outcome for a row whose text is another row's in this run: nothing was asked or generated for it."""
    nothing: dict[str, Any] = dict.fromkeys(DURATIONS_AND_COUNTS)
    flags = [*source_flags, *outcome.flags]
    return replace(outcome, origin="duplicate", attempts=0, flags=flags, **nothing)
