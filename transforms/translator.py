"""One text from source to outcome: gate, chunk, prompt, ask the fleet, check, repair, join."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transforms.columns import Outcome
from transforms.fleet.answers import Answer
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.jobs import Attempt
from transforms.fleet.model_names import is_cloud_model
from transforms.fleet.settings import GenerateRequest
from transforms.text import flags
from transforms.text.budget import estimate_tokens
from transforms.text.candidates import Candidate, Checks, best, judge, judged_whole
from transforms.text.chunks import Chunk, join, split
from transforms.text.gate import Gate, classify, source_flags
from transforms.text.prompts import render
from transforms.text.runs import Masked, mask
from transforms.text.sanitize import sanitize
from transforms.text.source_language import Policy, language_of
from transforms.text.voice import Voice, VoiceChoice

SHORTEST_HALF = 40
"""Characters below which a chunk is not halved again, if it is too long for the model."""

SHORTEST_REPAIRED_HALF = 300
"""The same if its answers are bad: in shorter pieces the checks might not see what is wrong with theirs."""

TRIES = 2
"""Of a chunk as a whole; then come smaller chunks, then the second model."""

RETRY_TEMPERATURE = 0.3
RETRY_REPEAT_PENALTY = 1.1


@dataclass(frozen=True)
class TranslatorSettings:
    """What a translation depends on beside the text: part of the recipe. Picklable.

    Attributes:
        voices: How models are asked.
        model: For texts that name none.
        seed: Of the first try; later tries count up from it.
        fallback_model: Tried where a text's own model failed; None for none.
        checks: Whether answers are checked, and what follows.
        english, other_language: What becomes of texts that are certainly in English, or in neither language.
    """

    voices: VoiceChoice
    model: str
    seed: int
    fallback_model: str | None = None
    checks: Checks = "repair"
    english: Policy = "pass_through"
    other_language: Policy = "pass_through"


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


@dataclass(slots=True)
class _Piece:
    """A chunk after its translation.

    Attributes:
        text: The translation; the source wherever there is none.
        answers: The accepted ones.
        error: Why some or all of it could not be translated.
        translated: Whether some of it was.
        candidate: The best that was got, where there is an error.
    """

    text: str
    answers: list[Answer] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    error: str | None = None
    translated: bool = True
    candidate: str | None = None


@dataclass
class _Task:
    """One text on its way: what is counted over all its chunks.

    Attributes:
        attempts: Every request that ended.
        repair_requests: As in ``TextResult``.
        repaired: As there.
    """

    attempts: list[Attempt] = field(default_factory=list)
    repair_requests: int = 0
    repaired: bool = False


class Translator:
    """Translates texts, one at a time for each caller; safe for many callers in one event loop."""

    def __init__(self, settings: TranslatorSettings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self._voices: dict[str, Voice] = {}
        self._voice(settings.model)
        self._fallback = None if settings.fallback_model is None else self._voice(settings.fallback_model)

    def _voice(self, model: str) -> Voice:
        if model not in self._voices:
            self._voices[model] = self._settings.voices.voice(model)
        return self._voices[model]

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
        language = language_of(text)
        if language in (None, "fr"):
            return None, "translate"
        english = language == "en"
        return (flags.SRC_ENGLISH, settings.english) if english else (flags.SRC_OTHER_LANGUAGE, settings.other_language)

    async def translate(self, text: str, model: str | None = None) -> TextResult:
        """The result for a text that is worth sending.

        Args:
            text: The source.
            model: If not the run's own.

        Raises:
            RunFailed, RunStopped: If the run ends before it is known.
        """
        model = model or self._settings.model
        if is_cloud_model(model):
            error = f"{Failure.FORBIDDEN.value}: the model {model!r} runs in Ollama's cloud"
            return TextResult(Outcome(None, "failed", error=error, model=model))
        voice, task = self._voice(model), _Task()
        chunks = split(sanitize(text), voice.budget, voice.chunk_chars)
        if len(chunks) == 1:
            pieces = [await self._piece(chunks[0].core, voice, task)]
        else:
            pieces = list(await asyncio.gather(*(self._piece(chunk.core, voice, task) for chunk in chunks)))
        marks = list(source_flags(text, Gate.TRANSLATE))
        if len(chunks) > 1:
            marks.append(flags.CHUNKED)
        return self._result(chunks, pieces, model, marks, task)

    def _result(
        self, chunks: Sequence[Chunk], pieces: Sequence[_Piece], model: str, marks: list[str], task: _Task
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

    async def _piece(self, core: str, voice: Voice, task: _Task) -> _Piece:
        """A chunk's translation, or the chunk itself with the reason why there is none."""
        if classify(core) is not Gate.TRANSLATE:
            return _Piece(core)
        piece = await self._piece_by(core, voice, task)
        if piece.error is None or self._fallback is None or voice is self._fallback:
            return piece
        second = await self._piece_by(core, self._fallback, task)
        if second.error is not None:
            piece.error = f"{piece.error}; {second.error} with {self._fallback.model}"
            return piece
        task.repaired = True
        second.flags = (*second.flags, flags.FALLBACK_USED)
        return second

    async def _piece_by(self, core: str, voice: Voice, task: _Task, whole: bool = True) -> _Piece:
        """The same by one model: as a whole, up to twice, then in smaller chunks.

        Args:
            core: The chunk.
            voice: How the model is asked.
            task: The text that it is part of.
            whole: Whether it may be cut because its answers are bad; that it is too long is always a reason.
        """
        masked = mask(core)
        tries, rejected = await self._tries(core, masked, voice, task)
        chosen = best([candidate for candidate, _ in tries]) if tries else None
        if chosen is not None and self._accepts(chosen):
            answer = next(answer for candidate, answer in tries if candidate is chosen)
            task.repaired |= chosen is not tries[0][0]
            marks = (flags.SRC_RUNS_MASKED,) * masked.changed + chosen.flags
            return _Piece(chosen.text, [answer], marks)
        too_long = rejected is not None and rejected.failure in (Failure.OUTPUT_TRUNCATED, Failure.INPUT_TOO_LONG)
        if too_long and len(core) > 2 * SHORTEST_HALF:
            halves = await self._halves(core, voice, task, whole)
            if halves.translated:
                return halves
        elif whole and chosen is not None and len(core) > 2 * SHORTEST_REPAIRED_HALF:
            halves = await self._halves(core, voice, task, whole=False)
            if halves.error is None and not judged_whole(core, halves.text).hard:
                task.repaired = True
                return halves
        return self._failed(core, chosen, rejected)

    def _accepts(self, candidate: Candidate) -> bool:
        return bool(candidate.text) and (self._settings.checks != "repair" or not candidate.hard)

    @staticmethod
    def _failed(core: str, chosen: Candidate | None, rejected: RowRejected | None) -> _Piece:
        if chosen is not None and chosen.hard:
            reason = "the model answered nothing" if not chosen.text else "every answer was wrong in this way"
            error = f"{chosen.hard[0]}: {reason}"
            return _Piece(core, [], chosen.flags, error, translated=False, candidate=chosen.text or None)
        if rejected is None:
            raise AssertionError("a chunk without answers has a reason")
        kind = rejected.failure.value
        marks = (kind,) if kind in flags.HARD else ()
        return _Piece(core, [], marks, f"{kind}: {rejected}", translated=False)

    async def _halves(self, core: str, voice: Voice, task: _Task, whole: bool) -> _Piece:
        """The same in smaller chunks."""
        chunks = split(core, voice.budget, max(SHORTEST_HALF, len(core) // 2), always=True)
        pieces = await asyncio.gather(*(self._piece_by(chunk.core, voice, task, whole) for chunk in chunks))
        return _Piece(
            join(chunks, [piece.text for piece in pieces]),
            [answer for piece in pieces for answer in piece.answers],
            tuple(dict.fromkeys(flag for piece in pieces for flag in piece.flags)),
            next((piece.error for piece in pieces if piece.error is not None), None),
            any(piece.translated for piece in pieces),
            join(chunks, [piece.candidate or piece.text for piece in pieces]),
        )

    async def _tries(
        self, core: str, masked: Masked, voice: Voice, task: _Task
    ) -> tuple[list[tuple[Candidate, Answer]], RowRejected | None]:
        """Up to two answers to a chunk, and why there are no more of them.

        The second has another seed, some temperature and a penalty for repetition, since the same request would bring
        the same answer again; it goes to another host if there is one, and gets all the room there is if the first
        was cut.
        """
        tries: list[tuple[Candidate, Answer]] = []
        room, options = voice.budget.num_predict_for(estimate_tokens(masked.text)), dict(voice.sampling)
        for number in range(TRIES):
            avoided = frozenset(answer.host for _, answer in tries)
            try:
                answer = await self._ask(masked.text, voice, room, options, avoided, task)
            except RowRejected as rejected:
                if rejected.failure is not Failure.OUTPUT_TRUNCATED or number + 1 == TRIES:
                    return tries, rejected
                room = voice.budget.most_predict_for(estimate_tokens(masked.text))
            else:
                candidate = judge(answer.text, core, masked, voice.template, self._settings.checks)
                tries.append((candidate, answer))
                if not self._worth_another(candidate):
                    break
            task.repair_requests += number + 1 < TRIES
            options |= {
                "seed": self._settings.seed + 1,
                "temperature": max(RETRY_TEMPERATURE, voice.sampling["temperature"]),
                "repeat_penalty": max(RETRY_REPEAT_PENALTY, voice.sampling["repeat_penalty"]),
            }
        return tries, None

    def _worth_another(self, candidate: Candidate) -> bool:
        return candidate.improvable if self._settings.checks == "repair" else not candidate.text

    async def _ask(
        self, text: str, voice: Voice, room: int, options: Mapping[str, float], avoided: frozenset[str], task: _Task
    ) -> Answer:
        rendered = render(voice.template, text)
        request = GenerateRequest(
            prompt=rendered.prompt,
            system=rendered.system,
            num_predict=room,
            options=dict(options),
            size=len(text),
            raw=voice.template.raw,
            model=None if voice.model == self._settings.model else voice.model,
            avoided=avoided,
        )
        answer = await self._fleet.generate(request, task.attempts)
        if voice.budget.was_cut(answer.prompt_eval_count, estimate_tokens(text)):
            message = f"the host cut the prompt to {answer.prompt_eval_count} tokens, though it was told not to"
            raise RowRejected(Failure.INPUT_TOO_LONG, message)
        return answer


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
