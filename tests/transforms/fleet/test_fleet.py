"""The fleet against real loopback hosts with faults."""

from __future__ import annotations

import asyncio
import logging

import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.fleet.loopback_fleet import ask, request, run, until
from tests.transforms.fleet.raw_host import RawHost, reply
from transforms.errors import NoHostLeft, RunFailed, RunStopped
from transforms.fleet.dispatch.suspicion import MOST_CHARGED
from transforms.fleet.faults import Failure, RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.host.limits import START
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.client import HostClient
from transforms.fleet.jobs import Attempt
from transforms.fleet.settings import GenerateRequest


def test_all_hosts_work_and_each_row_gets_its_own_answer(sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(tokens_per_second=500.0) for _ in range(3)]
    answers, logs = run([host.url for host in hosts], ask(60))
    for number, answer in enumerate(answers):
        assert str(number) in answer.text
    assert {answer.host for answer in answers} == {host.url for host in hosts}
    assert all(
        [attempt.failure for attempt in log if attempt.failure is not Failure.SUPERSEDED] == [None] for log in logs
    )


def test_a_fixed_number_of_slots_is_never_exceeded(sandbox_host: MakeHost) -> None:
    host = sandbox_host(tokens_per_second=2000.0)
    run([host.url], ask(40), slots=3)
    assert host.stats()["in_flight_peak"] == 3


