"""One text from source to result: gate, chunks, the translation of each chunk, and one outcome for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from transforms.engine.chunk_result import ChunkResult, joined
from transforms.engine.chunk_translator import ChunkTranslator
from transforms.engine.large_texts import call, gather_few
from transforms.engine.outcome import Outcome, RequestLog, TextResult
from transforms.engine.retry_policy import RetryPolicy
from transforms.engine.second_process import SecondProcess
from transforms.fleet.faults import Failure
from transforms.fleet.fleet import Fleet
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.certainty import combined
from transforms.fleet.jobs import Attempt
from transforms.fleet.model_names import is_cloud_model
from transforms.text import flags
from transforms.text.candidates import Checks
from transforms.text.evidence import encoded
from transforms.text.request.chunks import Chunk, contexts, join, split
from transforms.text.request.gate import Gate, classify, source_flags
from transforms.text.request.glossary import Glossary
from transforms.text.request.prompt_profile import ProfileChoice, PromptProfile, PromptProfiles
from transforms.text.request.sanitize import sanitize
from transforms.text.request.source_language import Langid, Policy, foreign_languages, language_detector

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
        column: The column of the text, whose answers tell how long the next one may be; empty if there are no columns.
    """

    text: str
    model: str | None = None
    field_name: str | None = None
    column: str = ""


