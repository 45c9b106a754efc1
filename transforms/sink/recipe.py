"""All that changes what the output means. Parts made with different recipes never mix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

FORMAT = 1
SHOWN_CHARACTERS = 40
NOT_SET = "not set"
UNKNOWN_AT_FIRST = ("model_digest", "fallback_digest")
"""What is None while no host has told it, and then agrees with every value."""


@dataclass(frozen=True)
class Recipe:
    """What a translation depends on beside the text; not hosts, slots or timeouts.

    A field that is added later gets the default that says how things were without it, so that parts made before still
    match.

    Attributes:
        model, model_digest: The digest is None while no host has told it.
        prompt_name, prompt_text: The whole prompt without the text.
        options: Sampling options of the first request.
        num_ctx: Tokens of prompt and answer together.
        chunk_chars: Longest piece of a text that is cut.
        text_columns: Columns that are translated.
        fallback_model, fallback_digest: For texts that ``model`` fails at; the digest as above.
        model_column: Names the model of each row; the rows' own digests stand in the output only.
        checks: Which translations are flagged, and what is done about them.
        glossary_digest: Of the terms given.
        domain: What the texts are about.
        context_chars: Of what stands before a piece of a text, that goes along with it.
        field_names: Whether the model is told the column of each text.
        english, other_language: What becomes of texts that are not French.
        langid: How their language is found.
        text_encoding: Encoding of texts that are bytes; None if there are none.
        format: Of the recipe itself; rises when a field changes its meaning.
    """

    model: str
    model_digest: str | None
    prompt_name: str
    prompt_text: str
    options: Mapping[str, Any]
    num_ctx: int
    chunk_chars: int
    text_columns: tuple[str, ...]
    fallback_model: str | None = None
    checks: str = "off"
    fallback_digest: str | None = None
    model_column: str | None = None
    glossary_digest: str | None = None
    domain: str | None = None
    english: str = "translate"
    other_language: str = "translate"
    context_chars: int = 0
    field_names: bool = False
    langid: str = "words"
    text_encoding: str | None = None
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``from_json`` reads it back."""
        return {**asdict(self), "options": dict(self.options), "text_columns": list(self.text_columns)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of ``to_json``.

        What a newer program has added is kept among the options, so that it differs, and is told as a difference.

        Raises:
            KeyError: If a field is missing that was always there.
        """
        names = {field.name for field in fields(cls)}
        unknown = {name: value for name, value in values.items() if name not in names}
        known = {name: value for name, value in values.items() if name in names}
        options = {**values["options"], **unknown}
        return cls(**{**known, "options": options, "text_columns": tuple(values["text_columns"])})

    def digest(self) -> str:
        """64 hex digits, equal for equal recipes only: SHA-256 of canonical JSON."""
        options = {name: _plain(value) for name, value in self.options.items()}
        told = json.dumps({**self.to_json(), "options": options}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()

    def memory_prefix(self) -> bytes:
        """The common prefix of all memory keys of a run: everything a translation depends on besides text and model.

        The columns do not matter: the same text in another column has the same translation. Of a glossary, only the
        terms that occur in a text matter; see ``memory_entry.key_of``.
        """
        neutral = replace(self, model="", model_digest=None, text_columns=(), model_column=None, glossary_digest=None)
        neutral = replace(neutral, text_encoding=None)
        return bytes.fromhex(neutral.digest())

    def matches(self, other: Recipe) -> bool:
        """Whether both make the same output; an unknown model digest agrees with every other."""
        one, two = self, other
        for name in UNKNOWN_AT_FIRST:
            if getattr(self, name) is None or getattr(other, name) is None:
                unknown: dict[str, Any] = {name: None}
                one, two = replace(one, **unknown), replace(two, **unknown)
        return one == two or one.digest() == two.digest()

    def differences(self, other: Recipe) -> list[str]:
        """A line for each thing that differs: ``model: llama3 now, mistral there``; ``other`` is what is there."""
        ours, theirs = _flat(self.to_json()), _flat(other.to_json())
        for name in UNKNOWN_AT_FIRST:
            if getattr(self, name) is None or getattr(other, name) is None:
                theirs[name] = ours[name]
        names = dict.fromkeys([*ours, *theirs])
        values = [(name, ours.get(name, NOT_SET), theirs.get(name, NOT_SET)) for name in names]
        pairs = [(name, _text(now), _text(there)) for name, now, there in values if now != there]
        return [f"{name}: {_around(now, there)} now, {_around(there, now)} there" for name, now, there in pairs]


def _plain(value: Any) -> Any:
    """Numbers that are equal get one spelling: 0.0 is 0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: list(value) if isinstance(value, tuple) else value for name, value in values["options"].items()}
    return {**{name: value for name, value in values.items() if name != "options"}, **options}


def _text(value: Any) -> str:
    """A value for people, on one line."""
    if value is None or value == []:
        return "none"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if text.isprintable() else repr(text)[1:-1]


def _around(text: str, other: str) -> str:
    """``text``, or of a long one the place where it first differs from ``other``."""
    if len(text) <= 2 * SHOWN_CHARACTERS:
        return text
    pairs = enumerate(zip(text, other, strict=False))
    first = next((index for index, (one, two) in pairs if one != two), min(len(text), len(other)))
    start = max(0, min(first - SHOWN_CHARACTERS // 2, len(text) - SHOWN_CHARACTERS))
    stop = start + SHOWN_CHARACTERS
    return f"{'…' * (start > 0)}{text[start:stop]}{'…' * (stop < len(text))}"
