from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.answers import Answer
from transforms.fleet.breaker import FAULTS_IN_A_ROW, JITTER, LONGEST_PAUSE_SECONDS, Breaker
from transforms.fleet.deadlines import KNOWN_AFTER, Deadline
from transforms.fleet.dispatch import Dispatcher
from transforms.fleet.expected_tokens import TOKENS_PER_CHARACTER
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.hedging import LATE
from transforms.fleet.host_state import HostState, ServedModel
from transforms.fleet.jobs import Job
from transforms.fleet.limits import START, AdaptiveLimit, FixedLimit
from transforms.fleet.verdicts import MOST_UNCLEAR, Verdict

HOST_FAULTS = (Failure.BUSY, Failure.SERVER_ERROR, Failure.CONNECTION_LOST, Failure.BAD_GATEWAY, Failure.NOT_JSON)


def lognormal(count: int, sigma: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [rng.lognormvariate(0, sigma) for _ in range(count)]


def state(url: str = "http://gpu0:11434", slots: int = 2) -> HostState:
    return HostState(
        url, Breaker(random.Random(1)), lambda _: ServedModel(FixedLimit(slots), Deadline(300)), ready=True
    )


@st.composite
def fleets(draw: st.DrawFn) -> list[SimulatedHost]:
    """One healthy host at least, and some broken ones."""
    healthy = SimulatedHost(slots=draw(st.integers(1, 8)), speed=draw(st.floats(0.2, 5)))
    broken = draw(
        st.lists(
            st.builds(
                SimulatedHost,
                slots=st.integers(1, 8),
                speed=st.floats(0.2, 5),
                faults=st.dictionaries(st.sampled_from(HOST_FAULTS), st.floats(0, 0.3), max_size=3),
                down=st.tuples(st.floats(0, 30), st.floats(0, 60)),
                hangs_from=st.one_of(st.just(float("inf")), st.floats(0, 30)),
                limit=st.one_of(st.none(), st.integers(1, 12)),
            ),
            max_size=4,
        )
    )
    return [healthy, *broken]


@settings(max_examples=150)
@given(fleets(), st.integers(0, 120), st.floats(0, 1), st.integers(0, 1000))
def test_every_row_is_answered_once_whatever_the_hosts_do(
    hosts: list[SimulatedHost], rows: int, sigma: float, seed: int
) -> None:
    outcome = Simulation(hosts, lognormal(rows, sigma, seed), seed).run()
    assert not outcome.rejected, "a host's fault cost a row"
    assert dict(outcome.answered) == dict.fromkeys(range(rows), 1)


def test_rows_survive_a_fleet_that_is_down_for_ten_minutes() -> None:
    hosts = [SimulatedHost(down=(5, 605)), SimulatedHost(down=(4, 604))]
    outcome = Simulation(hosts, lognormal(200, 0.6)).run()
    assert sum(outcome.answered.values()) == 200
    assert 605 < outcome.makespan < 650


def test_a_host_that_fails_fast_gets_no_more_than_probes() -> None:
    hole = SimulatedHost(faults={Failure.BUSY: 1.0}, speed=1e6)
    outcome = Simulation([SimulatedHost(), SimulatedHost(), hole], lognormal(2000, 0.6)).run()
    probes = outcome.makespan / (LONGEST_PAUSE_SECONDS * (1 - JITTER))
    assert outcome.requests["http://host2:11434"] < START + 4 + probes
    assert sum(outcome.answered.values()) == 2000


def test_a_hanging_host_loses_nothing() -> None:
    outcome = Simulation([SimulatedHost(), SimulatedHost(hangs_from=10.0)], lognormal(300, 0.6)).run()
    assert sum(outcome.answered.values()) == 300
    assert outcome.requests["http://host1:11434"] < 100


def test_unequal_hosts_are_busy_to_the_end() -> None:
    ratios = []
    for seed in range(5):
        hosts = [SimulatedHost(4, 1.0), SimulatedHost(4, 2.5), SimulatedHost(2, 1.0)]
        work = lognormal(2000, 0.6, seed)
        ideal = sum(work) / sum(host.slots * host.speed for host in hosts)
        ratios.append(Simulation(hosts, work, seed).run().makespan / ideal)
    assert statistics.median(ratios) < 1.03


def test_a_slow_host_does_not_keep_the_others_waiting_at_the_end() -> None:
    ratios, copies = [], 0
    for seed in range(5):
        hosts = [SimulatedHost(4, 1.0), SimulatedHost(4, 1.0), SimulatedHost(4, 0.1)]
        work = lognormal(1000, 0.6, seed)
        ideal = sum(work) / sum(host.slots * host.speed for host in hosts)
        outcome = Simulation(hosts, work, seed).run()
        assert dict(outcome.answered) == dict.fromkeys(range(1000), 1)
        ratios.append(outcome.makespan / ideal)
        copies += outcome.copies
    assert statistics.median(ratios) < 1.04
    assert copies < 5 * 30


def test_a_copy_goes_only_to_a_host_that_would_be_quicker_by_now() -> None:
    slow, quick = state("http://gpu0:11434", 1), state("http://gpu1:11434", 2)
    dispatcher = Dispatcher([slow])
    job = Job(size=10)
    dispatcher.add(job)
    assert dispatcher.next(0.0) is not None
    dispatcher.hosts[quick.url] = quick
    assert dispatcher.next(100.0) is None, "nothing is known of the other host"
    quick.deadline.answered(2.0, None, None)
    assert dispatcher.next(2.9) is None
    assert dispatcher.next_wake_at(2.9) == 2.0 * LATE == 3.0
    chosen = dispatcher.next(3.0)
    assert chosen is not None
    assert chosen[1:] == (job, quick)
    assert dispatcher.next(50.0) is None, "two at the most"
    failed = RequestFailed(Failure.SERVER_ERROR, "crash", quick.url)
    assert dispatcher.failed(chosen[0], 60.0, failed)[0] is Verdict.WAIT


def test_a_poison_row_ends_and_takes_no_other_with_it() -> None:
    """A row that kills every runner it meets is charged only while its hosts serve others."""
    dispatcher = Dispatcher([state("http://gpu0:11434"), state("http://gpu1:11434")])
    poison = Job(size=10)
    dispatcher.add(poison)
    now = 0.0
    verdicts: list[Verdict] = []
    while not verdicts or verdicts[-1] is Verdict.RETRY:
        now += 10.0
        chosen = dispatcher.next(now)
        assert chosen is not None
        key, job, host = chosen
        if job.health_check:
            dispatcher.cancelled(key, now)
            continue
        assert job is poison
        host.breaker.succeeded()
        host.last_answer_at = now + 1
        verdict, _ = dispatcher.failed(key, now + 2, RequestFailed(Failure.SERVER_ERROR, "crash", host.url))
        verdicts.append(verdict)
        if verdict is Verdict.RETRY:
            dispatcher.add(job)
    assert verdicts[-1] is Verdict.REJECT
    assert 3 <= len(verdicts) <= 8
    assert {attempt.host for attempt in poison.attempts} == {"http://gpu0:11434", "http://gpu1:11434"}


def test_a_host_is_probed_with_the_shortest_text_that_it_has_not_failed_at() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(3):
        host.breaker.failed(0.0, "crash")
    for size in (2000, 1900, 30, 40):
        dispatcher.add(Job(size=size, failed_on={host.url} if size == 30 else set()))
    chosen = dispatcher.next(100.0)
    assert chosen is not None
    assert chosen[1].size == 40


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            SimulatedHost,
            slots=st.integers(1, 8),
            speed=st.floats(0.2, 5),
            down=st.tuples(st.floats(0, 30), st.floats(0, 60)),
            limit=st.one_of(st.none(), st.integers(1, 8)),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 60),
    st.sets(st.integers(0, 59), max_size=4),
    st.integers(0, 1000),
)
def test_poison_ends_and_costs_no_other_row_however_few_are_left(
    hosts: list[SimulatedHost], rows: int, poison: set[int], seed: int
) -> None:
    outcome = Simulation(hosts, lognormal(rows, 0.6, seed), seed, poison=poison).run()
    assert dict(outcome.rejected) == {row: 1 for row in poison if row < rows}
    assert dict(outcome.answered) == {row: 1 for row in range(rows) if row not in poison}


