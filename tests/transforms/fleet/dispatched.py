"""What a dispatcher is tried with: hosts without a network, answers, and the sizes of texts."""

from __future__ import annotations

import random

from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.http.answers import Answer


def lognormal(count: int, sigma: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [rng.lognormvariate(0, sigma) for _ in range(count)]


def state(url: str = "http://gpu0:11434", slots: int = 2) -> HostState:
    return HostState(
        url, Breaker(random.Random(1)), lambda _: ServedModel(FixedLimit(slots), Deadline(300)), ready=True
    )


def answer(host: HostState, total_ns: int = 10**9) -> Answer:
    return Answer("English", host.url, "mistral", "stop", total_ns, 0, 0, total_ns, 10, 10)


def timed_answer(prompt_seconds: float, tokens: int, seconds: float) -> Answer:
    prompt_ns, eval_ns = int(prompt_seconds * 1e9), int(seconds * 1e9)
    total_ns = prompt_ns + eval_ns
    return Answer("English", "http://gpu0:11434", "mistral", "stop", total_ns, 0, prompt_ns, eval_ns, 50, tokens)
