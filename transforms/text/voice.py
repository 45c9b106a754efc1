"""How one model is asked: its prompt, its sampling, what one request to it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transforms.text.budget import Budget
from transforms.text.prompt_families import DEFAULT_SAMPLING, FAMILIES, Family, family_of
from transforms.text.prompts import PromptTemplate, with_wishes

AUTO = "auto"
NOTE_SHARE = 8
"""One part in so many of the context is kept for the terms of a glossary."""


@dataclass(frozen=True)
class Voice:
    """How one model is asked.

    Attributes:
        model: As the user names it.
        template: The prompt.
        budget: What one request may hold.
        chunk_chars: Longest piece of a text that does not fit one request.
        sampling: Ollama's options of a first try.
        note_tokens: Kept free for the terms of a glossary.
    """

    model: str
    template: PromptTemplate
    budget: Budget
    chunk_chars: int
    sampling: Mapping[str, float]
    note_tokens: int = 0


@dataclass(frozen=True)
class VoiceChoice:
    """What the user wishes; the rest is the model's family's. Picklable.

    Attributes:
        num_ctx: Tokens that prompt and answer may have together.
        family: ``auto`` or one of ``FAMILIES``.
        own: The user's own template, for every model.
        domain, spelling: As in ``prompts.with_wishes``.
        chunk_chars: None for the family's.
        sampling: Ollama's options that were given.
        has_glossary: Whether room is to be kept for terms.
    """

    num_ctx: int
    family: str = AUTO
    own: PromptTemplate | None = None
    domain: str | None = None
    spelling: str | None = None
    chunk_chars: int | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)
    has_glossary: bool = False

    def voice(self, model: str) -> Voice:
        """How a model is asked.

        Raises:
            UsageError: If its prompt has no place for domain or spelling, or the context none for a text.
        """
        family: Family = family_of(model) if self.family == AUTO else FAMILIES[self.family]
        template = self.own or family.template
        place = f"the prompt {template.name}" + f" of {model}" * (self.family == AUTO and self.own is None)
        template = with_wishes(template, place, self.domain, self.spelling)
        note_tokens = self.num_ctx // NOTE_SHARE if self.has_glossary and template.system else 0
        return Voice(
            model=model,
            template=template,
            budget=Budget.of(template, self.num_ctx, note_tokens),
            chunk_chars=self.chunk_chars or family.chunk_chars,
            sampling={**DEFAULT_SAMPLING, **family.sampling, **self.sampling},
            note_tokens=note_tokens,
        )
