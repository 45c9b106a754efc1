"""One chunk from source to translation: send it, check the answer, and follow the retry policy until it is decided."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

from transforms.engine.chunk_prompt import ChunkPrompt
from transforms.engine.chunk_result import ChunkResult, joined
from transforms.engine.large_texts import call, gather_few
from transforms.engine.outcome import RequestLog
from transforms.engine.repair_yield import Grant, Kind, Repair, RepairYield
from transforms.engine.retry_policy import (
    Accept,
    Ask,
    GiveUp,
    Response,
    RetryPolicy,
    Split,
    cures,
    fault_of,
    give_up,
)
from transforms.engine.second_process import SecondProcess
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Attempt
from transforms.text import flags
from transforms.text.candidates import Candidate, Checks, assess, assess_cut, assess_whole
from transforms.text.request.chunks import contexts, split
from transforms.text.request.gate import Gate, classify
from transforms.text.request.glossary import Glossary
from transforms.text.request.prompt_profile import PromptProfile, PromptProfiles

LOG = logging.getLogger(__name__)

DOUBTED_HOST = "doubted_host"
"""The cause of a request to a second host, as the first one gives worse answers than others."""


class _Task(NamedTuple):
    """A chunk to translate with one model.

    Attributes:
        profile: The prompt profile of the model.
        chunk: What is sent, without surrounding white space.
        context: The text before the chunk, for the model's understanding only.
        log: Gets every request that is made.
        column: The column of the text.
        repaired_fault: The fault of an earlier answer because of which it is translated; empty if there is none.
        of_rejected: Whether it is a piece of a chunk whose answers were rejected.
        is_piece: Whether it is a piece of a chunk.
    """

    profile: PromptProfile
    chunk: str
    context: str
    log: RequestLog
    column: str = ""
    repaired_fault: str = ""
    of_rejected: bool = False
    is_piece: bool = False


class ChunkTranslator:
    """Translates chunks; many callers in one event loop may use it at the same time.

    Args:
        fleet: Answers requests.
        own_model: The run's model, which requests need not name.
        profiles: The prompt profile of each model.
        policy: Which step comes next.
        checks: Which checks an answer has to pass.
        glossary: Terms with a prescribed translation.
        second: Helps with the checks.
    """

    def __init__(
        self,
        fleet: Fleet,
        own_model: str,
        profiles: PromptProfiles,
        policy: RetryPolicy,
        checks: Checks,
        glossary: Glossary,
        second: SecondProcess,
    ) -> None:
        self._fleet = fleet
        self._own_model = own_model
        self._profiles = profiles
        self._policy = policy
        self._checks = checks
        self._glossary = glossary
        self._second = second
        self.repair_yield = RepairYield()

    async def translate(
        self, chunk: str, profile: PromptProfile, log: RequestLog, context: str = "", column: str = ""
    ) -> ChunkResult:
        """Translate a chunk, with the fallback model if its own cannot.

        Args:
            chunk: What is sent, without surrounding white space.
            profile: The prompt profile of the text's model.
            log: Gets every request that is made.
            context: The text before the chunk, for the model's understanding only.
            column: The column of the text.

        Raises:
            RunFailed, RunStopped: The run ended before the chunk was translated.
        """
        if classify(chunk) is not Gate.TRANSLATE:
            return ChunkResult(chunk)
        _, *fallbacks = self._policy.models(profile.model)
        result = await self._translate_with(_Task(profile, chunk, context, log, column))
        for model in fallbacks:
            if result.error is None:
                break
            fault = result.error.partition(":")[0]
            grant = await self.repair_yield.granted(Kind(model, fault, "fallback"))
            if grant is None:
                log.cost(fault).omitted += 1
                break
            fallback_profile = self._profiles.of(model, profile.field_name)
            cured = None
            try:
                second = await self._translate_with(
                    _Task(fallback_profile, chunk, context, log, column, repaired_fault=fault)
                )
                cured = second.error is None
            finally:
                self.repair_yield.finished(grant, cured)
            if cured:
                log.repaired = True
                log.cost(fault).better += 1
                second.flags = (*second.flags, flags.FALLBACK_USED)
                return second
            result.error = f"{result.error}; {second.error} with {model}"
            result.text_at_fault &= second.text_at_fault
        return result

    async def _translate_with(self, task: _Task) -> ChunkResult:
        """The result with one model, as the retry policy has it."""
        chunk, profile, log = task.chunk, task.profile, task.log
        prompt = ChunkPrompt.of(chunk, profile, self._glossary, task.context)
        responses: list[Response] = []
        answers: list[tuple[Candidate, Answer]] = []
        avoided: set[str] = set()
        omitted: set[Repair] = set()
        cut_loops = False
        while True:
            step = self._policy.next_step(len(chunk), responses, profile.sampling, task.of_rejected, omitted, cut_loops)
            grant = None
            if responses and isinstance(step, (Ask, Split)) and step.repair:
                kind = Kind(profile.model, fault_of(responses[0]), "again" if isinstance(step, Ask) else "halves")
                grant = await self.repair_yield.granted(kind, may_wait=kind.repair == "again" or not task.is_piece)
                if grant is None:
                    omitted.add(kind.repair)
                    log.cost(kind.fault).omitted += 1
                    continue
            if isinstance(step, Split):
                result = await self._translate_pieces(task, step, grant)
                if result is not None:
                    return result
                step = give_up(responses)
            if not isinstance(step, Ask):
                break
            cause = grant.kind.fault if grant else DOUBTED_HOST if avoided else task.repaired_fault
            cured = None
            try:
                answer = await self._ask(prompt, task, step, frozenset(avoided), cause)
                if not cause:
                    self.repair_yield.first_answer()
                candidate = await self._assess(answer, chunk, prompt, profile, task.context)
                good = bool(candidate.text) and not candidate.hard
                host_doubted = self._fleet.checked(answer, chunk, good)
                if host_doubted and good and not avoided:
                    avoided.add(answer.host)  # another host is asked instead
                    continue
                avoided.add(answer.host)
                cured = bool(responses) and cures(candidate, responses[0])
                responses.append(candidate)
                answers.append((candidate, answer))
            except RowRejected as rejected:
                cured = False
                loop = await call(len(chunk) + len(rejected.cut_text), assess_cut, rejected.cut_text, chunk)
                cut_loops |= loop is not None
                responses.append(rejected if loop is None or self._checks != "repair" else loop)
            finally:
                if grant is not None:
                    self.repair_yield.finished(grant, cured)
                    log.cost(grant.kind.fault).better += bool(cured)
        if isinstance(step, Accept):
            log.repaired |= step.candidate is not responses[0]
            return _accepted(step.candidate, answers, prompt)
        return _failed(chunk, step)

    async def _translate_pieces(self, task: _Task, step: Split, grant: Grant | None) -> ChunkResult | None:
        """The result of a chunk in smaller pieces with one model; None if it is no better than none."""
        profile, log = task.profile, task.log
        pieces = split(task.chunk, profile.budget, step.max_chars, always=True)
        before = contexts(pieces, profile.context_chars, task.context)
        cured = None
        try:
            results = await gather_few(
                lambda pair: self._translate_with(
                    task._replace(
                        chunk=pair[0].core,
                        context=pair[1],
                        of_rejected=task.of_rejected or not step.too_long,
                        repaired_fault=grant.kind.fault if grant else task.repaired_fault,
                        is_piece=True,
                    )
                ),
                list(zip(pieces, before, strict=True)),
            )
            whole = joined(pieces, results)
            cured = whole.translated if step.too_long else _is_good(task.chunk, whole)
        finally:
            if grant is not None:
                self.repair_yield.finished(grant, cured, len(pieces))
                log.cost(grant.kind.fault).better += bool(cured)
        log.repaired |= cured and step.repair
        return whole if cured else None

    async def _assess(
        self, answer: Answer, chunk: str, prompt: ChunkPrompt, profile: PromptProfile, context: str
    ) -> Candidate:
        size = len(chunk) + len(answer.text)
        return await self._second.call(
            size, assess, answer.text, chunk, prompt.text, profile.template, self._checks, prompt.terms, context
        )

    async def _ask(
        self,
        prompt: ChunkPrompt,
        task: _Task,
        step: Ask,
        avoided: frozenset[str],
        repaired_fault: str,
    ) -> Answer:
        """One answer, from another host than the avoided ones if there is a healthy one.

        Raises:
            RowRejected: The text is at fault.
        """
        profile, log = task.profile, task.log
        model = None if profile.model == self._own_model else profile.model
        request = prompt.request(profile, step, avoided, model, task.column, repair=bool(repaired_fault))
        attempts: list[Attempt] = []
        try:
            answer = await self._fleet.generate(request, attempts)
        finally:
            log.attempts += attempts
            if repaired_fault:
                cost = log.cost(repaired_fault)
                cost.requests += 1
                cost.seconds += sum(attempt.seconds for attempt in attempts)
        prompt_tokens = answer.prompt_eval_count
        if prompt_tokens is None:
            return answer
        if profile.budget.was_cut(prompt_tokens, prompt.tokens):
            message = f"the host truncated the prompt to {prompt_tokens} tokens although `truncate` was false"
            raise RowRejected(Failure.INPUT_TOO_LONG, message)
        if self._profiles.counted(profile, prompt.tokens, prompt_tokens):
            LOG.info("%s needs more tokens than estimated; splitting long texts into smaller chunks", profile.model)
        return answer


def _is_good(chunk: str, whole: ChunkResult) -> bool:
    return whole.error is None and not assess_whole(chunk, whole.text).hard


def _accepted(candidate: Candidate, answers: Sequence[tuple[Candidate, Answer]], prompt: ChunkPrompt) -> ChunkResult:
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
