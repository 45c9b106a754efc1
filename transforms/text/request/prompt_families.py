"""Prompts of translation models as their makers wrote them, and the choice of a prompt by model name.

A model translates best with the prompt, sampling and text length that it was trained on. Models that no family matches
get the general prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from transforms.text.request.prompts import GENERAL, SIMPLE, TEXT, PromptTemplate

DEFAULT_SAMPLING: Final[Mapping[str, float]] = {"temperature": 0.0, "top_k": 40, "top_p": 1.0, "repeat_penalty": 1.0}
DEFAULT_CHUNK_CHARS: Final = 2000
"""Default maximum of a piece; quality falls with the length of the text that is translated at once."""


@dataclass(frozen=True)
class Family:
    """Prompt, sampling and piece size for a family of models.

    Attributes:
        template: The prompt.
        pattern: A regular expression for model names without path and tag; None if users must choose the family.
        sampling: The Ollama options that differ from ``DEFAULT_SAMPLING``.
        chunk_chars: The maximum characters of a piece of a text that does not fit one request.
    """

    template: PromptTemplate
    pattern: str | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)
    chunk_chars: int = DEFAULT_CHUNK_CHARS


_TRANSLATE_GEMMA = (
    "You are a professional French (fr) to English (en) translator. Your goal is to accurately convey the meaning and "
    "nuances of the original French text while adhering to English grammar, vocabulary, and cultural sensitivities.\n"
    "Produce only the English translation, without any additional explanations or commentary. Please translate the "
    f"following French text into English:\n\n\n{TEXT}"
)
_HY_MT2 = (
    "Translate the following text into English. Note that you should only output the translated result without any "
    f"additional explanation:\n\n{TEXT}"
)
_HY_MT = f"Translate the following segment into English, without additional explanation.\n\n{TEXT}"
_TOWER_PLUS = f"Translate the following French source text to English:\nFrench: {TEXT}\nEnglish: "
_TOWER_INSTRUCT = f"Translate the following text from French into English.\nFrench: {TEXT}\nEnglish:"
_SEED_X = f"Translate the following French sentence into English:\n{TEXT} <en>"
_HUNYUAN_SAMPLING = {"temperature": 0.7, "top_p": 0.6, "top_k": 20, "repeat_penalty": 1.05}

FAMILIES: Final[Mapping[str, Family]] = {
    family.template.name: family
    for family in (
        Family(GENERAL),
        Family(SIMPLE),
        Family(PromptTemplate("translategemma", None, _TRANSLATE_GEMMA), r"translate-?gemma"),
        Family(PromptTemplate("hy-mt2", None, _HY_MT2, terms_first=True), r"(hy|hunyuan)-?mt-?2", _HUNYUAN_SAMPLING),
        Family(PromptTemplate("hy-mt", None, _HY_MT), r"(hy|hunyuan)-?mt", _HUNYUAN_SAMPLING),
        Family(PromptTemplate("tower-instruct", None, _TOWER_INSTRUCT), r"tower-?instruct", chunk_chars=1500),
        Family(PromptTemplate("tower-plus", None, _TOWER_PLUS), r"tower"),
        Family(PromptTemplate("eurollm", "", _TOWER_PLUS), r"eurollm", chunk_chars=1500),
        Family(PromptTemplate("seed-x", None, _SEED_X, raw=True), r"seed-?x", chunk_chars=1000),
    )
}
"""Families by name. A model belongs to the first family whose pattern matches its name."""


def family_of(model: str) -> Family:
    """Return the family of a model, according to its name."""
    name = model.lower().rpartition("/")[2].partition(":")[0].replace("_", "-").replace("+", "-plus")
    for family in FAMILIES.values():
        if family.pattern is not None and re.search(family.pattern, name):
            return family
    return FAMILIES[GENERAL.name]
