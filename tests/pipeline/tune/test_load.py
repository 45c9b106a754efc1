from __future__ import annotations

import asyncio

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from pipeline.tune.load import LEAST_ANSWERS, Answered, SteadyLoad, Throughput, load_model, throughput
from pipeline.tune.texts import Prompt, Sample
from tests.conftest import MakeHost
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.client import HostClient

HOST, OTHER = "http://gpu0:1", "http://gpu1:1"


def answered(began: float, ended: float, host: str = HOST, sent: float | None = None) -> Answered:
    return Answered(host, began if sent is None else sent, began, ended, 200, 50, 0.8, 0.2)


def test_requests_count_with_the_share_of_their_work_in_the_window() -> None:
    found = throughput(
        [
            answered(8.0, 12.0),  # half in the window
            answered(11.0, 15.0, OTHER),
            answered(19.0, 21.0, sent=16.0),
            answered(1.0, 10.0),  # ended before it
            answered(20.0, 22.0),  # began after it
        ],
        {"server_error": 1},
        10.0,
        20.0,
        100.0,
        [OTHER, HOST],
    )
    assert found.rows_per_second == pytest.approx((0.5 + 1 + 0.5) * 200 / 100 / 10)
    assert found.tokens_per_second == pytest.approx((0.5 + 1 + 0.5) * 50 / 10)
    assert found.at_work == pytest.approx((2 + 4 + 1) / 10)
    assert (found.latency_seconds, found.slow_seconds) == (4.0, 5.0)
    assert found.request_tokens_per_second == pytest.approx(50 / 0.8)
    assert found.reading_share == pytest.approx(0.2)
    assert (found.answers, found.failures) == (3, {"server_error": 1})
    assert found.host_rows_per_second == {OTHER: pytest.approx(0.2), HOST: pytest.approx(0.2)}
    assert list(found.host_rows_per_second) == [OTHER, HOST]


def test_answers_without_durations_count_by_their_end() -> None:
    instant = Answered(HOST, 1.0, 1.0, 1.0, 100, 0, 0.0, 0.0)
    found = throughput([instant], {}, 0.0, 2.0, 100.0, [HOST])
    assert (found.rows_per_second, found.request_tokens_per_second, found.reading_share) == (0.5, None, None)
    assert throughput([], {}, 0.0, 2.0, 100.0, [HOST]).latency_seconds == 0.0


def sample(texts: int = 50) -> Sample:
    def body(number: int) -> dict[str, object]:
        prompt = f"<source>\nLa pompe numéro {number} fuit depuis lundi matin.\n</source>"
        return {"model": "mistral", "prompt": prompt, "stream": False, "options": {"num_ctx": 2048, "num_predict": 200}}

    prompts = tuple(Prompt(body(number), 44) for number in range(texts))
    return Sample(prompts, texts, 44.0, 2048, 1.0, "mistral", {"num_ctx": 2048}, "30m")


def measured(host: SandboxThread, in_flight: int, seconds: float = 0.3, timeout: float = 30.0) -> Throughput:
    async def measure() -> Throughput:
        client = HostClient(HostAddress(host.url))
        try:
            await load_model(client, sample(), timeout)
            return await SteadyLoad([client], [in_flight], sample(), timeout).measure(seconds)
        finally:
            await client.close()

    return asyncio.run(measure())


def test_the_load_is_steady(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=4, tokens_per_second=200.0)
    found = measured(host, 5)
    stats = host.stats()
    assert stats["in_flight_peak"] == 5
    assert stats["loads"] == 1
    assert found.request_tokens_per_second == pytest.approx(200.0, rel=0.05)
    assert found.answers > 0
    assert 0 < found.at_work < 4.5
    assert found.failures == {}


def test_a_window_with_few_answers_is_extended(sandbox_host: MakeHost) -> None:
    # An answer takes a tenth of a second, and a window of a fifth would have two.
    found = measured(sandbox_host(num_parallel=1, tokens_per_second=120.0), 1, seconds=0.2)
    assert found.answers >= LEAST_ANSWERS


def test_a_window_may_be_shorter_than_an_answer(sandbox_host: MakeHost) -> None:
    found = measured(sandbox_host(num_parallel=1, tokens_per_second=20.0), 1, seconds=0.05)
    assert found.answers >= 1
    assert found.rows_per_second > 0


def test_failed_requests_are_counted(sandbox_host: MakeHost) -> None:
    failing = [Fault("busy_503", marker=f"{digit} fuit") for digit in (3, 6, 9)]  # some of any eight texts in a row
    found = measured(sandbox_host(tokens_per_second=400.0, faults=failing), 2)
    assert set(found.failures) == {"busy"}
    assert found.answers > 0


@pytest.mark.parametrize(
    ("fault", "failure"), [("busy_503", Failure.BUSY), ("length", Failure.OUTPUT_TRUNCATED), ("hang", Failure.TIMEOUT)]
)
def test_a_host_that_answers_nothing_is_given_up(fault: str, failure: Failure, sandbox_host: MakeHost) -> None:
    with pytest.raises(RequestFailed) as failed:
        measured(sandbox_host(faults=[Fault(fault)]), 8, timeout=0.5)
    assert failed.value.failure is failure


def test_a_model_that_does_not_load_in_time(sandbox_host: MakeHost) -> None:
    with pytest.raises(RequestFailed, match="did not load within 0 s"):
        measured(sandbox_host(load_seconds=60.0), 1, timeout=0.1)
