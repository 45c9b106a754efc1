"""One text from source to outcome: gate, sanitise, chunk, prompt, ask the fleet, accept, join."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from transforms.text.answers import clean
from transforms.text.budget import Budget, estimate_tokens
from transforms.text.chunks import Chunk, join, split
from transforms.text.gate import Gate, classify, source_flags
from transforms.text.prompts import PromptChoice, PromptTemplate, render
from transforms.text.sanitize import sanitize

SHORTEST_HALF = 40
"""Characters below which a chunk whose answer is cut is not halved again."""

RETRY_TEMPERATURE = 0.3


@dataclass(frozen=True)
class TranslatorSettings:
    """What a translation depends on beside the text: part of the recipe.

    Attributes:
        prompts: Which prompt a model gets.
        model: For texts that name none.
        fallback_model: Tried where a text's own model failed; None for none.
        num_ctx: Tokens that prompt and answer may have together.
        chunk_chars: Longest piece of a text that does not fit one request.
        seed: Of the first try; later tries count up from it.
    """

    prompts: PromptChoice
    model: str
    num_ctx: int
    chunk_chars: int
    seed: int
    fallback_model: str | None = None


@dataclass(slots=True)
class TextResult:
    """The outcome of one text and what it cost.

    Attributes:
        attempts: Every request that ended for it.
        candidate: The best that was got for a text that failed, for review.
    """

    outcome: Outcome
    attempts: Sequence[Attempt] = ()
    candidate: str | None = None


@dataclass(slots=True)
class _Piece:
    """A chunk after its translation.

    Attributes:
        text: The translation; the source wherever there is none.
        answers: The accepted ones.
        error: Why some or all of it could not be translated.
        translated: Whether some of it was.
    """

    text: str
    answers: list[Answer] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    error: str | None = None
    translated: bool = True


@dataclass(frozen=True)
class _Voice:
    """How one model is asked."""

    model: str
    template: PromptTemplate
    budget: Budget


class Translator:
    """Translates texts, one at a time for each caller; safe for many callers in one event loop."""

    def __init__(self, settings: TranslatorSettings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self._voices: dict[str, _Voice] = {}
        self._voice(settings.model)
        self._fallback = settings.fallback_model and self._voice(settings.fallback_model)

    def _voice(self, model: str) -> _Voice:
        if model not in self._voices:
            template = self._settings.prompts.template(model)
            self._voices[model] = _Voice(model, template, Budget.of(template, self._settings.num_ctx))
        return self._voices[model]

    def at_once(self, text: str | None) -> TextResult | None:
        """The result for a text that is not sent (null, blank, nothing to translate in it); None for the others."""
        gate = classify(text)
        if gate is Gate.TRANSLATE:
            return None
        return TextResult(Outcome(text, "skipped", source_flags(text, gate), origin=None if text is None else "source"))

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
        voice = self._voice(model)
        chunks = split(sanitize(text), voice.budget, self._settings.chunk_chars)
        attempts: list[Attempt] = []
        if len(chunks) == 1:
            pieces = [await self._piece(chunks[0].core, voice, attempts)]
        else:
            pieces = list(await asyncio.gather(*(self._piece(chunk.core, voice, attempts) for chunk in chunks)))
        marks = list(source_flags(text, Gate.TRANSLATE))
        if len(chunks) > 1:
            marks.append(flags.CHUNKED)
        return self._result(chunks, pieces, model, marks, attempts)

    def _result(
        self,
        chunks: Sequence[Chunk],
        pieces: Sequence[_Piece],
        model: str,
        marks: list[str],
        attempts: list[Attempt],
    ) -> TextResult:
        errors = [
            piece.error if len(pieces) == 1 else f"{piece.error} (chunk {number} of {len(pieces)})"
            for number, piece in enumerate(pieces, 1)
            if piece.error is not None
        ]
        found = dict.fromkeys(flag for piece in pieces for flag in piece.flags)
        marks += found
        answers = [answer for piece in pieces for answer in piece.answers]
        text = join(chunks, [piece.text for piece in pieces])
        outcome = Outcome(
            translation=text,
            status="warn" if any(flag in flags.SOFT for flag in found) else "ok",
            flags=marks,
            origin="generated",
            attempts=sum(attempt.failure is not Failure.SUPERSEDED for attempt in attempts),
            chunks=len(chunks),
            **_provenance(answers, attempts),
            **self._models(answers, model),
        )
        if not errors:
            return TextResult(outcome, attempts)
        outcome.error = errors[0] if len(errors) == 1 else f"{errors[0]}, and {len(errors) - 1} more"
        if any(piece.translated for piece in pieces):
            outcome.status = "partial"
            return TextResult(outcome, attempts)
        outcome.status, outcome.translation, outcome.origin = "failed", None, None
        return TextResult(outcome, attempts)

    def _models(self, answers: Sequence[Answer], asked: str) -> dict[str, Any]:
        """The models that answered and their digests; of a text without answers, the model that was asked."""
        models = [answer.model for answer in answers] or [asked]
        digests = [self._fleet.digest(answer.model, answer.host) for answer in answers] or [
            self._fleet.digest(asked, "")
        ]
        known = [digest for digest in dict.fromkeys(digests) if digest]
        return {"model": ",".join(dict.fromkeys(models)), "model_digest": ",".join(known) or None}

    async def _piece(self, core: str, voice: _Voice, attempts: list[Attempt]) -> _Piece:
        """A chunk's translation, or the chunk itself with the reason why there is none."""
        piece = await self._piece_by(core, voice, attempts)
        if piece.error is None or not self._fallback or voice is self._fallback:
            return piece
        second = await self._piece_by(core, self._fallback, attempts)
        if second.error is not None:
            piece.error = f"{piece.error}; {second.error} with {self._fallback.model}"
            return piece
        second.flags = (*second.flags, flags.FALLBACK_USED)
        return second

    async def _piece_by(self, core: str, voice: _Voice, attempts: list[Attempt]) -> _Piece:
        """The same by one model only."""
        try:
            return await self._ask(core, voice, attempts)
        except RowRejected as rejected:
            reason = rejected.failure
            if reason in (Failure.OUTPUT_TRUNCATED, Failure.INPUT_TOO_LONG) and len(core) > 2 * SHORTEST_HALF:
                return await self._halves(core, voice, attempts)
            return _Piece(core, error=f"{reason.value}: {rejected}", translated=False)

    async def _halves(self, core: str, voice: _Voice, attempts: list[Attempt]) -> _Piece:
        """The same in smaller chunks, after an answer was cut or the prompt was too long in spite of the budget."""
        chunks = split(core, voice.budget, max(SHORTEST_HALF, len(core) // 2), always=True)
        pieces = await asyncio.gather(*(self._piece_by(chunk.core, voice, attempts) for chunk in chunks))
        return _Piece(
            join(chunks, [piece.text for piece in pieces]),
            [answer for piece in pieces for answer in piece.answers],
            tuple(dict.fromkeys(flag for piece in pieces for flag in piece.flags)),
            next((piece.error for piece in pieces if piece.error is not None), None),
            any(piece.translated for piece in pieces),
        )

    async def _ask(self, core: str, voice: _Voice, attempts: list[Attempt]) -> _Piece:
        """Asks at most twice: a cut or empty answer gets another seed, some temperature and all the room there is.

        At temperature 0 the same request would bring the same answer again.
        """
        rendered = render(voice.template, core)
        tokens = estimate_tokens(core)
        model = None if voice.model == self._settings.model else voice.model

        async def ask(num_predict: int, options: Mapping[str, Any]) -> _Piece | None:
            request = GenerateRequest(
                rendered.prompt, rendered.system, num_predict, options, len(core), voice.template.raw, model
            )
            answer = await self._fleet.generate(request, attempts)
            text, found = clean(answer.text, core)
            return _Piece(text, [answer], found) if text else None

        try:
            if (piece := await ask(voice.budget.num_predict_for(tokens), {})) is not None:
                return piece
        except RowRejected as rejected:
            if rejected.failure is not Failure.OUTPUT_TRUNCATED:
                raise
        again = {"seed": self._settings.seed + 1, "temperature": RETRY_TEMPERATURE}
        if (piece := await ask(voice.budget.most_predict_for(tokens), again)) is not None:
            return piece
        error = f"{flags.EMPTY_OUTPUT}: the model answered nothing"
        return _Piece(core, flags=(flags.EMPTY_OUTPUT,), error=error, translated=False)


def _provenance(answers: Sequence[Answer], attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Durations and counts summed over the chunks' answers, and the hosts that gave them."""

    def total(value: Callable[[Answer], int | None]) -> int | None:
        return _sum(value(answer) for answer in answers)

    hosts = [answer.host for answer in answers] or [attempt.host for attempt in attempts[-1:]]
    return {
        "host": ",".join(dict.fromkeys(hosts)) or None,
        "total_duration_ns": total(lambda answer: answer.total_duration_ns),
        "load_duration_ns": total(lambda answer: answer.load_duration_ns),
        "prompt_eval_duration_ns": total(lambda answer: answer.prompt_eval_duration_ns),
        "eval_duration_ns": total(lambda answer: answer.eval_duration_ns),
        "queue_duration_ns": total(lambda answer: answer.queue_duration_ns),
        "prompt_eval_count": total(lambda answer: answer.prompt_eval_count),
        "eval_count": total(lambda answer: answer.eval_count),
        "done_reason": answers[-1].done_reason if answers else None,
    }


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum; None if one of the values is unknown, or if there are none."""
    known = list(values)
    return None if not known or None in known else sum(value for value in known if value is not None)
