from __future__ import annotations

import random

from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.dispatch.silence import is_silent, next_silence_at
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import SHORTEST_SECONDS, Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.jobs import Job


def host(number: int, longest_seconds: float | None = None) -> HostState:
    served = ServedModel(FixedLimit(4), Deadline(300))
    if longest_seconds is not None:
        served.deadline.answered(longest_seconds, None, None)
    return HostState(f"http://gpu{number}:11434", Breaker(random.Random(1)), lambda _: served, ready=True)


def sent(state: HostState, *times: float) -> list[SentRequest]:
    state.in_flight = len(times)
    return [SentRequest(Job(5), state, state.served, at, False, False) for at in times]


def test_a_host_is_silent_after_five_times_the_longest_answer_of_any_host() -> None:
    silent, other = host(0), host(1, 4.0)
    requests = sent(silent, 3.0, 9.0)
    assert next_silence_at([silent, other], requests, 3.0) == 23.0
    assert not is_silent(silent, [silent, other], requests, 22.9)
    assert is_silent(silent, [silent, other], requests, 23.0)
    assert next_silence_at([silent, other], requests, 23.0) is None


def test_a_host_has_some_time_where_answers_are_short() -> None:
    silent, other = host(0), host(1, 0.01)
    assert next_silence_at([silent, other], sent(silent, 0.0), 0.0) == SHORTEST_SECONDS


def test_a_host_that_has_answered_since_its_oldest_request_is_not_silent() -> None:
    slow, other = host(0), host(1, 0.01)
    requests = sent(slow, 3.0, 9.0)
    slow.last_answer_at = 4.0
    assert not is_silent(slow, [slow, other], requests, 100.0)
    assert next_silence_at([slow, other], requests, 5.0) is None
    assert is_silent(slow, [slow, other], requests[1:], 100.0)


def test_nothing_is_known_without_requests_or_answers() -> None:
    silent, idle = host(0), host(1)
    requests = sent(silent, 0.0)
    assert not is_silent(silent, [silent, idle], requests, 1e9)
    assert next_silence_at([silent, idle], requests, 1.0) is None
    assert not is_silent(idle, [silent, idle], requests, 1e9)
    away = host(2, 1.0)
    away.out = "excluded"
    assert not is_silent(silent, [silent, away], requests, 1e9)


def test_texts_that_failed_on_the_only_host_that_answers_do_not_wait_for_one_that_hangs() -> None:
    rng = random.Random(1)
    work = [0.3 * rng.lognormvariate(0, 0.6) for _ in range(300)]
    hosts = [SimulatedHost(down=(5, 6)), SimulatedHost(hangs_from=0.0)]
    outcome = Simulation(hosts, work).run()
    assert outcome.answered.total() == 300
    assert outcome.makespan < 1.1 * sum(work) / hosts[0].slots
