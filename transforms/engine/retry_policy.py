"""One chunk from source to translation: what is tried, in which order, until an answer is good enough.

First another try with other sampling, on another host if there is one; then smaller pieces; then the second model. Each
step changes something, since the same request would bring the same answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from transforms.fleet.answers import Answer
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.jobs import Attempt
from transforms.fleet.settings import GenerateRequest
from transforms.text import flags
from transforms.text.budget import estimate_tokens
from transforms.text.candidates import Candidate, Checks, best, judge, judged_whole
from transforms.text.chunks import contexts, join, split
from transforms.text.gate import Gate, classify
from transforms.text.glossary import Glossary, Term, prompt_lines, reference_lines
from transforms.text.prompt_profile import PromptProfile, PromptProfiles
from transforms.text.prompts import Rendered, render
from transforms.text.repeated_characters import Masked, mask

LOG = logging.getLogger(__name__)

SHORTEST_HALF = 40
"""Characters below which a chunk is not halved again, if it is too long for the model."""

SHORTEST_REPAIRED_HALF = 300
"""The same if its answers are bad: in shorter pieces the checks might not see what is wrong with theirs."""

TRIES = 2
"""Of a chunk as a whole; then come smaller chunks, then the second model."""

RETRY_TEMPERATURE = 0.3
RETRY_REPEAT_PENALTY = 1.1


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be translated in one piece.

    Attributes:
        core: The chunk.
        profile: How the model is asked.
        context: What stands before it.
        whole: Whether it may be cut because its answers are bad; that it is too long is always a reason.
    """

    core: str
    profile: PromptProfile
    context: str = ""
    whole: bool = True


@dataclass(slots=True)
class Piece:
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
class Task:
    """One text on its way: what is counted over all its chunks.

    Attributes:
        attempts: Every request that ended.
        repair_requests: Tries after the first of a chunk, because its answer was not good.
        repaired: Whether they made it better.
    """

    attempts: list[Attempt] = field(default_factory=list)
    repair_requests: int = 0
    repaired: bool = False


