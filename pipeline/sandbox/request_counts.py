"""Request counts of a simulated host, for tests and benchmarks."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RequestCounts:
    """Counts since the start or the last reset.

    Attributes:
        calls: Generate and chat requests with a text.
        load_calls: Generate and chat requests without a text, which load or unload a model.
        gets: All other requests.
        served: Calls with a complete reply (``done`` true, ``done_reason`` "stop").
        cancelled: Calls whose client disconnected before the reply.
        in_flight, in_flight_peak: Calls received and not completed.
        active_peak, waiting_peak: Calls in a slot, and queued for one.
        outcomes: Calls by outcome: ``ok``, ``length``, ``aborted``, ``cancelled``, the kind of a call fault, or the
            status of a refusal.
        text_faults: Texts by the kind of text fault in their answer.
        prompt_tokens, eval_tokens: Tokens of the calls served.
        busy_seconds: Time that slots were occupied, summed over all slots.
        first_call_at, last_answer_at: time.time() of the first call and of the last reply to a served call.
        requests: Body and outcome of each call, if ``record_requests`` is set.
    """

    calls: int = 0
    load_calls: int = 0
    gets: int = 0
    served: int = 0
    cancelled: int = 0
    in_flight: int = 0
    in_flight_peak: int = 0
    active_peak: int = 0
    waiting_peak: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    text_faults: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    eval_tokens: int = 0
    busy_seconds: float = 0.0
    first_call_at: float | None = None
    last_answer_at: float | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    def called(self) -> None:
        """Count the arrival of a call with a text."""
        self.calls += 1
        self.in_flight += 1
        if self.in_flight > self.in_flight_peak:
            self.in_flight_peak = self.in_flight
        if self.first_call_at is None:
            self.first_call_at = time.time()

    def answered(self, prompt_tokens: int, eval_tokens: int) -> None:
        """Count a served call."""
        self.served += 1
        self.prompt_tokens += prompt_tokens
        self.eval_tokens += eval_tokens
        self.last_answer_at = time.time()

    def as_json(self, with_requests: bool = False) -> dict[str, Any]:
        """All counts as a JSON object."""
        shown = {name: value for name, value in vars(self).items() if name != "requests"}
        return shown | ({"requests": list(self.requests)} if with_requests else {})