def test_a_single_row_survives_an_outage_of_any_length() -> None:
    host = SimulatedHost(slots=1, faults={Failure.SERVER_ERROR: 1.0}, limit=1)
    simulation = Simulation([host], [1.0])
    simulation.at(1800.0, "repaired", -1)
    outcome = simulation.run()
    assert dict(outcome.answered) == {0: 1}
    assert outcome.checks > 100, "the row itself was asked for again and again"


@pytest.mark.parametrize(("failure", "ends"), [(Failure.BUSY, False), (Failure.FORBIDDEN, True)])
def test_a_row_is_not_charged_with_what_no_text_can_cause(failure: Failure, ends: bool) -> None:
    host = state(slots=1)
    dispatcher, row = Dispatcher([host]), Job(size=10)
    verdicts = set()
    for moment in range(30):
        now = 100.0 * moment
        for job in (row, Job(size=10)):  # the host serves another one between two tries
            now += 10.0
            dispatcher.add(job)
            chosen = dispatcher.next(now)
            assert chosen is not None
            if chosen[1] is row:
                verdicts.add(dispatcher.failed(chosen[0], now, RequestFailed(failure, "HTTP", host.url))[0])
            else:
                dispatcher.answered(chosen[0], now + 1.0, answer(host))
        if Verdict.REJECT in verdicts:
            break
    assert (Verdict.REJECT in verdicts) == ends


