"""The recipe: everything that translations depend on besides the texts. One output never mixes recipes."""

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
"""Fields that are None until a host reports them, and match any value until then."""

COLUMN_OPTIONS = ("evidence", "confidence")
"""Fields about columns beside the translation, which do not change it."""


@dataclass(frozen=True)
class Recipe:
    """Everything that a translation depends on besides the text. Hosts, slots and timeouts are not part of it.

    The default of a field that is added later must describe the behaviour before the field existed, so that earlier
    parts still match.

    Attributes:
        model, model_digest: The model; its digest is None until a host reports it.
        prompt_name, prompt_text: The whole prompt without the text.
        options: The sampling options of the first request.
        num_ctx: The context size in tokens, for prompt and answer together.
        chunk_chars: The maximum characters of a piece of a text that is cut.
        text_columns: The names of the columns to translate.
        fallback_model, fallback_digest: The model for texts that ``model`` fails to translate; the digest as above.
        model_column: The column that names each row's model; the digests of these models are in the output only.
        checks: Whether translations are checked and repaired.
        glossary_digest: The digest of the glossary's terms; None without a glossary.
        domain: The subject of the texts.
        context_chars: The maximum characters of preceding text that are sent with a piece of a text.
        field_names: Whether the prompt names the column of each text.
        english, other_language: The policies for texts that are not French.
        langid: The method that identifies the language of texts.
        text_encoding: The encoding of binary text columns; None without any.
        evidence, confidence: Whether the output has the columns of these options.
        format: The version of the recipe format, raised when a field changes its meaning.
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
    evidence: bool = False
    confidence: bool = False
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; ``from_json`` reads them back."""
        values = {**asdict(self), "options": dict(self.options), "text_columns": list(self.text_columns)}
        # A recipe without them has the digest that it had before they existed.
        return {name: value for name, value in values.items() if value or name not in COLUMN_OPTIONS}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe that ``to_json`` has written.

        Fields that a newer version added are kept among the options, so that they count and are reported as
        differences.

        Raises:
            KeyError: A field is missing that every version writes.
        """
        names = {field.name for field in fields(cls)}
        unknown = {name: value for name, value in values.items() if name not in names}
        known = {name: value for name, value in values.items() if name in names}
        options = {**values["options"], **unknown}
        return cls(**{**known, "options": options, "text_columns": tuple(values["text_columns"])})

    def digest(self) -> str:
        """Return 64 hexadecimal digits that only equal recipes share: the SHA-256 of canonical JSON."""
        options = {name: _plain(value) for name, value in self.options.items()}
        content = json.dumps({**self.to_json(), "options": options}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def memory_prefix(self) -> bytes:
        """Return the common prefix of a run's memory keys: a digest of the settings that apply to every text.

        Text columns are not part of it, because the same text has the same translation in any column, nor are further
        columns of the output. Model and glossary are not either: a key contains the model and those terms that occur in
        the text (``memory_entry.key_of``).
        """
        neutral = replace(self, model="", model_digest=None, text_columns=(), model_column=None, glossary_digest=None)
        neutral = replace(neutral, text_encoding=None, evidence=False, confidence=False)
        return bytes.fromhex(neutral.digest())

    def matches(self, other: Recipe) -> bool:
        """Return whether both recipes produce the same output. An unknown model digest matches any other."""
        one, two = self, other
        for name in UNKNOWN_AT_FIRST:
            if getattr(self, name) is None or getattr(other, name) is None:
                unknown: dict[str, Any] = {name: None}
                one, two = replace(one, **unknown), replace(two, **unknown)
        return one == two or one.digest() == two.digest()

    def differences(self, other: Recipe) -> list[str]:
        """Return a line per difference from an earlier recipe, such as ``model: llama3 now, mistral before``."""
        ours, theirs = _flat(self.to_json()), _flat(other.to_json())
        for name in UNKNOWN_AT_FIRST:
            if getattr(self, name) is None or getattr(other, name) is None:
                theirs[name] = ours[name]
        names = dict.fromkeys([*ours, *theirs])
        values = [(name, ours.get(name, NOT_SET), theirs.get(name, NOT_SET)) for name in names]
        pairs = [(name, _text(now), _text(before)) for name, now, before in values if now != before]
        return [f"{name}: {_excerpt(now, before)} now, {_excerpt(before, now)} before" for name, now, before in pairs]


def _plain(value: Any) -> Any:
    """Return a number in the spelling that all equal numbers share: 0 for 0.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: list(value) if isinstance(value, tuple) else value for name, value in values["options"].items()}
    return {**{name: value for name, value in values.items() if name != "options"}, **options}


def _text(value: Any) -> str:
    """Return a value as readable text on one line."""
    if value is None or value == []:
        return "none"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if text.isprintable() else repr(text)[1:-1]


def _excerpt(text: str, other: str) -> str:
    """Return ``text``, shortened to the place where it first differs from ``other`` if it is long."""
    if len(text) <= 2 * SHOWN_CHARACTERS:
        return text
    pairs = enumerate(zip(text, other, strict=False))
    first = next((index for index, (one, two) in pairs if one != two), min(len(text), len(other)))
    start = max(0, min(first - SHOWN_CHARACTERS // 2, len(text) - SHOWN_CHARACTERS))
    stop = start + SHOWN_CHARACTERS
    return f"{'…' * (start > 0)}{text[start:stop]}{'…' * (stop < len(text))}"
