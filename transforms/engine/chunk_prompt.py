"""A chunk as it is sent to a model: its prompt, and the requests made from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transforms.engine.retry_policy import Ask
from transforms.fleet.settings import GenerateRequest
from transforms.text.request.budget import estimate_tokens
from transforms.text.request.glossary import Glossary, Term, prompt_lines, reference_lines
from transforms.text.request.prompt_profile import PromptProfile
from transforms.text.request.prompts import Rendered, render
from transforms.text.request.repeated_characters import Shortened, shorten


class ChunkPrompt(NamedTuple):
    """A chunk as it is sent: the same for all attempts with one model.

    Attributes:
        text: The chunk with its repeated characters shortened.
        rendered: The prompt around it.
        terms: The terms of the glossary that occur in it.
        tokens: An upper estimate of the tokens of ``text``.
    """

    text: Shortened
    rendered: Rendered
    terms: tuple[Term, ...]
    tokens: int

    @classmethod
    def of(cls, chunk: str, profile: PromptProfile, glossary: Glossary, context: str) -> ChunkPrompt:
        """Return the prompt for a chunk; ``context`` is the text before it."""
        text = shorten(chunk)
        terms = glossary.found_in(chunk)
        rendered = render(profile.template, text.text, _glossary_note(terms, profile), context)
        return cls(text, rendered, terms, estimate_tokens(text.text))

    def request(
        self,
        profile: PromptProfile,
        step: Ask,
        avoided: frozenset[str],
        model: str | None,
        column: str = "",
        repair: bool = False,
    ) -> GenerateRequest:
        """Return a request with this prompt.

        Args:
            profile: The prompt profile of the model.
            step: The sampling, and whether an answer was cut off: then the next one may be twice as long.
            avoided: Hosts that are not to answer.
            model: The model's name; None for the run's model.
            column: The column of the text.
            repair: Whether the request follows a faulty answer.
        """
        expected, most = profile.budget.num_predict_for(self.tokens), profile.budget.max_predict_for(self.tokens)
        num_predict = min(2 * expected, most) if step.extended else expected
        return GenerateRequest(
            prompt=self.rendered.prompt,
            system=self.rendered.system,
            num_predict=num_predict + profile.think_tokens,
            options=step.sampling,
            size=len(self.text.text),
            raw=profile.template.raw,
            model=model,
            avoided=avoided,
            think=profile.think,
            column=column,
            repair=repair,
        )


def _glossary_note(terms: Sequence[Term], profile: PromptProfile) -> str:
    """The lines of the prompt about the terms that occur: as many terms, in order, as there is room for."""
    lines = reference_lines if profile.template.terms_first else prompt_lines
    for count in range(len(terms), 0, -1):
        note = lines(terms[:count])
        if estimate_tokens(note) <= profile.note_tokens:
            return note
    return ""
