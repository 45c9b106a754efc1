"""What can go wrong on a simulated host, and when.

A fault meets a call if its marker word is in the source text, its share says so and, with ``first_try_only``, the
host sees this text for the first time. The first fault of the list that meets the call is the one that happens; one
of the answer's text can come on top. Which calls a share hits depends on the seed, the text and how often the host
has seen it; never on time or order.

Faults of the call (``CALL_FAULTS``):
    busy_503                     refused at once, as if too many waited for a load
    bad_gateway_502              HTML of a reverse proxy
    forbidden_403                empty body (Host header refused)
    too_many_429                 of a reverse proxy, ``Retry-After`` is ``seconds``
    model_missing                404, as if the model had been deleted
    redirect_301, redirect_307   to another path of the same host
    not_json                     200 with a body that is no JSON
    hang                         accepted, never answered
    slow_first_byte              answered ``seconds`` later; no slot is held meanwhile
    runner_died_500              fails in the middle of the work
    runner_crash                 everybody who works or waits on this model fails with it; the next call reloads
    reset, closed                the connection is reset (RST) or closed without a reply in the middle of the work
    cut_body                     the connection is closed in the middle of the reply
    stalled                      half of the reply comes, then nothing more
    done_false                   aborted: 200, half of the text, ``done`` false, no durations
    length                       half of the text, ``done_reason`` "length"
    negative_eval_duration, huge_eval_duration, missing_durations
                                 right text, nonsense in the numbers

Faults of the answer's text (``TEXT_FAULTS``, see ``pipeline.sandbox.text_faults``) leave the reply itself correct.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from transforms.errors import UsageError

EARLY_FAULTS = frozenset(
    {
        "busy_503",
        "bad_gateway_502",
        "forbidden_403",
        "too_many_429",
        "model_missing",
        "redirect_301",
        "redirect_307",
        "not_json",
        "hang",
        "slow_first_byte",
    }
)
CALL_FAULTS = EARLY_FAULTS | {
    "runner_died_500",
    "runner_crash",
    "reset",
    "closed",
    "cut_body",
    "stalled",
    "done_false",
    "length",
    "negative_eval_duration",
    "huge_eval_duration",
    "missing_durations",
}
TEXT_FAULTS = frozenset(
    {
        "preamble",
        "quotes",
        "echo",
        "partly_french",
        "chinese",
        "refusal",
        "loop",
        "endless",
        "cut",
        "wrong_number",
        "lost_url",
        "empty",
        "think_leak",
        "note",
        "prompt_leak",
    }
)
SCOPES = ("generate", "get", "all")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: One of ``CALL_FAULTS`` or ``TEXT_FAULTS``.
        share: Part of the calls (or texts) that it hits, 0 to 1.
        marker: Only texts that contain this.
        first_try_only: Only the first time that this host sees a text.
        scope: ``generate`` (with chat), ``get`` (the endpoints that tell about the host) or ``all``; the latter two
            only for faults that need no model.
        seconds: For ``slow_first_byte`` and ``too_many_429``.
    """

    kind: str
    share: float = 1.0
    marker: str = ""
    first_try_only: bool = False
    scope: str = "generate"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raises UsageError for a fault that can't be."""
        if self.kind not in CALL_FAULTS | TEXT_FAULTS:
            raise UsageError(f"unknown fault {self.kind!r}; known: {', '.join(sorted(CALL_FAULTS | TEXT_FAULTS))}")
        if not 0 <= self.share <= 1:
            raise UsageError(f"the share of the fault {self.kind} is {self.share}, but must be 0 to 1")
        if self.scope not in SCOPES:
            raise UsageError(
                f"the scope of the fault {self.kind} is {self.scope!r}, but must be one of {', '.join(SCOPES)}"
            )
        if self.scope != "generate" and self.kind not in EARLY_FAULTS:
            raise UsageError(f"the fault {self.kind} needs a model, so its scope can only be generate")

    @classmethod
    def from_json(cls, value: Any) -> Fault:
        """A fault from its JSON object, ``{"kind": "busy_503", "share": 0.1}``, or from its kind alone.

        Raises:
            UsageError: Another shape, an unknown name, a wrong value.
        """
        if isinstance(value, str):
            return cls(value)
        types = {
            "kind": str,
            "share": (int, float),
            "marker": str,
            "first_try_only": bool,
            "scope": str,
            "seconds": (int, float),
        }
        if not isinstance(value, Mapping) or "kind" not in value:
            raise UsageError(f"a fault is {value!r}, but must be an object with a kind")
        for name, given in value.items():
            if name not in types or not isinstance(given, types[name]):  # type: ignore[arg-type]
                raise UsageError(f"the fault {value['kind']} has {name} {given!r}; known: {', '.join(types)}")
        return cls(**value)

    def hits(self, text: str, tries: int, draw_key: str) -> bool:
        """Whether it meets a call with ``text``, which the host has seen ``tries`` times before."""
        if self.marker not in text or (self.first_try_only and tries):
            return False
        return self.share >= 1 or share_of(draw_key, text) < self.share


class FaultPlan:
    """The faults of one host in force, and how often it has seen each text."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        faults = tuple(faults)
        self._seed = seed
        self._calls = [fault for fault in faults if fault.kind in CALL_FAULTS and fault.scope in ("generate", "all")]
        self._texts = [fault for fault in faults if fault.kind in TEXT_FAULTS]
        self._gets = [fault for fault in faults if fault.scope in ("get", "all")]
        self._counts_tries = any(fault.first_try_only or fault.share < 1 for fault in faults)
        self.tries: dict[bytes, int] = {}

    def of_call(self, text: str) -> tuple[Fault | None, Fault | None]:
        """The fault of this call and that of its text; counts the text as seen once more."""
        if not self._calls and not self._texts:
            return None, None
        tries = 0
        if self._counts_tries:
            key = _digest(text)
            tries = self.tries.get(key, 0)
            self.tries[key] = tries + 1
        call = self._first(self._calls, text, tries, f"{self._seed} {tries}")
        # A model at temperature 0 repeats its mistakes, so the draw of a text does not depend on the try.
        return call, self._first(self._texts, text, tries, f"{self._seed}")

    def of_get(self, path: str) -> Fault | None:
        """The fault of this request for something that is not generated."""
        if not self._gets:
            return None
        key = _digest(path)
        tries = self.tries.get(key, 0)
        self.tries[key] = tries + 1
        return self._first(self._gets, path, tries, f"{self._seed} {tries}")

    @staticmethod
    def _first(faults: list[Fault], text: str, tries: int, seed: str) -> Fault | None:
        hits = (fault for index, fault in enumerate(faults) if fault.hits(text, tries, f"{seed} {index} {fault.kind}"))
        return next(hits, None)


def share_of(key: str, text: str) -> float:
    """A number in [0, 1) that depends on ``key`` and ``text`` alone, evenly spread."""
    return int.from_bytes(_digest(f"{key}\0{text}"), "big") / 2**64


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
