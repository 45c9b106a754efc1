from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host import probe
from transforms.fleet.host.probe import MAX_AT_ONCE, Speed, measure
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.client import HostClient
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


class Client:
    """Answers with given durations, one after the other; the last one again and again."""

    url = "http://gpu0:11434"

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    async def generate(self, body: dict[str, object]) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def answer(waited_seconds: float, served_seconds: float = 1.0, tokens: int | None = 20) -> Answer:
    served_ns = int(served_seconds * 1e9)
    total_ns = served_ns + int(waited_seconds * 1e9)
    return Answer("yes", Client.url, "mistral", "stop", total_ns, 0, 0, served_ns, 10, tokens)


def measured(*answers: Answer, look_at: Callable[[str, Answer], None] | None = None) -> Speed:
    client = cast(HostClient, Client(*answers))
    return asyncio.run(measure(client, lambda text: {}, TEXTS, 30.0, look_at))


@pytest.mark.parametrize(
    ("waited_seconds", "served_seconds", "waited"), [(0.04, 0.06, False), (0.06, 0.94, False), (0.3, 0.7, True)]
)
def test_a_wait_is_longer_than_noise_and_a_share_of_the_time(
    waited_seconds: float, served_seconds: float, waited: bool
) -> None:
    speed = measured(answer(0.0), answer(waited_seconds, served_seconds), answer(0.0))
    assert (speed.slots, speed.more_slots) == ((1, False) if waited else (MAX_AT_ONCE, True))


def test_a_host_that_is_busy_with_the_requests_of_others_has_a_slot_and_its_speed() -> None:
    speed = measured(answer(5.0, 0.5), answer(9.0, 0.5))
    assert (speed.slots, speed.waited_seconds, speed.tokens_per_second) == (1, 5.0, 40.0)
    assert speed.characters_per_second == pytest.approx(sum(map(len, TEXTS[:2])) / 2 / 0.5)


def test_answers_that_wait_do_not_count_for_the_speed_of_a_slot() -> None:
    assert measured(answer(0.0), answer(0.0, 0.5), answer(1.0, 1.0)).tokens_per_second == 40.0


def test_answers_without_a_count_of_tokens_do_not_count_for_the_speed() -> None:
    unknown = answer(0.0, tokens=None)
    speed = measured(unknown, unknown, unknown, answer(0.0, 0.5), unknown, answer(1.0))
    assert speed.tokens_per_second_alone is None
    assert (speed.slots, speed.tokens_per_second) == (2, 2 * 40.0)


def test_each_answer_is_shown() -> None:
    seen = list[str]()
    measured(answer(0.0), answer(1.0), look_at=lambda text, _: seen.append(text))
    assert sorted(seen) == sorted([TEXTS[0], *TEXTS[:2]])


def test_no_larger_burst_is_started_after_the_longest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LONGEST_SECONDS", -1.0)  # the loop counts whole milliseconds
    speed = measured(answer(0.0))
    assert (speed.slots, speed.more_slots, speed.requests) == (2, True, 3)


def test_each_burst_is_twice_as_large_and_the_speed_is_that_of_all_slots() -> None:
    speed = measured(answer(0.0))
    assert speed.requests == 2 * MAX_AT_ONCE - 1
    assert speed.characters_per_second == pytest.approx(sum(map(len, TEXTS)))


def test_the_speed_is_that_of_all_answers() -> None:
    speed = measured(answer(0.0), answer(1.0, 0.5), answer(1.0, 1.5))
    assert speed.characters_per_second == pytest.approx(sum(map(len, TEXTS[:2])) / 2)