def answer(host: HostState, total_ns: int = 10**9) -> Answer:
    return Answer("English", host.url, "mistral", "stop", total_ns, 0, 0, total_ns, 10, 10)


def test_a_request_is_counted_where_it_was_sent_also_if_its_model_vanishes_under_it() -> None:
    host = state()
    host.new_served_model = lambda model: ServedModel(AdaptiveLimit(), Deadline(300))
    dispatcher = Dispatcher([host])
    for _ in range(3):
        dispatcher.add(Job(size=10))
    sent = [chosen[0] for _ in range(3) if (chosen := dispatcher.next(0.0)) is not None]
    host.model = "another"
    dispatcher.answered(sent[0], 1.0, answer(host))
    dispatcher.failed(sent[1], 1.0, RequestFailed(Failure.MODEL_MISSING, "gone", host.url))
    dispatcher.cancelled(sent[2], 1.0)
    assert host.in_flight == 0
    assert host.served_model("").deadline.typical_seconds() == 1.0
    assert host.deadline.typical_seconds() is None


def test_the_probe_of_a_host_that_was_quick_may_take_as_long_as_a_load() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(KNOWN_AFTER):
        host.deadline.answered(1.0, 10, 1.0)
    assert host.deadline.seconds(10) < 300
    for _ in range(FAULTS_IN_A_ROW):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        dispatcher.failed(chosen[0], 10.0, RequestFailed(Failure.TIMEOUT, "no answer", host.url))
    assert not host.breaker.closed
    assert host.deadline.seconds(10) == 300, "a client that leaves makes the load begin again, each time"


def test_what_was_sent_before_a_host_rested_makes_no_room_for_a_second_probe() -> None:
    host = state(slots=8)
    dispatcher = Dispatcher([host])

    def send(now: float) -> int | None:
        chosen = dispatcher.next(now)
        return None if chosen is None else chosen[0]

    for _ in range(20):
        dispatcher.add(Job(size=10))
    keys = [key for _ in range(8) if (key := send(0.0)) is not None]
    lost = RequestFailed(Failure.TIMEOUT, "no answer", host.url)
    for key in keys[:FAULTS_IN_A_ROW]:
        dispatcher.failed(key, 10.0, lost)
    probe = send(20.0)
    assert probe is not None
    dispatcher.failed(keys[3], 21.0, lost)
    dispatcher.cancelled(keys[4], 21.0)
    dispatcher.failed(keys[5], 21.0, RequestFailed(Failure.MODEL_MISSING, "gone", host.url))
    assert send(100.0) is None
    dispatcher.failed(probe, 100.0, lost)
    assert send(110.0) is not None


