"""One text from source to outcome: gate, chunk, translate each chunk, join."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transforms.engine.outcome import Outcome
from transforms.engine.retry_policy import Passage, Piece, RetryPolicy, Task
from transforms.fleet.answers import Answer
from transforms.fleet.faults import Failure
from transforms.fleet.fleet import Fleet
from transforms.fleet.jobs import Attempt
from transforms.fleet.model_names import is_cloud_model
from transforms.text import flags
from transforms.text.candidates import Checks
from transforms.text.chunks import Chunk, contexts, join, split
from transforms.text.gate import Gate, classify, source_flags
from transforms.text.glossary import Glossary
from transforms.text.prompt_profile import ProfileChoice, PromptProfiles
from transforms.text.sanitize import sanitize
from transforms.text.source_language import Langid, Policy, language_detector

NO_GLOSSARY = Glossary(())


@dataclass(frozen=True)
class TranslatorSettings:
    """What a translation depends on beside the text: part of the recipe. Picklable.

    Attributes:
        profiles: How models are asked.
        model: For texts that name none.
        seed: Of the first try; later tries count up from it.
        fallback_model: Tried where a text's own model failed; None for none.
        checks: Whether answers are checked, and what follows.
        glossary: Terms whose translation is given.
        english, other_language: What becomes of texts that are certainly in English, or in neither language.
        langid: How their language is found.
    """

    profiles: ProfileChoice
    model: str
    seed: int
    fallback_model: str | None = None
    checks: Checks = "repair"
    glossary: Glossary = NO_GLOSSARY
    english: Policy = "pass_through"
    other_language: Policy = "pass_through"
    langid: Langid = "words"


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is to be translated, and what its row says of it.

    Attributes:
        text: The source.
        model: If not the run's own.
        field_name: The column that it comes from, if the model is to know it.
    """

    text: str
    model: str | None = None
    field_name: str | None = None


@dataclass(slots=True)
class TextResult:
    """The outcome of one text and what it cost.

    Attributes:
        attempts: Every request that ended for it.
        candidate: The best that was got for a text that failed, for review.
        repair_requests: Tries after the first of a chunk, because its answer was not good.
        repaired: Whether they made it better.
    """

    outcome: Outcome
    attempts: Sequence[Attempt] = ()
    candidate: str | None = None
    repair_requests: int = 0
    repaired: bool = False


