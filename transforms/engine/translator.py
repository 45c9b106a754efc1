"""One text from source to result: gate, chunks, the translation of each chunk, and one outcome for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from transforms.engine.chunk_translator import ChunkResult, ChunkTranslator
from transforms.engine.large_texts import call, gather_few
from transforms.engine.outcome import Outcome, RequestLog, TextResult
from transforms.engine.retry_policy import RetryPolicy
from transforms.fleet.answers import Answer
from transforms.fleet.certainty import combined
from transforms.fleet.faults import Failure
from transforms.fleet.fleet import Fleet
from transforms.fleet.jobs import Attempt
from transforms.fleet.model_names import is_cloud_model
from transforms.text import flags
from transforms.text.candidates import Checks
from transforms.text.chunks import Chunk, contexts, join, split
from transforms.text.evidence import encoded
from transforms.text.gate import Gate, classify, source_flags
from transforms.text.glossary import Glossary
from transforms.text.prompt_profile import ProfileChoice, PromptProfile, PromptProfiles
from transforms.text.sanitize import sanitize
from transforms.text.source_language import Langid, Policy, language_detector

NO_GLOSSARY = Glossary(())

MAX_IDENTIFIED_CHARS = 100_000
"""The language of longer texts is not identified, which would take seconds: they are translated."""


@dataclass(frozen=True)
class TranslatorSettings:
    """What a translation depends on beside the text; part of the recipe. Picklable.

    Attributes:
        profiles: The prompt profiles of the models.
        model: For texts that name none.
        seed: Of first attempts; later attempts count up from it.
        fallback_model: Gets the texts that their own model cannot translate; None for no such model.
        checks: Which checks an answer has to pass, and whether failures are repaired.
        glossary: Terms with a prescribed translation.
        english, other_language: Policy for texts that are certainly English, or in neither language.
        langid: How the language of a source text is identified.
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
class SourceText:
    """A text to translate, with what else its row says about it.

    Attributes:
        text: As it is in the record.
        model: The model that the row names; None for the run's model.
        field_name: The column of the text, if the model is to know it.
    """

    text: str
    model: str | None = None
    field_name: str | None = None


