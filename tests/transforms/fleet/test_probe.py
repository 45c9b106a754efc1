from __future__ import annotations

import asyncio

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from transforms.fleet.client import HostClient
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.hosts import HostAddress
from transforms.fleet.probe import MAX_AT_ONCE, Speed, measure
from transforms.fleet.settings import FleetSettings, GenerateRequest

SETTINGS = FleetSettings("mistral", {"num_ctx": 4096, "temperature": 0.0, "seed": 1, "repeat_penalty": 1.0}, "30m")
TEXTS = [f"Le technicien numéro {number} a remplacé la pompe du bâtiment." for number in range(MAX_AT_ONCE)]


def speed_of(host: SandboxThread, timeout_seconds: float = 30.0) -> Speed:
    def body(text: str) -> dict[str, object]:
        return GenerateRequest(text, None, 200, {}, len(text)).body(SETTINGS)

    async def run() -> Speed:
        client = HostClient(HostAddress(host.url))
        try:
            await client.load("mistral", SETTINGS.options, "30m")
            return await measure(client, body, TEXTS, timeout_seconds)
        finally:
            await client.close()

    return asyncio.run(run())


@pytest.mark.parametrize("slots", [1, 2, 3, 5])
def test_slots_and_speeds_match_the_host(slots: int, sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=slots, tokens_per_second=100.0)
    speed = speed_of(host)
    assert (speed.slots, speed.more_slots) == (slots, False)
    assert speed.tokens_per_second_alone == pytest.approx(100.0, rel=0.01)
    assert speed.tokens_per_second == pytest.approx(100.0 * slots, rel=0.01)
    assert speed.characters_per_second
    assert speed.waited_seconds < 1.0
    assert speed.requests == host.stats()["calls"]


def test_contention_between_slots_shows_in_the_total_speed(sandbox_host: MakeHost) -> None:
    speed = speed_of(sandbox_host(num_parallel=4, tokens_per_second=300.0, contention=1.0))
    assert speed.slots in (4, 5)
    assert speed.tokens_per_second_alone == pytest.approx(300.0, rel=0.01)
    assert (speed.tokens_per_second or 0.0) < 0.6 * 4 * 300.0


def test_a_host_without_waiting_requests_may_have_more_slots(sandbox_host: MakeHost) -> None:
    speed = speed_of(sandbox_host(num_parallel=200, tokens_per_second=1000.0))
    assert (speed.slots, speed.more_slots) == (MAX_AT_ONCE, True)


def test_no_burst_exceeds_the_timeout(sandbox_host: MakeHost) -> None:
    speed = speed_of(sandbox_host(num_parallel=8, tokens_per_second=100.0), timeout_seconds=0.7)
    assert speed.more_slots
    assert speed.requests < 15


def test_without_durations_the_slots_are_unknown(sandbox_host: MakeHost) -> None:
    speed = speed_of(sandbox_host(faults=[Fault("missing_durations")]))
    assert (speed.slots, speed.requests) == (None, 1)


def test_a_hung_host_times_out(sandbox_host: MakeHost) -> None:
    with pytest.raises(RequestFailed, match="hangs") as caught:
        speed_of(sandbox_host(faults=[Fault("hang")]), timeout_seconds=0.2)
    assert caught.value.failure is Failure.TIMEOUT