class Translator:
    """Translates texts, one at a time for each caller; safe for many callers in one event loop.

    Attributes:
        model: For texts that name none.
        glossary: Terms whose translation is given.
    """

    def __init__(self, settings: TranslatorSettings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self.model = settings.model
        self.glossary = settings.glossary
        self._language_of = language_detector(settings.langid)
        self._profiles = PromptProfiles(settings.profiles)
        self._retry_policy = RetryPolicy(
            fleet,
            settings.model,
            self._profiles,
            settings.seed,
            settings.checks,
            settings.fallback_model,
            settings.glossary,
        )

    def at_once(self, text: str | None) -> TextResult | None:
        """The result for a text that is not sent; None for the others.

        Not sent are null, blank, what has nothing to translate in it, and by the settings texts in English or in
        another language.
        """
        gate = classify(text)
        if text is None or gate is not Gate.TRANSLATE:
            origin = None if text is None else "source"
            return TextResult(Outcome(text, "skipped", source_flags(text, gate), origin=origin))
        flag, policy = self._foreign(text)
        if flag is None or policy == "translate":
            return None
        marks = (flag, *source_flags(text, gate))
        if policy == "pass_through":
            return TextResult(Outcome(text, "skipped", marks, origin="source"))
        return TextResult(Outcome(None, "failed", marks, error=f"{flag}: the text is not French"), candidate=text)

    def _foreign(self, text: str) -> tuple[str | None, Policy]:
        """The flag of a text that is certainly not French, and what is to become of it."""
        settings = self._settings
        if settings.english == settings.other_language == "translate":
            return None, "translate"
        language = self._language_of(text)
        if language in (None, "fr"):
            return None, "translate"
        english = language == "en"
        return (flags.SRC_ENGLISH, settings.english) if english else (flags.SRC_OTHER_LANGUAGE, settings.other_language)

    async def translate(self, asked: Asked) -> TextResult:
        """The result for a text that is worth sending.

        Raises:
            RunFailed, RunStopped: If the run ends before it is known.
        """
        text, model = asked.text, asked.model or self.model
        if is_cloud_model(model):
            error = f"{Failure.FORBIDDEN.value}: the model {model!r} runs in Ollama's cloud"
            return TextResult(Outcome(None, "failed", error=error, model=model))
        profile, task = self._profiles.of(model, asked.field_name), Task()
        chunks = split(sanitize(text), profile.budget, profile.chunk_chars)
        if len(chunks) == 1:
            pieces = [await self._retry_policy.piece(Passage(chunks[0].core, profile), task)]
        else:
            before = contexts(chunks, profile.context_chars)
            passages = [Passage(chunk.core, profile, context) for chunk, context in zip(chunks, before, strict=True)]
            pieces = list(await asyncio.gather(*(self._retry_policy.piece(passage, task) for passage in passages)))
        marks = list(source_flags(text, Gate.TRANSLATE))
        if len(chunks) > 1:
            marks.append(flags.CHUNKED)
        return self._result(chunks, pieces, model, marks, task)

    def _result(
        self, chunks: Sequence[Chunk], pieces: Sequence[Piece], model: str, marks: list[str], task: Task
    ) -> TextResult:
        errors = [
            piece.error if len(pieces) == 1 else f"{piece.error} (chunk {number} of {len(pieces)})"
            for number, piece in enumerate(pieces, 1)
            if piece.error is not None
        ]
        found = dict.fromkeys(flag for piece in pieces for flag in piece.flags)
        marks += found
        answers = [answer for piece in pieces for answer in piece.answers]
        outcome = Outcome(
            translation=join(chunks, [piece.text for piece in pieces]),
            status="warn" if any(flag in flags.SOFT or flag in flags.HARD for flag in found) else "ok",
            flags=marks,
            origin="generated",
            attempts=sum(attempt.failure is not Failure.SUPERSEDED for attempt in task.attempts),
            chunks=len(chunks),
            **_provenance(answers, task.attempts),
            **self._models(answers, model),
        )
        result = TextResult(outcome, task.attempts, None, task.repair_requests, task.repaired)
        if not errors:
            return result
        outcome.error = errors[0] if len(errors) == 1 else f"{errors[0]}, and {len(errors) - 1} more"
        if any(piece.candidate for piece in pieces):
            result.candidate = join(chunks, [piece.candidate or piece.text for piece in pieces])
        if any(piece.translated for piece in pieces):
            outcome.status = "partial"
        else:
            outcome.status, outcome.translation, outcome.origin = "failed", None, None
        return result

    def _models(self, answers: Sequence[Answer], asked: str) -> dict[str, Any]:
        """The models that answered and their digests; of a text without answers, the model that was asked."""
        models = [answer.model for answer in answers] or [asked]
        digests = [self._fleet.digest(answer.model, answer.host) for answer in answers] or [
            self._fleet.digest(asked, "")
        ]
        known = [digest for digest in dict.fromkeys(digests) if digest]
        return {"model": ",".join(dict.fromkeys(models)), "model_digest": ",".join(known) or None}


_SUMMED = (
    "total_duration_ns",
    "load_duration_ns",
    "prompt_eval_duration_ns",
    "eval_duration_ns",
    "queue_duration_ns",
    "prompt_eval_count",
    "eval_count",
)


def _provenance(answers: Sequence[Answer], attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Durations and counts summed over the chunks' answers, and the hosts that gave them."""
    if len(answers) == 1:
        sums = {name: getattr(answers[0], name) for name in _SUMMED}
    else:
        sums = {name: _sum([getattr(answer, name) for answer in answers]) for name in _SUMMED}
    hosts = [answer.host for answer in answers] or [attempt.host for attempt in attempts[-1:]]
    return {
        **sums,
        "host": ",".join(dict.fromkeys(hosts)) or None,
        "done_reason": answers[-1].done_reason if answers else None,
    }


def _sum(values: Sequence[int | None]) -> int | None:
    """The sum; None if one of the values is unknown, or if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
