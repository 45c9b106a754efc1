"""Prompt, sampling and token budget of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from transforms.text.request.budget import CONTEXT_CHARS_PER_TOKEN, Budget
from transforms.text.request.prompt_families import DEFAULT_SAMPLING, FAMILIES, Family, family_of
from transforms.text.request.prompts import PromptTemplate, with_instructions
from transforms.text.request.thinking import Think, think_tokens, think_value

AUTO = "auto"
NOTE_SHARE = 8
"""The divisor of ``num_ctx`` that gives the tokens reserved for glossary terms."""


@dataclass(frozen=True)
class PromptProfile:
    """Prompt, sampling and token budget of a model.

    Attributes:
        model: The model's name as given by the user.
        template: The prompt.
        budget: The token budget of one request.
        chunk_chars: The maximum characters of a piece of a text that does not fit one request.
        sampling: The Ollama options of a first attempt.
        note_tokens: The tokens reserved for glossary terms.
        context_chars: The maximum characters of preceding text that are sent with a piece of a text.
        field_name: The column of the texts, if the prompt names it.
        think: The value of Ollama's field ``think``.
        think_tokens: The tokens that an answer may have in addition to the translation, part of the budget's overhead.
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
    """The user's settings, which take precedence over those of the model's family. Picklable.

    Attributes:
        num_ctx: The context size in tokens, for prompt and answer together.
        family: ``auto`` or one of ``FAMILIES``.
        own: The user's own template, for every model.
        domain, spelling: See ``prompts.with_instructions``.
        chunk_chars: The maximum characters of a piece; None for the family's value.
        sampling: The Ollama options that the user set.
        has_glossary: Whether to reserve tokens for glossary terms.
        context_chars: See ``PromptProfile``.
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
        """Return the prompt profile of a model.

        Args:
            model: The model's name as given by the user.
            field_name: The column of the texts, if the prompt is to name it.

        Raises:
            UsageError: The prompt has no place for the instructions, or the context has no room for a text.
        """
        family: Family = family_of(model) if self.family == AUTO else FAMILIES[self.family]
        template = self.own or family.template
        place = f"the prompt {template.name}" + f" of {model}" * (self.family == AUTO and self.own is None)
        template = with_instructions(template, place, self.domain, self.spelling, field_name, bool(self.context_chars))
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
    """The prompt profiles of a run, with budgets corrected by the hosts' token counts. For one event loop."""

    def __init__(self, choice: ProfileChoice) -> None:
        self._choice = choice
        self._profiles: dict[tuple[str, str | None], PromptProfile] = {}
        self._corrected: set[str] = set()

    def of(self, model: str, field_name: str | None = None) -> PromptProfile:
        """Return the prompt profile of a model for the texts of a column.

        Raises:
            UsageError: See ``ProfileChoice.profile``.
        """
        profile = self._profiles.get((model, field_name))
        if profile is None:
            profile = self._profiles[model, field_name] = self._choice.profile(model, field_name)
        return profile

    def counted(self, profile: PromptProfile, source_tokens: int, prompt_eval_count: int) -> bool:
        """Correct the profile's budget by a host's token count of a prompt; see ``Budget.corrected``.

        Returns:
            Whether this is the first prompt of the model that took more tokens than estimated.
        """
        profile = self.of(profile.model, profile.field_name)
        budget = profile.budget.corrected(source_tokens, prompt_eval_count)
        if budget == profile.budget:
            return False
        self._profiles[profile.model, profile.field_name] = replace(profile, budget=budget)
        first = profile.model not in self._corrected
        self._corrected.add(profile.model)
        return first
