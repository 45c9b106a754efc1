"""The retry policy: what to do next for one chunk, given the responses so far. Pure.

A chunk is sent as a whole, at most twice; then it is split into smaller pieces; then the fallback model gets it. Each
step changes something, because an identical request would get an identical answer. ``chunk_translator`` carries the
steps out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from transforms.engine.repair_yield import Repair
from transforms.fleet.faults import Failure, RowRejected
from transforms.text import flags
from transforms.text.candidates import WORTH_A_SECOND_TRY, Candidate, Checks, best
from transforms.text.findings import Finding

MAX_ATTEMPTS = 2
"""Requests for a chunk as a whole to one model."""

MIN_PIECE_CHARS = 40
"""A chunk that is too long for the model is split down to pieces of this size."""

MIN_REPAIR_PIECE_CHARS = 300
"""A chunk with rejected answers is split down to this size: in shorter pieces the checks could miss what was wrong."""

TOO_LONG = frozenset(
    {Failure.OUTPUT_TRUNCATED, Failure.INPUT_TOO_LONG, Failure.GATEWAY_TIMEOUT, Failure.PAYLOAD_TOO_LARGE}
)
"""Reasons to send smaller pieces: the model, or a proxy before it, has a limit."""

TEXTS_OWN = frozenset(
    {Failure.OUTPUT_TRUNCATED, Failure.INPUT_TOO_LONG, Failure.GENERATION_ABORTED, Failure.MODEL_CRASHED}
)
"""Failed requests that would fail again in another run. All others depend on hosts, proxies or options."""

RETRY_TEMPERATURE = 0.3
RETRY_REPEAT_PENALTY = 1.1

Response: TypeAlias = "Candidate | RowRejected"
"""The response to one request: a checked answer, or the reason why no host gave one."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the whole chunk.

    Attributes:
        sampling: Ollama's sampling options.
        extended: Whether the answer may be twice as long as expected, because the expected length cut it off.
        repair: Whether a faulty answer is the reason.
    """

    sampling: Mapping[str, float]
    extended: bool = False
    repair: bool = False


@dataclass(frozen=True, slots=True)
class Accept:
    """Use this candidate."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Split:
    """Translate the chunk in smaller pieces.

    Attributes:
        max_chars: The longest piece.
        too_long: Whether the chunk is too long for the model. Then a partial translation is better than none; without
            it, all pieces must be good, because they replace rejected answers to the whole.
        repair: Whether faulty answers are the reason, rather than a limit of the host or of a proxy.
    """

    max_chars: int
    too_long: bool
    repair: bool = True


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop: this model cannot translate the chunk.

    Attributes:
        error: The reason, the error class first.
        flags: What is wrong with the best candidate.
        candidate: The best rejected translation; None if every answer was empty, or there was no answer.
        evidence: The findings behind the flags.
        text_at_fault: Whether other hosts would fail, too, as far as one can tell.
    """

    error: str
    flags: tuple[str, ...] = ()
    candidate: str | None = None
    evidence: tuple[Finding, ...] = ()
    text_at_fault: bool = True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The rules of one run.

    Attributes:
        seed: Of the first attempt; the next one has the next number.
        checks: Whether hard flags cause retries (``repair``) or are only reported.
        fallback_model: Gets the chunks that a text's own model cannot translate; None for no such model.
    """

    seed: int
    checks: Checks = "repair"
    fallback_model: str | None = None

    def models(self, model: str) -> tuple[str, ...]:
        """The models to ask, in order, for a text of ``model``."""
        return (model,) if self.fallback_model in (None, model) else (model, self.fallback_model)

    def next_step(
        self,
        chars: int,
        responses: Sequence[Response],
        sampling: Mapping[str, float],
        repairs_rejected: bool = False,
        omitted: Collection[Repair] = (),
        cut_loops: bool = False,
    ) -> Ask | Accept | Split | GiveUp:
        """The next step for a chunk with one model.

        Args:
            chars: The chunk's length.
            responses: To the requests for the whole chunk so far, in order.
            sampling: The sampling options of a first attempt.
            repairs_rejected: Whether the chunk is itself a piece of one whose answers were rejected. It is not split
                again unless it is too long.
            omitted: Repairs that are not worth their requests, as ``repair_yield`` has it.
            cut_loops: Whether an answer that was cut off repeated itself: it would fill more room in the same way.
        """
        if not responses:
            return Ask(sampling)
        last = responses[-1]
        if isinstance(last, Candidate) and last.text and not last.flags:
            return Accept(last)
        if len(responses) < MAX_ATTEMPTS and "again" not in omitted and self._worth_asking_again(last):
            extended = isinstance(last, RowRejected) and not cut_loops
            return Ask(self._retry_sampling(sampling), extended, repair=True)
        chosen = _best_candidate(responses)
        if chosen is not None and self._accepts(chosen):
            return Accept(chosen)
        faulty = not isinstance(last, RowRejected) or last.failure is Failure.OUTPUT_TRUNCATED
        if faulty and "halves" in omitted:
            return give_up(responses)
        if isinstance(last, RowRejected) and last.failure in TOO_LONG:
            if chars > 2 * MIN_PIECE_CHARS:
                return Split(max(MIN_PIECE_CHARS, chars // 2), too_long=True, repair=faulty)
        elif chosen is not None and not repairs_rejected and chars > 2 * MIN_REPAIR_PIECE_CHARS:
            return Split(chars // 2, too_long=False)
        return give_up(responses)

    def _worth_asking_again(self, response: Response) -> bool:
        if isinstance(response, RowRejected):
            return response.failure is Failure.OUTPUT_TRUNCATED
        return response.improvable if self.checks == "repair" else not response.text

    def _retry_sampling(self, sampling: Mapping[str, float]) -> dict[str, float]:
        return {
            **sampling,
            "seed": self.seed + 1,
            "temperature": max(RETRY_TEMPERATURE, sampling["temperature"]),
            "repeat_penalty": max(RETRY_REPEAT_PENALTY, sampling["repeat_penalty"]),
        }

    def _accepts(self, candidate: Candidate) -> bool:
        return bool(candidate.text) and (self.checks != "repair" or not candidate.hard)


def fault_of(first: Response) -> str:
    """The fault that a repair is for, as the first response showed it: a flag or the class of a failed request."""
    if isinstance(first, RowRejected):
        return first.failure.value
    notable = [flag for flag in first.flags if flag in WORTH_A_SECOND_TRY]
    return next(iter((*first.hard, *notable, *first.flags)), flags.EMPTY_OUTPUT)


def cures(second: Candidate, first: Response) -> bool:
    """Whether the answer to a second request makes the row better: accepted instead of rejected, or fewer flags."""
    if second.hard or not second.text:
        return False
    return isinstance(first, RowRejected) or second.badness < first.badness


def give_up(responses: Sequence[Response]) -> GiveUp:
    """Why a chunk cannot be translated, given at least one response to it."""
    chosen = _best_candidate(responses)
    if chosen is not None and chosen.hard:
        reason = "no answer passed this check" if chosen.text else "empty answer"
        if not chosen.text and flags.THINK_STRIPPED in chosen.flags:
            reason = "the answer was all thinking; set --think false, or use a model that answers"
        return GiveUp(f"{chosen.hard[0]}: {reason}", chosen.flags, chosen.text or None, chosen.evidence)
    rejected = responses[-1]
    if not isinstance(rejected, RowRejected):
        raise TypeError("a chunk that is given up has a rejected answer or a rejected request")
    kind = rejected.failure.value
    found = (kind,) if kind in flags.HARD else ()
    return GiveUp(f"{kind}: {rejected}", found, text_at_fault=rejected.failure in TEXTS_OWN)


def _best_candidate(responses: Sequence[Response]) -> Candidate | None:
    candidates = [response for response in responses if not isinstance(response, RowRejected)]
    return best(candidates) if candidates else None