def test_rows_of_a_broken_host_go_elsewhere(sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = sandbox_host(), sandbox_host(faults=[Fault("runner_died_500")])
    with caplog.at_level(logging.WARNING):
        answers, logs = run([good.url, bad.url], ask(100))
    assert {answer.host for answer in answers} == {good.url}
    assert bad.stats()["calls"] < 10
    assert sum(attempt.failure is Failure.MODEL_CRASHED for log in logs for attempt in log) == bad.stats()["calls"]
    assert [
        record for record in caplog.records if bad.url in record.getMessage() and "circuit open" in record.getMessage()
    ]


def test_random_faults_of_all_kinds_cost_no_row(sandbox_host: MakeHost) -> None:
    faults = [
        Fault(kind, 0.03)
        for kind in ("busy_503", "runner_died_500", "reset", "closed", "cut_body", "bad_gateway_502", "not_json")
    ]
    hosts = [sandbox_host(faults=faults, seed=seed) for seed in range(3)]
    answers, logs = run([host.url for host in hosts], ask(300))
    assert len(answers) == 300
    assert sum(len(log) for log in logs) > 300


def test_a_host_without_the_model_is_excluded_by_name(sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = sandbox_host(), sandbox_host(models=["llama3:latest"])
    with caplog.at_level(logging.WARNING):
        run([good.url, bad.url], ask(20))
    assert bad.stats()["calls"] == 0
    (said,) = {record.getMessage() for record in caplog.records if bad.url in record.getMessage()}
    assert "mistral" in said
    assert "ollama pull" in said


def test_a_host_with_another_digest_is_excluded(sandbox_host: MakeHost) -> None:
    good, bad = sandbox_host(digest="ab" * 32), sandbox_host(digest="cd" * 32)
    run([good.url, bad.url], ask(20), digests={"mistral:latest": "ab" * 32})
    assert bad.stats()["calls"] == 0


def test_each_host_loads_the_model_with_the_runs_options_before_it_gets_rows(sandbox_host: MakeHost) -> None:
    host = sandbox_host(load_seconds=0.05)
    run([host.url], ask(10))
    stats = host.stats()
    assert stats["load_calls"] == 1


def test_a_row_that_is_at_fault_is_rejected_with_its_reason(sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(faults=[Fault("done_false", marker="rapport 7")]) for _ in range(2)]

    async def use(fleet: Fleet) -> None:
        log: list[Attempt] = []
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        with pytest.raises(RowRejected) as rejected:
            await fleet.generate(request(7), log)
        assert rejected.value.failure is Failure.GENERATION_ABORTED
        assert len(log) == 3
        assert {attempt.host for attempt in log} == {host.url for host in hosts}
        assert (await fleet.generate(request(8), [])).text

    run([host.url for host in hosts], use)


@pytest.mark.parametrize("hosts", [1, 2])
@pytest.mark.parametrize("slots", [None, 1])
def test_a_last_row_that_no_host_survives_fails_and_the_hosts_stay(
    sandbox_host: MakeHost, hosts: int, slots: int | None
) -> None:
    sandboxes = [sandbox_host(faults=[Fault("runner_died_500", marker="rapport 7")]) for _ in range(hosts)]

    async def use(fleet: Fleet) -> None:
        log: list[Attempt] = []
        with pytest.raises(RowRejected) as rejected:
            await fleet.generate(request(7), log)
        assert rejected.value.failure is Failure.MODEL_CRASHED
        assert MOST_CHARGED <= len(log) <= 2 * MOST_CHARGED
        assert (await fleet.generate(request(8), [])).text

    run([host.url for host in sandboxes], use, slots=slots)


def test_a_fleet_that_goes_away_and_comes_back_loses_nothing(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = [sandbox_host(tokens_per_second=300.0) for _ in range(2)]

    async def use(fleet: Fleet) -> list[Answer]:
        rows = asyncio.gather(*(fleet.generate(request(i), []) for i in range(60)))
        await until(lambda: sum(host.stats()["served"] for host in hosts) >= 10)
        for host in hosts:
            host.control(listening=False)
        await until(lambda: "no healthy host" in caplog.text)
        assert not rows.done()
        for host in hosts:
            host.control(listening=True)
        return await rows

    with caplog.at_level(logging.INFO):
        assert len(run([host.url for host in hosts], use)) == 60
    assert "resuming" in caplog.text


def test_the_last_rows_of_a_slow_host_are_copied_and_counted_once(sandbox_host: MakeHost) -> None:
    quick, slow = sandbox_host(tokens_per_second=1000.0), sandbox_host(tokens_per_second=2.0)
    answers, logs = run([quick.url, slow.url], ask(60))
    assert len(answers) == 60
    assert {answer.host for answer in answers} == {quick.url}
    copied = [log for log in logs if Failure.SUPERSEDED in {attempt.failure for attempt in log}]
    assert 0 < len(copied) <= slow.stats()["calls"]
    assert all(log[-1] == Attempt(slow.url, Failure.SUPERSEDED) for log in copied)


def test_an_outage_that_lasts_too_long_ends_the_run() -> None:
    async def use(fleet: Fleet) -> None:
        with pytest.raises(NoHostLeft, match="--max_outage"):
            await fleet.generate(request(), [])

    run(["http://127.0.0.1:9"], use, max_outage_seconds=0.2)


def test_an_outage_ends_also_when_the_host_is_found_back_by_a_row_that_is_at_fault(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    host = sandbox_host(faults=[Fault("runner_died_500")])

    async def use(fleet: Fleet) -> None:
        row = asyncio.create_task(fleet.generate(request(), []))
        await until(lambda: "no healthy host" in caplog.text)
        host.control(faults=[Fault("length")])
        with pytest.raises(RowRejected):
            await row
        await until(lambda: "resuming" in caplog.text)

    with caplog.at_level(logging.INFO):
        run([host.url], use)


def test_without_anything_to_do_there_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    async def use(fleet: Fleet) -> None:
        await until(lambda: any(view.state.startswith("excluded") for view in fleet.view()))
        assert "no healthy host" not in caplog.text
        with pytest.raises(NoHostLeft):
            await fleet.generate(request(), [])
        assert "no healthy host" in caplog.text

    run(["http://127.0.0.1:9"], use, max_outage_seconds=0.01)


def test_a_load_that_takes_longer_than_the_longest_outage_is_waited_for(sandbox_host: MakeHost) -> None:
    answers, _ = run([sandbox_host(load_seconds=0.5).url], ask(3), max_outage_seconds=0.05)
    assert len(answers) == 3


def test_options_that_every_host_refuses_end_the_run(sandbox_host: MakeHost) -> None:
    async def use(fleet: Fleet) -> None:
        with pytest.raises(RunFailed, match="must be of type"):
            await fleet.generate(GenerateRequest("Bonjour", None, 10, {"temperature": "warm"}, 7), [])

    run([sandbox_host().url], use)


def test_a_stop_sends_nothing_more_and_lets_what_is_in_flight_be_answered(sandbox_host: MakeHost) -> None:
    host = sandbox_host(tokens_per_second=50.0)

    async def use(fleet: Fleet) -> None:
        rows = [asyncio.create_task(fleet.generate(request(i), [])) for i in range(20)]
        await until(lambda: bool(host.stats()["in_flight"]))
        fleet.stop()
        in_flight = fleet.in_flight()
        await fleet.drained(10)
        done = await asyncio.gather(*rows, return_exceptions=True)
        assert sum(isinstance(result, Answer) for result in done) == in_flight == host.stats()["served"]
        assert sum(isinstance(result, RunStopped) for result in done) == 20 - in_flight
        with pytest.raises(RunStopped):
            await fleet.generate(request(), [])

    run([host.url], use)


def test_drop_drops_everything_at_once(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[Fault("hang")])

    async def use(fleet: Fleet) -> None:
        rows = [asyncio.create_task(fleet.generate(request(i), [])) for i in range(20)]
        await until(lambda: bool(host.stats()["in_flight"]))
        fleet.drop()
        for row in rows:
            with pytest.raises(RunStopped):
                await row
        with pytest.raises(RunStopped):
            await fleet.generate(request(), [])

    run([host.url], use)


def test_a_caller_that_leaves_is_not_served(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[Fault("hang")], record_requests=True)

    async def use(fleet: Fleet) -> None:
        rows = [asyncio.create_task(fleet.generate(request(i), [])) for i in range(10, 30)]
        await until(lambda: bool(host.stats()["in_flight"]))
        for row in rows[1:]:
            row.cancel()
        await asyncio.gather(*rows[1:], return_exceptions=True)
        host.control(faults=[])
        assert (await rows[0]).text
        prompts = {asked["body"]["prompt"] for asked in host.stats(with_requests=True)["requests"]}
        assert sum("<source>" in prompt for prompt in prompts) <= START, "those who had left were sent"

    run([host.url], use, request_timeout_seconds=0.3)


def test_a_request_that_hangs_is_given_up_and_sent_elsewhere(sandbox_host: MakeHost) -> None:
    good, bad = sandbox_host(), sandbox_host(faults=[Fault("hang")])

    async def use(fleet: Fleet) -> tuple[list[Answer], list[list[Attempt]]]:
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        return await ask(20)(fleet)

    answers, logs = run([good.url, bad.url], use, request_timeout_seconds=0.3)
    assert len(answers) == 20
    failures = {attempt.failure for log in logs for attempt in log}
    assert failures - {Failure.SUPERSEDED, Failure.TIMEOUT} == {None} < failures


@pytest.mark.parametrize("method", ["generate", "version"])
def test_a_mistake_of_ours_ends_the_run_instead_of_keeping_it_waiting(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def mistake(*_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(HostClient, method, mistake)

    async def use(fleet: Fleet) -> None:
        with pytest.raises(KeyError, match="ours"):
            await fleet.generate(request(), [])

    run([sandbox_host().url], use)


def test_texts_that_crash_the_model_end_soon_and_their_hosts_stay_in_use(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = [
        sandbox_host(tokens_per_second=1000.0, faults=[Fault("runner_died_500", marker=marker)])
        for marker in ("Zibeline", "Zibeline")
    ]
    words = ["Zibeline" if number % 25 == 3 else "Capucine" for number in range(200)]
    texts = [f"Le rapport {number} de {word} est prêt." for number, word in enumerate(words)]

    async def use(fleet: Fleet) -> list[BaseException | Answer]:
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        requests = [GenerateRequest(f"<source>\n{text}\n</source>", None, 100, {}, len(text)) for text in texts]
        return await asyncio.gather(*(fleet.generate(each, []) for each in requests), return_exceptions=True)

    with caplog.at_level(logging.WARNING):
        outcomes = run([host.url for host in hosts], use)
    for text, outcome in zip(texts, outcomes, strict=True):
        if "Zibeline" in text:
            assert isinstance(outcome, RowRejected)
            assert outcome.failure is Failure.MODEL_CRASHED
        else:
            assert isinstance(outcome, Answer)
    assert "no healthy host" not in caplog.text


def test_a_proxy_that_refuses_large_bodies_gets_smaller_texts_only() -> None:
    too_large = reply(b"<html>413 Request Entity Too Large</html>", "HTTP/1.1 413 Payload Too Large")

    async def use(fleet: Fleet) -> None:
        assert (await fleet.generate(request(1), [])).text
        large = GenerateRequest("Bonjour. " * 500, None, 100, {}, 4500)
        with pytest.raises(RowRejected, match="client_max_body_size") as rejected:
            await fleet.generate(large, [])
        assert rejected.value.failure is Failure.PAYLOAD_TOO_LARGE
        assert {view.state for view in fleet.view()} == {"healthy"}

    with RawHost(lambda path, body: too_large if len(body.get("prompt", "")) > 1000 else None) as host:
        run([host.url], use)


def test_a_proxy_that_refuses_all_bodies_is_the_hosts_fault(sandbox_host: MakeHost) -> None:
    too_large = reply(b"<html>413 Request Entity Too Large</html>", "HTTP/1.1 413 Payload Too Large")
    good = sandbox_host(tokens_per_second=500.0)
    with RawHost(lambda path, body: too_large if body.get("prompt") else None) as proxy:
        answers, _ = run([good.url, proxy.url], ask(30), allow_mixed_digests=True)
    assert {answer.host for answer in answers} == {good.url}


def test_a_rejected_answer_is_asked_for_again_on_another_host_which_is_waited_for(sandbox_host: MakeHost) -> None:
    quick, slow = sandbox_host(), sandbox_host(tokens_per_second=50.0)

    async def use(fleet: Fleet) -> set[str]:
        await until(lambda: {view.state for view in fleet.view()} == {"healthy"})
        await asyncio.gather(*(fleet.generate(request(number), []) for number in range(12)))  # their speeds are known
        avoiding = [
            GenerateRequest(f"<source>\nLe rapport {n}.\n</source>", None, 100, {}, 9, avoided=frozenset([quick.url]))
            for n in range(12)
        ]
        return {answer.host for answer in await asyncio.gather(*(fleet.generate(each, []) for each in avoiding))}

    assert run([quick.url, slow.url], use) == {slow.url}
    assert run([quick.url], use) == {quick.url}, "there is no other"


def test_a_host_whose_answers_are_rejected_is_excluded(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = sandbox_host(tokens_per_second=500.0), sandbox_host()

    async def use(fleet: Fleet) -> None:
        answers, _ = await ask(200)(fleet)
        doubtful = [fleet.checked(answer, answer.text, answer.host == good.url) for answer in answers]
        assert any(doubtful)
        await until(lambda: any(view.state.startswith("excluded") for view in fleet.view()))
        assert {(await fleet.generate(request(n), [])).host for n in range(9)} == {good.url}

    run([good.url, bad.url], use)
    assert f"{bad.url} excluded: " in caplog.text
    assert "of its last" in caplog.text


def test_a_host_is_excluded_when_the_others_show_later_that_its_answers_are_bad(sandbox_host: MakeHost) -> None:
    good, bad = sandbox_host(), sandbox_host()

    async def use(fleet: Fleet) -> None:
        answers, _ = await ask(200)(fleet)
        by_host = {url: [answer for answer in answers if answer.host == url] for url in (good.url, bad.url)}
        for url in (bad.url, good.url):  # the bad host has answered all its texts before the other one has any
            for answer in by_host[url]:
                fleet.checked(answer, answer.text, url == good.url)
        await until(lambda: any(view.state.startswith("excluded") for view in fleet.view()))
        assert {(await fleet.generate(request(n), [])).host for n in range(9)} == {good.url}

    run([good.url, bad.url], use)