def test_an_unclear_fault_is_the_rows_after_three() -> None:
    dispatcher = Dispatcher([state()])
    job = Job(size=10)
    verdicts: list[Verdict] = []
    for _ in range(MOST_UNCLEAR):
        dispatcher.add(job)
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        failed = RequestFailed(Failure.GENERATION_ABORTED, "done is false", "http://gpu0:11434")
        verdicts.append(dispatcher.failed(chosen[0], 1.0, failed)[0])
    assert verdicts == [Verdict.RETRY, Verdict.RETRY, Verdict.REJECT]


def test_a_rows_own_fault_rejects_at_once_and_leaves_the_host_alone() -> None:
    dispatcher = Dispatcher([state()])
    for _ in range(30):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        failed = RequestFailed(Failure.INPUT_TOO_LONG, "HTTP 400", "http://gpu0:11434")
        assert dispatcher.failed(chosen[0], 1.0, failed) == (Verdict.REJECT, False)


def test_a_fault_of_the_request_stops_the_run() -> None:
    dispatcher = Dispatcher([state()])
    dispatcher.add(Job(size=10))
    chosen = dispatcher.next(0.0)
    assert chosen is not None
    failed = RequestFailed(Failure.INVALID_OPTIONS, 'option "num_ctx" must be of type integer', "http://gpu0:11434")
    assert dispatcher.failed(chosen[0], 1.0, failed)[0] is Verdict.STOP_RUN


def test_longest_first() -> None:
    dispatcher = Dispatcher([state(slots=100)])
    sizes = [random.Random(3).randrange(1000) for _ in range(100)]
    for size in sizes:
        dispatcher.add(Job(size))
    sent = []
    while (chosen := dispatcher.next(0.0)) is not None:
        sent.append(chosen[1].size)
    assert sent == sorted(sizes, reverse=True)
    assert dispatcher.hosts["http://gpu0:11434"].tokens_in_flight == pytest.approx(TOKENS_PER_CHARACTER * sum(sizes))


def timed_answer(prompt_seconds: float, tokens: int, seconds: float) -> Answer:
    prompt_ns, eval_ns = int(prompt_seconds * 1e9), int(seconds * 1e9)
    total_ns = prompt_ns + eval_ns
    return Answer("English", "http://gpu0:11434", "mistral", "stop", total_ns, 0, prompt_ns, eval_ns, 50, tokens)


def next_column(answers: dict[str, Answer], *waiting: Job) -> str:
    """The column of the text that is sent next, after an answer to a text of 100 characters of each column."""
    dispatcher = Dispatcher([state(slots=1)])
    for column, each in answers.items():
        dispatcher.add(Job(100, column=column))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        dispatcher.answered(chosen[0], 1.0, each)
    for job in waiting:
        dispatcher.add(job)
    chosen = dispatcher.next(1.0)
    assert chosen is not None
    return chosen[1].column


def test_the_text_with_the_longest_expected_answer_is_sent_first() -> None:
    waiting = Job(200, column="codes"), Job(300, column="prose")
    assert next_column({}, *waiting) == "prose"
    assert next_column({"codes": timed_answer(0, 50, 1.0), "prose": timed_answer(0, 25, 0.5)}, *waiting) == "codes"
    # Reading the prompts takes as long as writing 40 tokens.
    assert next_column({"codes": timed_answer(0, 50, 1.0), "prose": timed_answer(0.8, 25, 0.5)}, *waiting) == "prose"


