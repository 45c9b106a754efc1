"""Faults of a simulated host, and the rules that decide which calls they affect.

A fault affects a call if the source text contains its marker, if the draw for its share hits and, with
``first_try_only``, if the host sees the text for the first time. Of the call faults that match, the first in the list
applies; a text fault can apply in addition. The draw for a share depends on the seed, the text and the number of times
that the host has seen it, never on time or order.

Faults of the call (``CALL_FAULTS``):
    busy_503                     immediate refusal, as with a full queue
    bad_gateway_502              HTML of a reverse proxy
    forbidden_403                empty body (Host header refused)
    too_large_413                HTML of a reverse proxy that limits the size of bodies
    too_many_429                 JSON of a reverse proxy, with ``seconds`` as ``Retry-After``
    model_missing                404, as if the model had been deleted
    redirect_301, redirect_307   redirect to another path of the same host
    not_json                     200 with a body that isn't JSON
    hang                         accepted, never answered
    slow_first_byte              answered after ``seconds`` more, without holding a slot
    runner_died_500              error during generation
    runner_crash                 every request that this model serves or queues fails; the next call reloads it
    runner_terminated            the same, with the text "llama runner process has terminated"
    reset, closed                connection reset (RST), or closed without a reply, during generation
    cut_body                     connection closed in the middle of the reply
    stalled                      half of the reply, then silence
    null_response                200 and ``done`` true, with null as the text
    done_false                   aborted generation: 200, half of the text, ``done`` false, no durations
    length                       half of the text, ``done_reason`` "length"
    thinking_only                all of the answer in ``thinking``, an empty text
    negative_eval_duration, huge_eval_duration, missing_durations
                                 correct text, invalid durations

Text faults (``TEXT_FAULTS``, see ``pipeline.sandbox.text_faults``) spoil the answer's text in a valid reply.
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
        "too_large_413",
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
    "runner_terminated",
    "reset",
    "closed",
    "cut_body",
    "stalled",
    "null_response",
    "done_false",
    "length",
    "thinking_only",
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
        "constant",
    }
)
SCOPES = ("generate", "get", "all")


@dataclass(frozen=True)
class Fault:
    """One kind of fault, and the calls that it affects.

    Attributes:
        kind: One of ``CALL_FAULTS`` or ``TEXT_FAULTS``.
        share: Share of the calls (or texts) that it affects, 0 to 1.
        marker: Restricts it to texts that contain this string.
        first_try_only: Restricts it to the first time that this host sees a text.
        scope: ``generate`` (chat included), ``get`` (the read-only endpoints) or ``all``. The latter two are valid
            only for faults that need no model.
        seconds: Delay of ``slow_first_byte``, ``Retry-After`` of ``too_many_429``.
    """

    kind: str
    share: float = 1.0
    marker: str = ""
    first_try_only: bool = False
    scope: str = "generate"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raise UsageError for an invalid fault."""
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
        """Parse a JSON object such as ``{"kind": "busy_503", "share": 0.1}``, or a kind alone.

        Raises:
            UsageError: The value has another shape, an unknown name or an invalid value.
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
            raise UsageError(f"invalid fault {value!r}: expected its kind or an object with a kind")
        for name, given in value.items():
            if name not in types or not isinstance(given, types[name]):  # type: ignore[arg-type]
                raise UsageError(f"the fault {value['kind']} has {name} {given!r}; known: {', '.join(types)}")
        return cls(**value)

    def hits(self, text: str, tries: int, draw_key: str) -> bool:
        """Whether it affects a call with ``text``, which the host has seen ``tries`` times before."""
        if self.marker not in text or (self.first_try_only and tries):
            return False
        return self.share >= 1 or share_of(draw_key, text) < self.share


class FaultPlan:
    """The active faults of one host, and how often the host has seen each text."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        faults = tuple(faults)
        self._seed = seed
        self._calls = [fault for fault in faults if fault.kind in CALL_FAULTS and fault.scope in ("generate", "all")]
        self._texts = [fault for fault in faults if fault.kind in TEXT_FAULTS]
        self._gets = [fault for fault in faults if fault.scope in ("get", "all")]
        self._counts_tries = any(fault.first_try_only or fault.share < 1 for fault in faults)
        self.tries: dict[bytes, int] = {}

    def of_call(self, text: str) -> tuple[Fault | None, Fault | None]:
        """The call fault and the text fault of this call, if any. Counts the text as seen once more."""
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
        """The fault of this request to a read-only endpoint, if any."""
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
    """A uniformly distributed number in [0, 1), determined by ``key`` and ``text``."""
    return int.from_bytes(_digest(f"{key}\0{text}"), "big") / 2**64


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