class Translator:
    """Translates texts; many callers in one event loop may use it at the same time.

    Args:
        settings: What a translation depends on beside the text.
        fleet: Answers requests.
        second: Helps with the checks.

    Attributes:
        model: For texts that name none.
        glossary: Terms with a prescribed translation.
    """

    def __init__(self, settings: TranslatorSettings, fleet: Fleet, second: SecondProcess) -> None:
        self._settings = settings
        self._fleet = fleet
        self.model = settings.model
        self.glossary = settings.glossary
        self._language_of = language_detector(settings.langid)
        self._second = second
        self._profiles = PromptProfiles(settings.profiles)
        self._chunk_translator = ChunkTranslator(
            fleet,
            settings.model,
            self._profiles,
            RetryPolicy(settings.seed, settings.checks, settings.fallback_model),
            settings.checks,
            settings.glossary,
            second,
        )

    async def without_request(self, sources: Sequence[SourceText | None]) -> list[TextResult | None]:
        """The results of those texts of a batch that need no request, in order; None for all others.

        No request is made for null, for blank texts, for texts without words, and, depending on the settings, for texts
        in English or in another language.
        """
        results: list[TextResult | None] = []
        for source in sources:
            text = None if source is None else source.text
            results.append(await call(len(text or ""), _without_words, text))
        identified = {
            index: source.text
            for index, (source, result) in enumerate(zip(sources, results, strict=True))
            if result is None and source is not None and self._is_identified(source.text)
        }
        languages = await self._languages(list(identified.values()))
        for (index, text), language in zip(identified.items(), languages, strict=True):
            if language not in (None, "fr"):
                results[index] = self._foreign(text, english=language == "en")
        return results

    def _is_identified(self, text: str) -> bool:
        policies = self._settings.english, self._settings.other_language
        return policies != ("translate", "translate") and len(text) <= MAX_IDENTIFIED_CHARS

    async def _languages(self, texts: Sequence[str]) -> list[str | None]:
        longest = max(map(len, texts), default=0)
        if self._settings.langid == "words":
            return await self._second.call(longest, foreign_languages, texts)
        return [await call(len(text), self._language_of, text) for text in texts]

    def _foreign(self, text: str, english: bool) -> TextResult | None:
        """The result of a text that is certainly not French; None if it is translated all the same."""
        flag = flags.SRC_ENGLISH if english else flags.SRC_OTHER_LANGUAGE
        policy = self._settings.english if english else self._settings.other_language
        if policy == "translate":
            return None
        found = (flag, *source_flags(text, Gate.TRANSLATE))
        if policy == "pass_through":
            return TextResult(Outcome(text, "skipped", found, origin="source"))
        return TextResult(Outcome(None, "failed", found, error=f"{flag}: the text is not French"), candidate=text)

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
        before = contexts(chunks, profile.context_chars)
        results = await gather_few(
            lambda pair: self._chunk_translator.translate(pair[0].core, profile, log, pair[1], source.column),
            list(zip(chunks, before, strict=True)),
        )
        return await call(size, self._result, source, model, chunks, results, log)

    def _result(
        self, source: SourceText, model: str, chunks: Sequence[Chunk], results: Sequence[ChunkResult], log: RequestLog
    ) -> TextResult:
        """The results of a text's chunks as one."""
        whole = results[0] if len(results) == 1 else joined(chunks, results)
        ids = tuple([answer.id for answer in whole.answers])
        outcome = Outcome(
            join(chunks, [result.text for result in results]),
            "ok",
            [*source_flags(source.text, Gate.TRANSLATE), *[flags.CHUNKED] * (whole.pieces > 1), *whole.flags],
            origin="generated",
            attempts=sum([attempt.failure is not Failure.SUPERSEDED for attempt in log.attempts]),
            chunks=whole.pieces,
        )
        if whole.flags:
            outcome.evidence = encoded(whole.evidence, whole.flags)
            if not (flags.SOFT.isdisjoint(whole.flags) and flags.HARD.isdisjoint(whole.flags)):
                outcome.status = "warn"
        _note_provenance(outcome, whole.answers, log.attempts)
        self._note_models(outcome, whole.answers, model)
        if whole.error is None:
            return TextResult(outcome, None, log, False, ids)
        outcome.error = whole.error
        candidate = None if whole.candidate is None else join(chunks, [each.candidate or each.text for each in results])
        if whole.translated:
            outcome.status = "partial"
        else:
            outcome.status, outcome.translation, outcome.origin = "failed", None, None
        return TextResult(outcome, candidate, log, whole.text_at_fault, ids)

    def _note_models(self, outcome: Outcome, answers: Sequence[Answer], wanted: str) -> None:
        """Notes the models that answered, with their digests; without an answer, the model that was wanted."""
        if len(answers) == 1:
            outcome.model = answers[0].model
            outcome.model_digest = self._fleet.digest(answers[0].model, answers[0].host)
            return
        used = [(answer.model, answer.host) for answer in answers] or [(wanted, "")]
        outcome.model = ",".join(dict.fromkeys(model for model, _ in used))
        digests = dict.fromkeys(self._fleet.digest(*each) for each in dict.fromkeys(used))
        outcome.model_digest = ",".join(filter(None, digests)) or None


def _without_words(text: str | None) -> TextResult | None:
    """The result of a text that has no words; None for all others."""
    gate = classify(text)
    if text is not None and gate is Gate.TRANSLATE:
        return None
    return TextResult(Outcome(text, "skipped", source_flags(text, gate), origin=None if text is None else "source"))


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


def _note_provenance(outcome: Outcome, answers: Sequence[Answer], attempts: Sequence[Attempt]) -> None:
    """Notes durations, counts and certainty of the chunks' answers together, and the hosts that gave them."""
    hosts = [answer.host for answer in answers] or [attempt.host for attempt in attempts[-1:]]
    outcome.host = ",".join(dict.fromkeys(hosts)) or None
    if not answers:
        return
    outcome.done_reason = answers[-1].done_reason
    values = [_SUMMED_VALUES(answer) for answer in answers]
    sums = values[0] if len(values) == 1 else map(_sum, zip(*values, strict=True))
    for name, value in zip(_SUMMED, sums, strict=True):
        setattr(outcome, name, value)
    if (certainty := combined([answer.certainty for answer in answers])) is not None:
        outcome.logprob_mean, outcome.logprob_min = certainty.mean, certainty.least


def _sum(values: Sequence[int | None]) -> int | None:
    """The sum; None if one of the values is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
