"""Rows that name their model: which host loads which model, and when."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.fleet.loopback_fleet import request, run, until
from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.errors import NoHostLeft
from transforms.fleet.dispatch.expected_tokens import TokenRates
from transforms.fleet.dispatch.model_assignment import next_change
from transforms.fleet.dispatch.pending import PendingJobs
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.host import host_supervisor
from transforms.fleet.host.breaker import FAULTS_IN_A_ROW, Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Job

MODELS = ("large", "medium", "small")


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            SimulatedHost,
            slots=st.integers(1, 8),
            speed=st.floats(0.2, 5),
            models=st.permutations(MODELS).map(tuple),
            load_seconds=st.floats(0, 60),
            faults=st.dictionaries(st.sampled_from((Failure.BUSY, Failure.SERVER_ERROR)), st.floats(0, 0.2)),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 150),
    st.integers(0, 1000),
)
def test_every_row_is_answered_once_by_its_own_model(hosts: list[SimulatedHost], rows: int, seed: int) -> None:
    rng = random.Random(seed)
    work = [rng.lognormvariate(0, 0.6) for _ in range(rows)]
    outcome = Simulation(hosts, work, seed, rng.choices(MODELS, k=7)).run()  # asserts that models match
    assert not outcome.rejected
    assert dict(outcome.answered) == dict.fromkeys(range(rows), 1)


def test_hosts_specialise_in_models_and_rarely_change_them() -> None:
    hosts = [SimulatedHost(models=("large", "small")), SimulatedHost(models=("large", "small"))]
    work = [1.0] * 800
    outcome = Simulation(hosts, work, 1, ("large", "small")).run()
    assert sum(outcome.loads.values()) <= 2
    assert outcome.makespan < 1.2 * (800 / 8 + hosts[0].load_seconds)


def test_a_change_that_costs_more_than_it_saves_is_not_made() -> None:
    hosts = [
        SimulatedHost(models=("large", "small"), load_seconds=10.0),
        SimulatedHost(models=("small", "large"), load_seconds=1000.0),
    ]
    outcome = Simulation(hosts, [1.0] * 100, 1, ("large",)).run()
    assert sum(outcome.answered.values()) == 100
    # The duration of a load is unknown at first, so the second host may load the model once.
    assert outcome.loads["http://host1:11434"] <= 1


def of_models(*models: str) -> list[str]:
    return [f"{model}:latest" for model in models]


def test_rows_go_to_hosts_that_have_their_model(sandbox_host: MakeHost) -> None:
    both = sandbox_host(models=of_models("large", "small"), load_seconds=0.05)
    small = sandbox_host(models=of_models("small"), load_seconds=0.05)

    async def use(fleet: Fleet) -> list[Answer]:
        rows = (request(number, model=MODELS[2 * (number % 2)]) for number in range(80))
        return list(await asyncio.gather(*(fleet.generate(row, []) for row in rows)))

    answers = run([both.url, small.url], use, any_model=True)
    assert [answer.model for answer in answers] == ["large", "small"] * 40
    assert {answer.host for answer in answers if answer.model == "large"} == {both.url}
    assert both.stats()["load_calls"] + small.stats()["load_calls"] <= 3


def test_a_row_with_an_unknown_model_is_rejected_and_others_are_answered(sandbox_host: MakeHost) -> None:
    host = sandbox_host(models=of_models("small"))

    async def use(fleet: Fleet) -> None:
        good = asyncio.create_task(fleet.generate(request(1, model="small"), []))
        for _ in range(2):
            with pytest.raises(RowRejected, match="no host has the model 'large'") as rejected:
                await fleet.generate(request(2, model="large"), [])
            assert rejected.value.failure is Failure.MODEL_MISSING
        assert (await good).model == "small"

    run([host.url], use, any_model=True)


def test_a_model_that_fails_to_load_does_not_block_other_models(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    host = sandbox_host(models=of_models("large", "small"), faults=[Fault("runner_died_500", first_try_only=True)])

    async def use(fleet: Fleet) -> str:
        with caplog.at_level(logging.INFO):
            return (await fleet.generate(request(1, model="small"), [])).model

    assert run([host.url], use, any_model=True) == "small"


def test_mixed_digests_are_used_if_allowed_and_reported_per_host(sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(digest=digits * 32, tokens_per_second=500.0) for digits in ("ab", "cd")]

    async def use(fleet: Fleet) -> set[str | None]:
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        answers = await asyncio.gather(*(fleet.generate(request(number), []) for number in range(40)))
        return {fleet.digest(answer.model, answer.host) for answer in answers}

    digests = {"mistral:latest": "ab" * 32}
    urls = [host.url for host in hosts]
    assert run(urls, use, digests=digests, allow_mixed_digests=True) == {"ab" * 32, "cd" * 32}


def test_a_host_with_only_the_fallback_model_serves_it(sandbox_host: MakeHost) -> None:
    main, second = sandbox_host(), sandbox_host(models=of_models("small"))

    async def use(fleet: Fleet) -> tuple[str, str]:
        one, two = await asyncio.gather(fleet.generate(request(1), []), fleet.generate(request(2, model="small"), []))
        return one.host, two.host

    assert run([main.url, second.url], use, fallback_model="small") == (main.url, second.url)


def test_max_outage_applies_to_a_model_whose_only_host_is_down(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    large, small = sandbox_host(models=of_models("large")), sandbox_host(models=of_models("small"))

    async def use(fleet: Fleet) -> None:
        await fleet.generate(request(1, model="large"), [])
        large.control(listening=False)
        with pytest.raises(NoHostLeft, match=r"no healthy host with the model large:latest .*--max_outage"):
            await fleet.generate(request(2, model="large"), [])

    run([large.url, small.url], use, any_model=True, max_outage_seconds=0.3)


def test_with_a_model_column_a_row_is_rejected_if_no_host_has_the_runs_model(
    sandbox_host: MakeHost,
) -> None:
    async def use(fleet: Fleet) -> None:
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        with pytest.raises(RowRejected, match="no host has the model 'mistral'"):
            await fleet.generate(request(1), [])

    run([sandbox_host(models=of_models("small")).url], use, any_model=True)


def test_a_waiting_row_is_rejected_when_its_model_is_removed(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.02)
    host = sandbox_host(models=of_models("large", "small"), faults=[Fault("hang", marker="rapport 1 ")])

    async def use(fleet: Fleet) -> None:
        busy = asyncio.create_task(fleet.generate(request(1, model="small"), []))
        await until(lambda: host.stats()["in_flight"] == 1)
        waits = asyncio.create_task(fleet.generate(request(2, model="large"), []))
        await asyncio.sleep(0)
        host.control(models=of_models("small"))
        with pytest.raises(RowRejected, match="no host has the model 'large'"):
            await waits
        busy.cancel()

    run([host.url], use, any_model=True)


def test_a_host_with_an_open_circuit_takes_a_model_that_only_it_has() -> None:
    open_host, working_host = (
        HostState(url, Breaker(), lambda _: ServedModel(FixedLimit(1), Deadline(300)), "small", digests, ready=True)
        for url, digests in (("http://a", {"small": "1", "large": "2"}), ("http://b", {"small": "1"}))
    )
    for _ in range(FAULTS_IN_A_ROW):
        open_host.breaker.failed(0.0, "HTTP 500")
    pending = PendingJobs(TokenRates())
    pending.add(Job(1, "large"))
    assert next_change([open_host, working_host], pending) == (open_host, "large"), "nothing else would probe it"
    working_host.digests = open_host.digests
    assert next_change([open_host, working_host], pending) == (working_host, "large")
