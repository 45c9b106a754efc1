from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from tests.transforms.fleet.dispatched import lognormal, state
from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.dispatch.long_texts import FleetSpeed, longest_for
from transforms.fleet.dispatch.retries import Retry, note_failure
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.host_state import HostState
from transforms.fleet.jobs import Job

TOKENS = 1000.0


def hosts_of(*speeds: float) -> list[HostState]:
    """Hosts with one slot each, and the tokens per second that it has shown."""
    hosts = [state(f"http://gpu{number}:11434", 1) for number in range(len(speeds))]
    for host, speed in zip(hosts, speeds, strict=True):
        host.served.answered(1, speed, 1.0)
    return hosts


def takers(
    job: Job,
    hosts: Sequence[HostState],
    pending_tokens: float = TOKENS,
    sent: Sequence[SentRequest] = (),
    now: float = 0.0,
) -> list[HostState]:
    """The hosts that the job may go to."""
    retry = Retry(job, TOKENS, pending_tokens, hosts, sent, now)
    fleet = FleetSpeed.of("", hosts)
    return [host for host in hosts if retry.suits(host, longest_for(host, fleet, pending_tokens))]


def failed(host: HostState, *failures: Failure) -> Job:
    job = Job(size=1000)
    for failure in failures:
        note_failure(job, RequestFailed(failure, "no answer", host.url))
    return job


def test_a_text_goes_to_another_host_than_the_one_that_failed_it() -> None:
    hosts = hosts_of(100.0, 100.0, 10.0)
    assert takers(failed(hosts[0], Failure.CONNECTION_LOST), hosts) == [hosts[1]]
    assert takers(Job(size=1000), hosts) == hosts[:2]


def test_it_goes_back_if_the_others_would_work_on_it_when_all_else_is_done() -> None:
    fast, slow = hosts = hosts_of(100.0, 10.0)
    job = failed(fast, Failure.CONNECTION_LOST)
    assert takers(job, hosts) == [fast]
    assert takers(job, hosts, pending_tokens=100 * TOKENS) == [slow]


@pytest.mark.parametrize(
    ("failures", "barred"),
    [
        ([Failure.CONNECTION_LOST], False),
        ([Failure.FORBIDDEN], False),
        ([Failure.BUSY, Failure.BUSY, Failure.CONNECTION_REFUSED], False),
        ([Failure.CONNECTION_LOST, Failure.SERVER_ERROR], True),
        ([Failure.GENERATION_ABORTED], True),
        ([Failure.PAYLOAD_TOO_LARGE], True),
        ([Failure.INVALID_OPTIONS], True),
    ],
)
def test_it_does_not_go_back_if_its_faults_may_be_its_own(failures: list[Failure], barred: bool) -> None:
    fast, slow = hosts = hosts_of(100.0, 10.0)
    assert takers(failed(fast, *failures), hosts) == [slow if barred else fast]


def test_a_text_whose_answer_was_rejected_does_not_go_back() -> None:
    fast, slow = hosts = hosts_of(100.0, 10.0)
    assert takers(Job(size=1000, failed_on={fast.url}, barred={fast.url}), hosts) == [slow]


def test_it_does_not_wait_for_a_host_that_is_not_well() -> None:
    fast, slow = hosts = hosts_of(100.0, 10.0)
    job = failed(fast, Failure.TIMEOUT)
    for each in hosts:
        each.deadline.answered(1.0, None, None)
    fast.in_flight = 1
    silent = SentRequest(Job(size=1), fast, fast.served, 0.0, False, False)
    assert takers(job, hosts, sent=[silent], now=0.1) == [fast]
    assert takers(job, hosts, sent=[silent], now=1000.0) == [slow]
    fast.in_flight, fast.ready = 0, False
    assert slow in takers(job, hosts)


def test_every_host_gets_it_again_once_all_have_failed_it() -> None:
    fast, slow = hosts = hosts_of(100.0, 10.0)
    job = failed(fast, Failure.GENERATION_ABORTED)
    note_failure(job, RequestFailed(Failure.GENERATION_ABORTED, "no answer", slow.url))
    assert takers(job, hosts) == hosts


@pytest.mark.parametrize("failure", [Failure.BUSY, Failure.CONNECTION_LOST, Failure.SERVER_ERROR])
def test_faults_of_the_only_fast_host_do_not_hold_up_the_end(failure: Failure) -> None:
    ratios = []
    for seed in range(9):
        hosts = [SimulatedHost(4, 4.0, faults={failure: 0.03}), SimulatedHost(2, 0.4)]
        work = lognormal(300, 0.6, seed)
        outcome = Simulation(hosts, work, seed).run()
        assert dict(outcome.answered) == dict.fromkeys(range(300), 1)
        ratios.append(outcome.makespan / (sum(work) / sum(host.slots * host.speed for host in hosts)))
    assert statistics.median(ratios) < 1.03
