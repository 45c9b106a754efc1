"""All that changes what the output means. Parts made with different recipes never mix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

FORMAT = 1
SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Recipe:
    """What a translation depends on beside the text; not hosts, slots or timeouts.

    Attributes:
        model, model_digest: The digest is None while no host has told it.
        prompt_name, prompt_text: The whole prompt without the text.
        options: Sampling options of the first request.
        num_ctx: Tokens of prompt and answer together.
        chunk_chars: Longest piece of a text that is cut.
        text_columns: Columns that are translated.
        format: Of the recipe itself.
    """

    model: str
    model_digest: str | None
    prompt_name: str
    prompt_text: str
    options: Mapping[str, Any]
    num_ctx: int
    chunk_chars: int
    text_columns: tuple[str, ...]
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``from_json`` reads it back."""
        return {**asdict(self), "options": dict(self.options), "text_columns": list(self.text_columns)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of ``to_json``; what an older or newer format lacks is empty, so that it differs."""
        known = {field.name: values.get(field.name) for field in fields(cls)}
        return cls(**{**known, "text_columns": tuple(values.get("text_columns") or ())})  # type: ignore[arg-type]

    def digest(self) -> str:
        """64 hex digits; equal for equal recipes only."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def matches(self, other: Recipe) -> bool:
        """Whether both make the same output; an unknown model digest agrees with every other."""
        if self.model_digest is None or other.model_digest is None:
            return replace(self, model_digest=None) == replace(other, model_digest=None)
        return self == other

    def differences(self, other: Recipe) -> list[str]:
        """A line for each thing that differs: ``model: llama3 here, mistral there``; ``other`` is what is there."""
        ours, theirs = _flat(self.to_json()), _flat(other.to_json())
        if self.model_digest is None or other.model_digest is None:
            theirs["model_digest"] = ours["model_digest"]
        names = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
        pairs = [(name, ours.get(name), theirs.get(name)) for name in names]
        return [f"{name}: {_around(now, there)} now, {_around(there, now)} there" for name, now, there in pairs]


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _around(value: Any, other: Any) -> str:
    """``value`` for people; of a long text only the place where it first differs from ``other``."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    text = str(value)
    if len(text) <= 2 * SHOWN_CHARACTERS:
        return text
    pairs = enumerate(zip(text, str(other), strict=False))
    first = next((index for index, (one, two) in pairs if one != two), min(len(text), len(str(other))))
    start = max(0, first - SHOWN_CHARACTERS // 2)
    return f"…{text[start : start + SHOWN_CHARACTERS]!r}…"