def test_an_answer_without_counts_or_durations_says_nothing_about_the_next_one() -> None:
    waiting = Job(200, column="codes"), Job(300, column="prose")
    hidden = replace(timed_answer(0, 50, 1.0), total_duration_ns=None, eval_duration_ns=None)
    uncounted = replace(timed_answer(0, 50, 1.0), eval_count=None)
    for nothing in (hidden, uncounted):
        assert next_column({"codes": nothing, "prose": nothing}, *waiting) == "prose"


def test_a_failed_row_prefers_a_host_that_has_not_failed_it() -> None:
    first, second = state("http://gpu0:11434", 8), state("http://gpu1:11434", 1)
    dispatcher = Dispatcher([first, second])
    dispatcher.add(Job(size=10, failed_on={"http://gpu0:11434"}))
    chosen = dispatcher.next(0.0)
    assert chosen is not None
    assert chosen[2] is second


def test_a_failed_row_goes_to_a_slow_host_only_if_the_faster_ones_cannot_answer_it_sooner() -> None:
    fast, failing, slow = (state(f"http://gpu{number}:11434", 1) for number in range(3))
    dispatcher = Dispatcher([fast, failing, slow])
    for host, speed in ((fast, 1000.0), (failing, 1000.0), (slow, 10.0)):
        host.served.answered(1, speed, 1.0)
    for size in (3, 2):
        dispatcher.add(Job(size))
    others = [dispatcher.next(0.0), dispatcher.next(0.0)]
    assert [sent[2] for sent in others if sent is not None] == [fast, failing]
    job = Job(size=1000, failed_on={failing.url})
    dispatcher.add(job)
    assert dispatcher.next(0.0) is None, "it would take the slow host longer than it has to wait for the fast one"
    dispatcher.add(Job(size=1))
    sent = dispatcher.next(0.0)
    assert sent is not None
    assert (sent[1].size, sent[2]) == (1, slow), "a short text does not wait for the long one"
    dispatcher.answered(sent[0], 0.1, timed_answer(0, 1, 0.1))
    fast.out = "excluded"
    sent = dispatcher.next(0.2)
    assert sent is not None
    assert (sent[1], sent[2]) == (job, slow)


def test_nothing_goes_to_a_host_that_is_not_ready_or_out() -> None:
    first, second = state("http://gpu0:11434"), state("http://gpu1:11434")
    first.ready, second.out = False, "no model"
    dispatcher = Dispatcher([first, second])
    dispatcher.add(Job(size=1))
    assert dispatcher.next(0.0) is None
    assert dispatcher.models_away() == [""]


def test_only_a_waiting_text_lets_a_host_change_its_model() -> None:
    host = state()
    host.model, host.digests = "a", {"a": "", "b": ""}
    dispatcher = Dispatcher([host])
    assert dispatcher.next_change() is None
    dispatcher.add(Job(size=10, model="b"))
    assert dispatcher.next_change() == (host, "b")


def test_options_stop_the_run_only_once_every_healthy_host_has_refused_them() -> None:
    hosts = [state(f"http://gpu{number}:11434") for number in range(MOST_UNCLEAR + 1)]
    dispatcher = Dispatcher(hosts)
    job = Job(size=10)
    dispatcher.add(job)
    tried: list[str] = []
    verdict = Verdict.RETRY
    while verdict is Verdict.RETRY:
        chosen = dispatcher.next(float(len(tried)))
        assert chosen is not None
        tried.append(chosen[2].url)
        failed = RequestFailed(Failure.INVALID_OPTIONS, "HTTP 400", chosen[2].url)
        verdict = dispatcher.failed(chosen[0], float(len(tried)), failed)[0]
        if verdict is Verdict.RETRY:
            dispatcher.add(job)
    assert verdict is Verdict.STOP_RUN
    assert sorted(tried) == [host.url for host in hosts]


def test_the_speed_of_a_host_is_that_of_its_answers() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(KNOWN_AFTER):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        answer = Answer("English", host.url, "mistral", "stop", 1_000_000_000, 0, 0, 1_000_000_000, 10, 10)
        dispatcher.answered(chosen[0], 1.0, answer)
    assert host.deadline.seconds(num_predict=100) == 30.0, "three times 100 tokens at a tenth of a second"