class Translator:
    """Translates texts; many callers in one event loop may use it at the same time.

    Attributes:
        model: For texts that name none.
        glossary: Terms with a prescribed translation.
    """

    def __init__(self, settings: TranslatorSettings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self.model = settings.model
        self.glossary = settings.glossary
        self._language_of = language_detector(settings.langid)
        self._profiles = PromptProfiles(settings.profiles)
        self._chunk_translator = ChunkTranslator(
            fleet,
            settings.model,
            self._profiles,
            RetryPolicy(settings.seed, settings.checks, settings.fallback_model),
            settings.checks,
            settings.glossary,
        )

    def without_request(self, source: SourceText | None) -> TextResult | None:
        """The result of a text that needs no request; None for all others.

        No request is made for null, for blank texts, for texts without words, and, depending on the settings, for texts
        in English or in another language.
        """
        text = None if source is None else source.text
        gate = classify(text)
        if text is None or gate is not Gate.TRANSLATE:
            origin = None if text is None else "source"
            return TextResult(Outcome(text, "skipped", source_flags(text, gate), origin=origin))
        flag, policy = self._foreign(text)
        if flag is None or policy == "translate":
            return None
        found = (flag, *source_flags(text, gate))
        if policy == "pass_through":
            return TextResult(Outcome(text, "skipped", found, origin="source"))
        return TextResult(Outcome(None, "failed", found, error=f"{flag}: the text is not French"), candidate=text)

    def _foreign(self, text: str) -> tuple[str | None, Policy]:
        """The flag of a text that is certainly not French, and the policy for it."""
        settings = self._settings
        if settings.english == settings.other_language == "translate" or len(text) > MAX_IDENTIFIED_CHARS:
            return None, "translate"
        language = self._language_of(text)
        if language in (None, "fr"):
            return None, "translate"
        english = language == "en"
        return (flags.SRC_ENGLISH, settings.english) if english else (flags.SRC_OTHER_LANGUAGE, settings.other_language)

    async def translate(self, source: SourceText) -> TextResult:
        """Translate a text for which ``without_request`` has no result.

        Raises:
            RunFailed, RunStopped: The run ended before the text was translated.
        """
        model, log = source.model or self.model, RequestLog()
        if is_cloud_model(model):
            error = f"{Failure.FORBIDDEN.value}: the model {model!r} runs in Ollama's cloud"
            return TextResult(Outcome(None, "failed", error=error, model=model))
        profile = self._profiles.of(model, source.field_name)
        size = len(source.text)
        chunks = await call(size, _chunks, source.text, profile)
        before = contexts(chunks, profile.context_chars) if profile.context_chars else [""] * len(chunks)
        results = await gather_few(
            lambda pair: self._chunk_translator.translate(pair[0].core, profile, log, pair[1]),
            list(zip(chunks, before, strict=True)),
        )
        return await call(size, self._result, source, model, chunks, results, log)

    def _result(
        self, source: SourceText, model: str, chunks: Sequence[Chunk], results: Sequence[ChunkResult], log: RequestLog
    ) -> TextResult:
        """The results of a text's chunks as one."""
        errors = [
            result.error if len(results) == 1 else f"{result.error} (chunk {number} of {len(results)})"
            for number, result in enumerate(results, 1)
            if result.error is not None
        ]
        found = list(dict.fromkeys(flag for result in results for flag in result.flags))
        pieces = sum(result.pieces for result in results)
        chunked = [flags.CHUNKED] * (pieces > 1)
        answers = [answer for result in results for answer in result.answers]
        outcome = Outcome(
            translation=join(chunks, [result.text for result in results]),
            status="ok" if flags.SOFT.isdisjoint(found) and flags.HARD.isdisjoint(found) else "warn",
            flags=[*source_flags(source.text, Gate.TRANSLATE), *chunked, *found],
            origin="generated",
            attempts=sum(attempt.failure is not Failure.SUPERSEDED for attempt in log.attempts),
            chunks=pieces,
            evidence=encoded((each for result in results for each in result.evidence), found) if found else None,
            **_provenance(answers, log.attempts),
            **self._models(answers, model),
        )
        ids = tuple(answer.id for answer in answers)
        if not errors:
            return TextResult(outcome, requests=log, answers=ids)
        outcome.error = errors[0] if len(errors) == 1 else f"{errors[0]}, and {len(errors) - 1} more"
        candidate = None
        if any(result.candidate for result in results):
            candidate = join(chunks, [result.candidate or result.text for result in results])
        if any(result.translated for result in results):
            outcome.status = "partial"
        else:
            outcome.status, outcome.translation, outcome.origin = "failed", None, None
        return TextResult(outcome, candidate, log, all(result.text_at_fault for result in results), ids)

    def _models(self, answers: Sequence[Answer], wanted: str) -> dict[str, Any]:
        """The models that answered, with their digests; without an answer, the model that was wanted."""
        models = [answer.model for answer in answers] or [wanted]
        digests = [self._fleet.digest(answer.model, answer.host) for answer in answers] or [
            self._fleet.digest(wanted, "")
        ]
        known = [digest for digest in dict.fromkeys(digests) if digest]
        return {"model": ",".join(dict.fromkeys(models)), "model_digest": ",".join(known) or None}


def _chunks(text: str, profile: PromptProfile) -> list[Chunk]:
    return split(sanitize(text), profile.budget, profile.chunk_chars)


_SUMMED = (
    "total_duration_ns",
    "load_duration_ns",
    "prompt_eval_duration_ns",
    "eval_duration_ns",
    "queue_duration_ns",
    "prompt_eval_count",
    "eval_count",
)
_SUMMED_VALUES = attrgetter(*_SUMMED)


def _provenance(answers: Sequence[Answer], attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Durations, counts and certainty of the chunks' answers together, and the hosts that gave them."""
    if len(answers) == 1:
        sums = dict(zip(_SUMMED, _SUMMED_VALUES(answers[0]), strict=True))
    else:
        sums = {name: _sum([getattr(answer, name) for answer in answers]) for name in _SUMMED}
    certainty = combined([answer.certainty for answer in answers])
    hosts = [answer.host for answer in answers] or [attempt.host for attempt in attempts[-1:]]
    return {
        **sums,
        "host": ",".join(dict.fromkeys(hosts)) or None,
        "done_reason": answers[-1].done_reason if answers else None,
        "logprob_mean": None if certainty is None else certainty.mean,
        "logprob_min": None if certainty is None else certainty.least,
    }


def _sum(values: Sequence[int | None]) -> int | None:
    """The sum; None if one of the values is unknown, or if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
