"""One chunk from source to translation: send it, check the answer, and follow the retry policy until it is decided."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.engine.large_texts import call, gather_few
from transforms.engine.outcome import RequestLog
from transforms.engine.repair_yield import RepairYield, kind_of
from transforms.engine.retry_policy import Accept, Ask, GiveUp, Response, RetryPolicy, Split, give_up
from transforms.fleet.answers import Answer
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.settings import GenerateRequest
from transforms.text import flags
from transforms.text.budget import estimate_tokens
from transforms.text.candidates import Candidate, Checks, assess, assess_whole
from transforms.text.chunks import contexts, join, split
from transforms.text.findings import Finding
from transforms.text.gate import Gate, classify
from transforms.text.glossary import Glossary, Term, prompt_lines, reference_lines
from transforms.text.prompt_profile import PromptProfile, PromptProfiles
from transforms.text.prompts import Rendered, render
from transforms.text.repeated_characters import Shortened, shorten

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class ChunkResult:
    """The result of one chunk.

    Attributes:
        text: The translation; the source wherever there is none.
        answers: The accepted answers, several if the chunk was split.
        flags: What is wrong with them, and what was done about it.
        error: Why some or all of the chunk could not be translated.
        translated: Whether some of it was translated.
        candidate: The best rejected translation, where there is an error.
        evidence: The findings behind the flags.
        pieces: The smaller chunks that it was cut into, and that the result consists of; 1 if it was not.
        text_at_fault: Whether what failed would fail with other hosts, too, as far as one can tell.
    """

    text: str
    answers: list[Answer] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    error: str | None = None
    translated: bool = True
    candidate: str | None = None
    evidence: tuple[Finding, ...] = ()
    pieces: int = 1
    text_at_fault: bool = True


@dataclass(frozen=True, slots=True)
class _Prompt:
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


class ChunkTranslator:
    """Translates chunks; many callers in one event loop may use it at the same time.

    Args:
        fleet: Answers requests.
        own_model: The run's model, which requests need not name.
        profiles: The prompt profile of each model.
        policy: Which step comes next.
        checks: Which checks an answer has to pass.
        glossary: Terms with a prescribed translation.
    """

    def __init__(
        self,
        fleet: Fleet,
        own_model: str,
        profiles: PromptProfiles,
        policy: RetryPolicy,
        checks: Checks,
        glossary: Glossary,
    ) -> None:
        self._fleet = fleet
        self._own_model = own_model
        self._profiles = profiles
        self._policy = policy
        self._checks = checks
        self._glossary = glossary
        self.repair_yield = RepairYield()

    async def translate(self, chunk: str, profile: PromptProfile, log: RequestLog, context: str = "") -> ChunkResult:
        """Translate a chunk, with the fallback model if its own cannot.

        Args:
            chunk: What is sent, without surrounding white space.
            profile: The prompt profile of the text's model.
            log: Gets every request that is made.
            context: The text before the chunk, for the model's understanding only.

        Raises:
            RunFailed, RunStopped: The run ended before the chunk was translated.
        """
        if classify(chunk) is not Gate.TRANSLATE:
            return ChunkResult(chunk)
        _, *fallbacks = self._policy.models(profile.model)
        result = await self._translate_with(profile, chunk, context, log)
        for model in fallbacks:
            if result.error is None:
                break
            fallback_profile = self._profiles.of(model, profile.field_name)
            second = await self._translate_with(fallback_profile, chunk, context, log)
            if second.error is None:
                log.repaired = True
                second.flags = (*second.flags, flags.FALLBACK_USED)
                return second
            result.error = f"{result.error}; {second.error} with {model}"
            result.text_at_fault &= second.text_at_fault
        return result

    async def _translate_with(
        self, profile: PromptProfile, chunk: str, context: str, log: RequestLog, repairs_rejected: bool = False
    ) -> ChunkResult:
        """The result with one model, as the retry policy has it."""
        prompt = self._prompt(chunk, profile, context)
        responses: list[Response] = []
        answers: list[tuple[Candidate, Answer]] = []
        avoided: set[str] = set()
        pays = True
        while True:
            step = self._policy.next_step(len(chunk), responses, profile.sampling, repairs_rejected, pays)
            if not isinstance(step, Ask):
                break
            log.repair_requests += bool(responses or avoided)
            try:
                answer = await self._ask(prompt, profile, step, frozenset(avoided), log)
            except RowRejected as rejected:
                responses.append(rejected)
                continue
            candidate = await self._assess(answer, chunk, prompt, profile, context)
            good = bool(candidate.text) and not candidate.hard
            host_doubted = self._fleet.checked(answer, chunk, good)
            if host_doubted and good and not avoided:
                avoided.add(answer.host)  # another host is asked instead
                continue
            avoided.add(answer.host)
            if answers:
                first = answers[0][0]
                self.repair_yield.record(profile.model, kind_of(first), candidate.badness < first.badness)
            elif candidate.improvable:
                pays = self.repair_yield.worth_trying(profile.model, kind_of(candidate))
            responses.append(candidate)
            answers.append((candidate, answer))
        if isinstance(step, Accept):
            return _accepted(step.candidate, answers, prompt, log)
        if isinstance(step, Split):
            result = await self._translate_pieces(profile, chunk, context, log, step, repairs_rejected)
            if step.too_long and result.translated:
                return result
            if not step.too_long and result.error is None and not assess_whole(chunk, result.text).hard:
                log.repaired = True
                return result
            step = give_up(responses)
        return _failed(chunk, step)

    async def _translate_pieces(
        self, profile: PromptProfile, chunk: str, context: str, log: RequestLog, step: Split, repairs_rejected: bool
    ) -> ChunkResult:
        """The result of a chunk in smaller pieces with one model."""
        pieces = split(chunk, profile.budget, step.max_chars, always=True)
        before = contexts(pieces, profile.context_chars, context)
        repairs_rejected = repairs_rejected or not step.too_long
        results = await gather_few(
            lambda pair: self._translate_with(profile, pair[0].core, pair[1], log, repairs_rejected),
            list(zip(pieces, before, strict=True)),
        )
        return ChunkResult(
            text=join(pieces, [result.text for result in results]),
            answers=[answer for result in results for answer in result.answers],
            flags=tuple(dict.fromkeys(flag for result in results for flag in result.flags)),
            error=next((result.error for result in results if result.error is not None), None),
            translated=any(result.translated for result in results),
            candidate=join(pieces, [result.candidate or result.text for result in results]),
            evidence=tuple(found for result in results for found in result.evidence),
            pieces=sum(result.pieces for result in results),
            text_at_fault=all(result.text_at_fault for result in results),
        )

    def _prompt(self, chunk: str, profile: PromptProfile, context: str) -> _Prompt:
        text = shorten(chunk)
        terms = self._glossary.found_in(chunk)
        rendered = render(profile.template, text.text, _glossary_note(terms, profile), context)
        return _Prompt(text, rendered, terms, estimate_tokens(text.text))

    async def _assess(
        self, answer: Answer, chunk: str, prompt: _Prompt, profile: PromptProfile, context: str
    ) -> Candidate:
        size = len(chunk) + len(answer.text)
        template = profile.template
        return await call(size, assess, answer.text, chunk, prompt.text, template, self._checks, prompt.terms, context)

    async def _ask(
        self, prompt: _Prompt, profile: PromptProfile, step: Ask, avoided: frozenset[str], log: RequestLog
    ) -> Answer:
        """One answer, from another host than the avoided ones if there is a healthy one.

        Raises:
            RowRejected: The text is at fault.
        """
        expected, most = profile.budget.num_predict_for(prompt.tokens), profile.budget.max_predict_for(prompt.tokens)
        num_predict = min(2 * expected, most) if step.extended else expected
        request = GenerateRequest(
            prompt=prompt.rendered.prompt,
            system=prompt.rendered.system,
            num_predict=num_predict + profile.think_tokens,
            options=step.sampling,
            size=len(prompt.text.text),
            raw=profile.template.raw,
            model=None if profile.model == self._own_model else profile.model,
            avoided=avoided,
            think=profile.think,
        )
        answer = await self._fleet.generate(request, log.attempts)
        prompt_tokens = answer.prompt_eval_count
        if prompt_tokens is None:
            return answer
        if profile.budget.was_cut(prompt_tokens, prompt.tokens):
            message = f"the host truncated the prompt to {prompt_tokens} tokens although `truncate` was false"
            raise RowRejected(Failure.INPUT_TOO_LONG, message)
        if self._profiles.counted(profile, prompt.tokens, prompt_tokens):
            LOG.info("%s needs more tokens than estimated; splitting long texts into smaller chunks", profile.model)
        return answer


def _accepted(
    candidate: Candidate, answers: Sequence[tuple[Candidate, Answer]], prompt: _Prompt, log: RequestLog
) -> ChunkResult:
    log.repaired |= candidate is not answers[0][0]
    shortened = (flags.SRC_RUNS_MASKED,) * prompt.text.changed
    answer = next(answer for each, answer in answers if each is candidate)
    return ChunkResult(candidate.text, [answer], shortened + candidate.flags, evidence=candidate.evidence)


def _failed(chunk: str, reason: GiveUp) -> ChunkResult:
    return ChunkResult(
        chunk,
        [],
        reason.flags,
        reason.error,
        translated=False,
        candidate=reason.candidate,
        evidence=reason.evidence,
        text_at_fault=reason.text_at_fault,
    )


def _glossary_note(terms: Sequence[Term], profile: PromptProfile) -> str:
    """The lines of the prompt about the terms that occur: as many terms, in order, as there is room for."""
    lines = reference_lines if profile.template.terms_first else prompt_lines
    for count in range(len(terms), 0, -1):
        note = lines(terms[:count])
        if estimate_tokens(note) <= profile.note_tokens:
            return note
    return ""
