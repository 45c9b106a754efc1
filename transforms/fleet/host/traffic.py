"""Requests that one host has answered, failed or lost since the start of the run: cumulative counts for monitoring."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass, field

from transforms.fleet.faults import Failure
from transforms.fleet.http.answers import Answer

LATENCY_BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the latency histogram's buckets; a last bucket holds longer latencies."""

RECENT_ANSWERS = 200
LATEST_ANSWERS = 8


@dataclass(eq=False)
class Traffic:
    """Cumulative counts of one host. Only the engine's thread changes them; ``copy`` is safe from any thread.

    Attributes:
        answers: Accepted answers.
        failures: Failed requests by class; ``superseded`` counts requests that were cancelled.
        prompt_tokens, output_tokens: Tokens of accepted answers.
        load_ns, prompt_eval_ns, eval_ns, queue_ns: Sums of Ollama's durations of accepted answers, in nanoseconds.
        characters: Characters of the texts of accepted answers.
        latency_seconds: Sum of the latencies of accepted answers, from sending the request to its answer.
        latencies: Accepted answers by bucket of LATENCY_BOUNDS_SECONDS.
        recent_seconds: Latencies of the most recent answers.
        queue_seconds: How long the latest few answers waited in the host's queue.
    """

    answers: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    output_tokens: int = 0
    load_ns: int = 0
    prompt_eval_ns: int = 0
    eval_ns: int = 0
    queue_ns: int = 0
    characters: int = 0
    latency_seconds: float = 0.0
    latencies: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS_SECONDS) + 1))
    recent_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_ANSWERS))
    queue_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST_ANSWERS))

    def answered(self, seconds: float, answer: Answer, characters: int = 0) -> None:
        """Count an accepted answer that arrived after ``seconds``, to a text of ``characters``."""
        self.answers += 1
        self.prompt_tokens += answer.prompt_eval_count or 0
        self.output_tokens += answer.eval_count or 0
        self.load_ns += answer.load_duration_ns or 0
        self.prompt_eval_ns += answer.prompt_eval_duration_ns or 0
        self.eval_ns += answer.eval_duration_ns or 0
        queue_ns = answer.queue_duration_ns or 0
        self.queue_ns += queue_ns
        self.characters += characters
        self.latency_seconds += seconds
        self.latencies[bisect_left(LATENCY_BOUNDS_SECONDS, seconds)] += 1
        self.recent_seconds.append(seconds)
        self.queue_seconds.append(queue_ns / 1e9)

    def failed(self, failure: Failure) -> None:
        """Count a failed or cancelled request."""
        self.failures[failure.value] += 1

    def requests(self) -> int:
        """The number of requests that were sent and have ended."""
        return self.answers + self.failures.total()

    def copy(self) -> Traffic:
        """Return a copy that no longer changes."""
        # Each of these copies is one step of the interpreter, so that the engine's thread can't interfere.
        values = dict(vars(self))
        values["failures"] = Counter(dict(self.failures))
        values["latencies"] = list(self.latencies)
        values["recent_seconds"] = self.recent_seconds.copy()
        values["queue_seconds"] = self.queue_seconds.copy()
        return Traffic(**values)

    def percentile(self, share: float) -> float | None:
        """Return the latency in seconds that ``share`` of the recent answers did not exceed; None without answers."""
        ordered = sorted(self.recent_seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
