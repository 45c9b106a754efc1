from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.transforms.fleet.loopback_fleet import request, run
from tests.transforms.fleet.raw_host import RawHost, reply
from transforms.errors import NoHostLeft
from transforms.fleet.dispatch import outage
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.outage import CONFIGURATION_SECONDS, OutageWatch
from transforms.fleet.faults import Failure
from transforms.fleet.fleet import Fleet
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit


async def one(fleet: Fleet) -> str:
    return (await fleet.generate(request(), [])).text


def generated(path: str, body: dict[str, Any]) -> bool:
    return path == "/api/generate" and bool(body.get("prompt"))


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (reply({"error": "unauthorized"}, "HTTP/1.1 401 Unauthorized"), "--header"),
        (reply(b"", "HTTP/1.1 302 Found", "Location: https://gpu0.lan/\r\n"), "https://gpu0.lan"),
        (reply(b"<html>Welcome</html>"), "no Ollama answers"),
    ],
)
def test_a_fault_of_the_configuration_is_not_waited_for(
    answer: bytes, remedy: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outage, "CONFIGURATION_SECONDS", 0.2)
    began = time.monotonic()
    with (
        RawHost(lambda path, body: answer if generated(path, body) else None) as host,
        pytest.raises(NoHostLeft) as left,
    ):
        run([host.url], one, max_outage_seconds=600.0)
    assert time.monotonic() - began < 100
    assert remedy in str(left.value)
    assert "--max_outage" not in str(left.value)
    assert "the configuration has to be changed" in caplog.text


def test_a_refused_connection_is_waited_for_and_the_message_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(NoHostLeft, match=r"\(--max_outage\): .*connection refused"):
        run(["http://127.0.0.1:9"], one, max_outage_seconds=0.3)
    assert "(--max_outage)" in caplog.text
    assert "`ollama serve`" in caplog.text
    assert "`doctor`" in caplog.text


# -- the watch alone, with a clock of its own --------------------------------------------------------------------------


@dataclass
class Timer:
    when: float
    callback: Callable[..., None]
    arguments: tuple[Any, ...]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


def host(number: int, failure: Failure | None = Failure.CONNECTION_REFUSED) -> HostState:
    """An excluded host."""
    served = ServedModel(FixedLimit(4), Deadline(300))
    return HostState(
        f"http://gpu{number}:11434", Breaker(), lambda _: served, failure=failure, out="it does not answer"
    )


@dataclass
class Scene:
    """Hosts, models that no host serves, and the time."""

    hosts: dict[str, HostState]
    away: list[str]
    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)

    def models_away(self) -> list[str]:
        return self.away

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[..., None], *arguments: Any) -> Timer:
        self.timers.append(Timer(when, callback, arguments))
        return self.timers[-1]

    def due(self) -> list[float]:
        """When the run will be given up."""
        return [timer.when for timer in self.timers if not timer.cancelled]

    def give_up(self, model: str, reason: NoHostLeft) -> None:
        self.given_up.append((model, str(reason)))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene({state.url: state for state in (host(0), host(1))}, ["mistral:latest"])
    monkeypatch.setattr("transforms.fleet.dispatch.outage.asyncio.get_running_loop", lambda: made)
    return made


def watch(scene: Scene, longest_seconds: float = 100.0) -> OutageWatch:
    return OutageWatch(cast(Dispatcher, scene), longest_seconds, scene.give_up)


def test_an_outage_is_told_once_and_lasts_until_a_host_is_back(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    watching = watch(scene)
    with caplog.at_level(logging.INFO):
        for scene.now in (0.0, 5.0, 7.0):
            watching.look()
        assert scene.due() == [100.0]
        scene.away = []
        watching.look()
        watching.look()
    assert scene.due() == []
    begun, ended = caplog.messages
    assert begun.startswith("no healthy host; waiting for up to 100 s (--max_outage)")
    assert ended == "a host is back after 7 s; resuming"


def test_an_outage_counts_from_its_beginning_whatever_its_reason_becomes(scene: Scene) -> None:
    watching = watch(scene)
    watching.look()
    for state in scene.hosts.values():
        state.failure = Failure.FORBIDDEN
    scene.now = 30.0
    watching.look()
    assert scene.due() == [30.0 + CONFIGURATION_SECONDS]
    scene.hosts["http://gpu0:11434"].failure = Failure.BUSY
    scene.now = 35.0
    watching.look()
    assert scene.due() == [100.0]
    scene.now = 100.0
    scene.timers[-1].callback(*scene.timers[-1].arguments)
    ((model, reason),) = scene.given_up
    assert model == "mistral:latest"
    assert reason.startswith("no healthy host for 100 s (--max_outage): http://gpu0:11434 (excluded: it does not ans")


def test_what_only_a_person_can_repair_is_waited_for_no_longer_than_other_outages(scene: Scene) -> None:
    for state in scene.hosts.values():
        state.failure = Failure.FORBIDDEN
    watch(scene, 3.0).look()
    assert scene.due() == [3.0]
    scene.now = 3.0
    scene.timers[-1].callback(*scene.timers[-1].arguments)
    assert scene.given_up[0][1].startswith("no healthy host for 3 s: ")


@pytest.mark.parametrize(
    ("digests", "away"),
    [(None, False), ({"mistral:latest": ""}, False), ({"small:latest": ""}, True)],
    ids=["not known yet", "has it", "has another"],
)
def test_a_host_that_loads_a_model_may_soon_serve_what_it_has(
    scene: Scene, digests: dict[str, str] | None, away: bool
) -> None:
    loading = scene.hosts["http://gpu1:11434"]
    loading.out, loading.digests = None, digests
    watch(scene).look()
    assert bool(scene.due()) is away


def test_the_models_are_named_if_hosts_serve_others(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    serving = scene.hosts["http://gpu1:11434"]
    serving.out, serving.ready, serving.digests = None, True, {"small:latest": ""}
    scene.away = ["qwen3:8b", "mistral:latest"]
    watching = watch(scene)
    watching.look()
    scene.away.append("gemma3:latest")
    watching.look()
    told = [message.partition(";")[0] for message in caplog.messages]
    assert told == [
        "no healthy host with the model mistral:latest or qwen3:8b",
        "no healthy host with the model gemma3:latest",
    ]
    scene.away.remove("qwen3:8b")
    watching.look()
    assert len(scene.due()) == 2


def test_after_the_end_an_outage_begins_afresh(scene: Scene) -> None:
    watching = watch(scene)
    watching.look()
    watching.end()
    assert scene.due() == []
    scene.now = 50.0
    watching.look()
    assert scene.due() == [150.0]
