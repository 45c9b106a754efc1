"""How one model is asked: its prompt, its sampling, what one request to it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from transforms.text.budget import CONTEXT_CHARS_PER_TOKEN, Budget
from transforms.text.prompt_families import DEFAULT_SAMPLING, FAMILIES, Family, family_of
from transforms.text.prompts import PromptTemplate, with_wishes
from transforms.text.thinking import Think, think_tokens, think_value

AUTO = "auto"
NOTE_SHARE = 8
"""One part in so many of the context is kept for the terms of a glossary."""


@dataclass(frozen=True)
class PromptProfile:
    """How one model is asked.

    Attributes:
        model: As the user names it.
        template: The prompt.
        budget: What one request may hold.
        chunk_chars: Longest piece of a text that does not fit one request.
        sampling: Ollama's options of a first try.
        note_tokens: Kept free for the terms of a glossary.
        context_chars: Of the text before a piece of it, that goes along with the piece.
        field_name: The column of the texts, if the model is told.
        think: The value of Ollama's field ``think``.
        think_tokens: Tokens that an answer may have beside the translation; part of the budget's overhead.
    """

    model: str
    template: PromptTemplate
    budget: Budget
    chunk_chars: int
    sampling: Mapping[str, float]
    note_tokens: int = 0
    context_chars: int = 0
    field_name: str | None = None
    think: Think = False
    think_tokens: int = 0


@dataclass(frozen=True)
class ProfileChoice:
    """What the user wishes; the rest is the model's family's. Picklable.

    Attributes:
        num_ctx: Tokens that prompt and answer may have together.
        family: ``auto`` or one of ``FAMILIES``.
        own: The user's own template, for every model.
        domain, spelling: As in ``prompts.with_wishes``.
        chunk_chars: None for the family's.
        sampling: Ollama's options that were given.
        has_glossary: Whether room is to be kept for terms.
        context_chars: As of ``PromptProfile``.
        think: One of ``THINK_CHOICES``.
    """

    num_ctx: int
    family: str = AUTO
    own: PromptTemplate | None = None
    domain: str | None = None
    spelling: str | None = None
    chunk_chars: int | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)
    has_glossary: bool = False
    context_chars: int = 0
    think: str = "auto"

    def profile(self, model: str, field_name: str | None = None) -> PromptProfile:
        """How a model is asked.

        Args:
            model: As the user names it.
            field_name: The column of the texts, if the model is to know it.

        Raises:
            UsageError: If its prompt has no place for what is to be said in it, or the context none for a text.
        """
        family: Family = family_of(model) if self.family == AUTO else FAMILIES[self.family]
        template = self.own or family.template
        place = f"the prompt {template.name}" + f" of {model}" * (self.family == AUTO and self.own is None)
        template = with_wishes(template, place, self.domain, self.spelling, field_name, bool(self.context_chars))
        note_tokens = self.num_ctx // NOTE_SHARE if self.has_glossary and template.takes_terms else 0
        context_tokens = self.context_chars // CONTEXT_CHARS_PER_TOKEN
        think = think_value(self.think, model)
        return PromptProfile(
            model=model,
            template=template,
            budget=Budget.of(template, self.num_ctx, note_tokens + context_tokens + think_tokens(think)),
            chunk_chars=self.chunk_chars or family.chunk_chars,
            sampling={**DEFAULT_SAMPLING, **family.sampling, **self.sampling},
            note_tokens=note_tokens,
            context_chars=self.context_chars,
            field_name=field_name,
            think=think,
            think_tokens=think_tokens(think),
        )


class PromptProfiles:
    """How each model of a run is asked, the budget corrected by what its hosts count. For one event loop."""

    def __init__(self, choice: ProfileChoice) -> None:
        self._choice = choice
        self._profiles: dict[tuple[str, str | None], PromptProfile] = {}
        self._corrected: set[str] = set()

    def of(self, model: str, field_name: str | None = None) -> PromptProfile:
        """How a model is asked about texts of a column.

        Raises:
            UsageError: As ``ProfileChoice.profile`` does.
        """
        profile = self._profiles.get((model, field_name))
        if profile is None:
            profile = self._profiles[model, field_name] = self._choice.profile(model, field_name)
        return profile

    def counted(self, profile: PromptProfile, source_tokens: int, prompt_eval_count: int) -> bool:
        """Learns what a host has counted for a prompt; see ``Budget.corrected``.

        Returns:
            Whether the model turns out to take more than was estimated, for the first time.
        """
        profile = self.of(profile.model, profile.field_name)
        budget = profile.budget.corrected(source_tokens, prompt_eval_count)
        if budget == profile.budget:
            return False
        self._profiles[profile.model, profile.field_name] = replace(profile, budget=budget)
        first = profile.model not in self._corrected
        self._corrected.add(profile.model)
        return first