class RetryPolicy:
    """Translates chunks; safe for many callers in one event loop.

    Args:
        fleet: Answers requests.
        own_model: The run's own, which requests need not name.
        profiles: How models are asked.
        seed: Of first tries.
        checks: Whether answers are checked, and what follows.
        fallback_model: The second model; None for none.
        glossary: Terms whose translation is given.
    """

    def __init__(
        self,
        fleet: Fleet,
        own_model: str,
        profiles: PromptProfiles,
        seed: int,
        checks: Checks,
        fallback_model: str | None,
        glossary: Glossary,
    ) -> None:
        self._fleet = fleet
        self._own_model = own_model
        self._profiles = profiles
        self._seed = seed
        self._checks = checks
        self._fallback_model = fallback_model
        self._glossary = glossary

    async def piece(self, passage: Passage, task: Task) -> Piece:
        """A chunk's translation, or the chunk itself with the reason why there is none."""
        if classify(passage.core) is not Gate.TRANSLATE:
            return Piece(passage.core)
        piece = await self._piece(passage, task)
        profile = passage.profile
        if piece.error is None or self._fallback_model in (None, profile.model):
            return piece
        second_voice = self._profiles.of(self._fallback_model, profile.field_name)
        second = await self._piece(replace(passage, profile=second_voice), task)
        if second.error is not None:
            piece.error = f"{piece.error}; {second.error} with {self._fallback_model}"
            return piece
        task.repaired = True
        second.flags = (*second.flags, flags.FALLBACK_USED)
        return second

    async def _piece(self, passage: Passage, task: Task) -> Piece:
        """The same by one model: as a whole, up to twice, then in smaller chunks."""
        core = passage.core
        masked = mask(core)
        tries, rejected = await self._tries(passage, masked, task)
        chosen = best([candidate for candidate, _ in tries]) if tries else None
        if chosen is not None and self._accepts(chosen):
            answer = next(answer for candidate, answer in tries if candidate is chosen)
            task.repaired |= chosen is not tries[0][0]
            marks = (flags.SRC_RUNS_MASKED,) * masked.changed + chosen.flags
            return Piece(chosen.text, [answer], marks)
        too_long = rejected is not None and rejected.failure in (Failure.OUTPUT_TRUNCATED, Failure.INPUT_TOO_LONG)
        if too_long and len(core) > 2 * SHORTEST_HALF:
            halves = await self._halves(passage, task)
            if halves.translated:
                return halves
        elif passage.whole and chosen is not None and len(core) > 2 * SHORTEST_REPAIRED_HALF:
            halves = await self._halves(replace(passage, whole=False), task)
            if halves.error is None and not judged_whole(core, halves.text).hard:
                task.repaired = True
                return halves
        return self._failed(core, chosen, rejected)

    def _accepts(self, candidate: Candidate) -> bool:
        return bool(candidate.text) and (self._checks != "repair" or not candidate.hard)

    @staticmethod
    def _failed(core: str, chosen: Candidate | None, rejected: RowRejected | None) -> Piece:
        if chosen is not None and chosen.hard:
            reason = "the model answered nothing" if not chosen.text else "every answer was wrong in this way"
            error = f"{chosen.hard[0]}: {reason}"
            return Piece(core, [], chosen.flags, error, translated=False, candidate=chosen.text or None)
        if rejected is None:
            raise AssertionError("a chunk without answers has a reason")
        kind = rejected.failure.value
        marks = (kind,) if kind in flags.HARD else ()
        return Piece(core, [], marks, f"{kind}: {rejected}", translated=False)

    async def _halves(self, passage: Passage, task: Task) -> Piece:
        """The same in smaller chunks."""
        core, profile = passage.core, passage.profile
        chunks = split(core, profile.budget, max(SHORTEST_HALF, len(core) // 2), always=True)
        before = contexts(chunks, profile.context_chars, passage.context)
        halves = [
            replace(passage, core=chunk.core, context=context) for chunk, context in zip(chunks, before, strict=True)
        ]
        pieces = await asyncio.gather(*(self._piece(half, task) for half in halves))
        return Piece(
            join(chunks, [piece.text for piece in pieces]),
            [answer for piece in pieces for answer in piece.answers],
            tuple(dict.fromkeys(flag for piece in pieces for flag in piece.flags)),
            next((piece.error for piece in pieces if piece.error is not None), None),
            any(piece.translated for piece in pieces),
            join(chunks, [piece.candidate or piece.text for piece in pieces]),
        )

    async def _tries(
        self, passage: Passage, masked: Masked, task: Task
    ) -> tuple[list[tuple[Candidate, Answer]], RowRejected | None]:
        """Up to two answers to a chunk, and why there are no more of them.

        The second has another seed, some temperature and a penalty for repetition, since the same request would bring
        the same answer again; it goes to another host if there is one, and gets all the room there is if the first
        was cut.
        """
        tries: list[tuple[Candidate, Answer]] = []
        core, profile = passage.core, passage.profile
        terms = self._glossary.found_in(core)
        rendered = render(profile.template, masked.text, _said_of(terms, profile), passage.context)
        room, options = profile.budget.num_predict_for(estimate_tokens(masked.text)), dict(profile.sampling)
        for number in range(TRIES):
            avoided = frozenset(answer.host for _, answer in tries)
            try:
                answer = await self._ask(rendered, masked.text, profile, room, options, avoided, task)
            except RowRejected as rejected:
                if rejected.failure is not Failure.OUTPUT_TRUNCATED or number + 1 == TRIES:
                    return tries, rejected
                room = profile.budget.most_predict_for(estimate_tokens(masked.text))
            else:
                candidate = judge(answer.text, core, masked, profile.template, self._checks, terms, passage.context)
                tries.append((candidate, answer))
                if not self._worth_another(candidate):
                    break
            task.repair_requests += number + 1 < TRIES
            options |= {
                "seed": self._seed + 1,
                "temperature": max(RETRY_TEMPERATURE, profile.sampling["temperature"]),
                "repeat_penalty": max(RETRY_REPEAT_PENALTY, profile.sampling["repeat_penalty"]),
            }
        return tries, None

    def _worth_another(self, candidate: Candidate) -> bool:
        return candidate.improvable if self._checks == "repair" else not candidate.text

    async def _ask(
        self,
        rendered: Rendered,
        text: str,
        profile: PromptProfile,
        room: int,
        options: Mapping[str, float],
        avoided: frozenset[str],
        task: Task,
    ) -> Answer:
        request = GenerateRequest(
            prompt=rendered.prompt,
            system=rendered.system,
            num_predict=room,
            options=dict(options),
            size=len(text),
            raw=profile.template.raw,
            model=None if profile.model == self._own_model else profile.model,
            avoided=avoided,
        )
        answer = await self._fleet.generate(request, task.attempts)
        tokens = estimate_tokens(text)
        if profile.budget.was_cut(answer.prompt_eval_count, tokens):
            message = f"the host cut the prompt to {answer.prompt_eval_count} tokens, though it was told not to"
            raise RowRejected(Failure.INPUT_TOO_LONG, message)
        if answer.prompt_eval_count is not None and self._profiles.counted(profile, tokens, answer.prompt_eval_count):
            LOG.info("%s takes more tokens than estimated: long texts are cut into smaller pieces", profile.model)
        return answer


def _said_of(terms: Sequence[Term], profile: PromptProfile) -> str:
    """What the prompt says of the terms that occur: as many of them, in order, as there is room for."""
    lines = reference_lines if profile.template.terms_first else prompt_lines
    for count in range(len(terms), 0, -1):
        said = lines(terms[:count])
        if estimate_tokens(said) <= profile.note_tokens:
            return said
    return ""
