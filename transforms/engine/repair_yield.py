"""Which repairs pay: how often each kind of repair cured a kind of fault, for each model of a run.

A model that repeats its faults would otherwise cost up to several times the requests for nothing. So the first repairs
of a kind are pilots: others wait for their outcome. What does not pay is omitted, but for a small share of trials,
since models, hosts and texts change during a run. What pays may have as many repairs in progress as its cures justify.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, NamedTuple

from transforms.text import flags

Repair = Literal["again", "halves", "fallback"]
"""The same chunk once more with other sampling, in smaller pieces, or with the fallback model."""

PILOTS: Final[Mapping[Repair, int]] = {"again": 20, "halves": 10, "fallback": 20}
"""Repairs of a kind before it is judged."""

FEW_PILOTS: Final[Mapping[Repair, int]] = {"again": 5, "halves": 3, "fallback": 5}
"""The same for a further kind of fault of a model whose faults the repair does not cure in general."""

LEAST_BUDGET, BUDGET_SHARE = 4, 0.05
"""Requests that repairs which do not pay may take: as many, or a share of the first requests so far. The first repair
of each kind is always made. The fallback model has no budget: it was asked for."""

SOFT_SHARE = 0.5
"""The part of it that may be spent on translations which are kept as they are: rows that would fail come first."""

LEAST_YIELD: Final[Mapping[Repair, float]] = {"again": 0.1, "halves": 0.1, "fallback": 0.01}
"""Shares of cures below which a repair does not pay. Any recent cure justifies a fallback model: it was asked for."""

WINDOW = 60
"""The latest repairs of a kind that count; fewer once only trials are made."""

TRIAL_SHARE = 0.02
"""Requests for trials of repairs that do not pay, for each answer to a first request."""

MOST_SAVED = 4.0
"""Requests for trials that can be saved up: trials are spread over the run."""

EXPECTED_REQUESTS: Final[Mapping[Repair, int]] = {"again": 1, "halves": 2, "fallback": 1}


class Kind(NamedTuple):
    """What is learnt about together: a fault of a model (of the fallback model, if that is asked), and its repair."""

    model: str
    fault: str
    repair: Repair


class Decision(Enum):
    """What to do about a faulty answer; to wait means for the end of another repair of this model."""

    TRY = "try"
    TRIAL = "trial"
    WAIT = "wait"
    SKIP = "skip"


@dataclass(slots=True)
class Grant:
    """A repair that may be made, and that ``finished`` must be told about.

    Attributes:
        kind: The repair, and the fault that it is for.
        trial: Whether it is known not to pay, and made in case that this has changed.
        reserved: The requests of the budget that it holds until it is finished; 0 if it is known to pay.
    """

    kind: Kind
    trial: bool
    reserved: int


@dataclass(slots=True)
class _Record:
    latest: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    in_progress: int = 0

    def pays(self, repair: Repair, in_progress: int = 0) -> bool:
        """Whether the repair pays, even if those in progress fail. One cure more may be due to chance."""
        cures, made = sum(self.latest), max(len(self.latest), PILOTS[repair]) + in_progress
        return cures > 0 and cures + 1 >= LEAST_YIELD[repair] * made


class RepairYield:
    """What repairs gained in one run, and which ones are still made. Belongs to one event loop."""

    def __init__(self) -> None:
        self._records: dict[Kind, _Record] = defaultdict(_Record)
        self._waiting: dict[tuple[str, Repair], list[asyncio.Future[None]]] = defaultdict(list)
        self._allowance = 0.0
        self._answers = 0
        self._spent = 0
        self._reserved: Counter[tuple[str, Repair]] = Counter()

    def first_answer(self) -> None:
        """Count an answer to the first request for a chunk, which is no repair: it earns a share of a trial."""
        self._answers += 1
        self._allowance = min(MOST_SAVED, self._allowance + TRIAL_SHARE)

    def decide(self, kind: Kind) -> Decision:
        """Whether to make a repair now. Changes nothing."""
        repair = kind.repair
        record, general = self._records[kind], self._records[_general(kind)]
        known = len(general.latest) >= PILOTS[repair]
        pilots = (PILOTS if not known or general.pays(repair) else FEW_PILOTS)[repair]
        if record.pays(repair):
            return Decision.TRY if record.pays(repair, record.in_progress) else Decision.WAIT
        if not known and len(general.latest) + general.in_progress >= PILOTS[repair]:
            return Decision.WAIT
        if len(record.latest) < pilots:
            if len(record.latest) + record.in_progress >= pilots:
                return Decision.WAIT
            if not (record.latest or record.in_progress) or self._affords(kind):
                return Decision.TRY
            # A cure of those in progress would leave room for more.
            return Decision.WAIT if self._reserved[kind.model, repair] else Decision.SKIP
        earned = self._allowance >= EXPECTED_REQUESTS[repair] and self._affords(kind)
        return Decision.TRIAL if earned else Decision.SKIP

    def _affords(self, kind: Kind) -> bool:
        """Whether the budget has room for one more repair, even if it and those in progress cure nothing."""
        budget = max(LEAST_BUDGET, BUDGET_SHARE * self._answers) * (SOFT_SHARE if kind.fault in flags.SOFT else 1.0)
        committed = self._spent + self._reserved.total() + EXPECTED_REQUESTS[kind.repair]
        return kind.repair == "fallback" or committed <= budget

    async def granted(self, kind: Kind, may_wait: bool = True) -> Grant | None:
        """Decide about a repair, and wait for pilots where that is needed.

        Args:
            kind: The repair, and the fault that it is for.
            may_wait: Whether to wait; else the repair is made only if it is known to pay. A repair within a repair of
                the same sort must not wait, as both could wait for each other.

        Returns:
            None if the repair is not worth its requests.
        """
        while (decision := self.decide(kind)) is Decision.WAIT and may_wait:
            ended = asyncio.get_running_loop().create_future()
            self._waiting[kind.model, kind.repair].append(ended)
            await ended
        if decision is Decision.SKIP or (decision is Decision.WAIT and not self._records[kind].pays(kind.repair)):
            return None
        trial, expected = decision is Decision.TRIAL, EXPECTED_REQUESTS[kind.repair]
        reserved = 0 if kind.repair == "fallback" or self._records[kind].pays(kind.repair) else expected
        self._reserved[kind.model, kind.repair] += reserved
        if trial:
            self._allowance -= expected
        for each in (kind, _general(kind)):
            self._records[each].in_progress += not trial
        return Grant(kind, trial, reserved)

    def finished(self, grant: Grant, cured: bool | None, requests: int = 1) -> None:
        """Note how a repair ended.

        Args:
            grant: The repair.
            cured: Whether the translation is better for it; None if an error ended it, which says nothing.
            requests: The requests that it took.
        """
        kind, general = grant.kind, _general(grant.kind)
        self._reserved[kind.model, kind.repair] -= grant.reserved
        if not cured and grant.reserved:
            self._spent += requests
        if grant.trial:
            self._allowance -= requests - EXPECTED_REQUESTS[kind.repair]
        for each in (kind, general):
            record = self._records[each]
            record.in_progress -= not grant.trial
            # Trials would let a single kind of fault speak for all.
            if cured is not None and not (grant.trial and each is general):
                record.latest.append(cured)
            while grant.trial and len(record.latest) > PILOTS[kind.repair]:
                record.latest.popleft()  # what helps again is not held back by a long past
        for ended in self._waiting.pop((kind.model, kind.repair), ()):
            if not ended.done():
                ended.set_result(None)


def _general(kind: Kind) -> Kind:
    """The kind that stands for all faults of a model."""
    return kind._replace(fault="")
