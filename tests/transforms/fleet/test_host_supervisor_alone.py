"""One host and its supervisor, without a dispatcher: the requests that the host gets, and the state that follows."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from tests.transforms.fleet.raw_host import RawHost, reply
from tests.transforms.fleet.test_fleet import OPTIONS, until
from transforms.errors import RunFailed
from transforms.fleet import host_supervisor
from transforms.fleet.breaker import Breaker
from transforms.fleet.client import HostClient
from transforms.fleet.deadlines import Deadline
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host_state import HostState, ServedModel
from transforms.fleet.host_supervisor import FIRST_RETRY_SECONDS, MAX_LOADS, MISSING_MODEL_RETRY_SECONDS, HostSupervisor
from transforms.fleet.hosts import HostAddress
from transforms.fleet.limits import FixedLimit
from transforms.fleet.settings import FleetSettings

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
A, B = "aa" * 32, "bb" * 32
CRASHED = reply({"error": "llama-server process has terminated: out of memory"}, "HTTP/1.1 500 No")
BUSY = reply({"error": "server busy, please try again"}, "HTTP/1.1 503 Service Unavailable")


@dataclass
class Server:
    """What the host answers; a test may change it at any time.

    Attributes:
        models: Digest of each model by its name.
        loaded: Models that it says are in its memory.
        listing: Answer to the question for its models, in place of the models.
        loads: Answers to commands to load a model, one after the other; then they succeed.
        calls: Path of each request, and the model in it.
    """

    models: dict[str, str] = field(default_factory=lambda: {"mistral:latest": A})
    loaded: list[dict[str, Any]] = field(default_factory=list)
    listing: bytes | None = None
    loads: Sequence[bytes | Iterable[bytes]] = ()
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, path: str, body: dict[str, Any]) -> bytes | Iterable[bytes] | None:
        self.calls.append((path, body.get("model", "")))
        if path == "/api/tags":
            models = [{"name": name, "digest": digest, "size": 1} for name, digest in self.models.items()]
            return self.listing or reply({"models": models})
        if path == "/api/ps":
            return reply({"models": self.loaded})
        if path == "/api/generate" and self.loads:
            answer, *self.loads = self.loads
            return answer
        return None

    def loaded_models(self) -> list[str]:
        return [model for path, model in self.calls if path == "/api/generate"]

    def looks(self) -> int:
        return sum(path == "/api/tags" for path, _ in self.calls)


@dataclass
class Supervised:
    """A supervisor and all that it works with."""

    supervisor: HostSupervisor
    host: HostState
    digests: dict[str, str]
    changes: list[bool]
    refusals: list[BaseException]

    async def ready(self) -> None:
        await until(lambda: self.host.ready)

    async def out(self) -> str:
        await until(lambda: self.host.out is not None)
        return self.host.out or ""


class OtherHosts:
    """What is known of other hosts."""

    def __init__(self, twin: str) -> None:
        self._twin = twin

    async def same_content(self, client: HostClient, model: str, digest: str) -> bool:
        return False

    async def twin(self, url: str) -> str:
        return self._twin


def started(url: str, twin: str = "", digests: dict[str, str] | None = None, **settings: Any) -> Supervised:
    host = HostState(url, Breaker(), lambda model: ServedModel(FixedLimit(4), Deadline(300)))
    known, changes, refusals = dict(digests or {}), list[bool](), list[BaseException]()
    supervisor = HostSupervisor(
        HostClient(HostAddress(url)),
        host,
        FleetSettings("mistral", OPTIONS, "30m", **settings),
        known,
        OtherHosts(twin),
        lambda: changes.append(host.ready),
        refusals.append,
    )
    supervisor.start()
    return Supervised(supervisor, host, known, changes, refusals)


def supervise(
    server: Server,
    use: Callable[[Supervised], Awaitable[T]],
    twin: str = "",
    digests: dict[str, str] | None = None,
    **settings: Any,
) -> T:
    async def inside(url: str) -> T:
        supervised = started(url, twin, digests, **settings)
        try:
            return await use(supervised)
        finally:
            await supervised.supervisor.close()

    with RawHost(server) as raw:
        return asyncio.run(inside(raw.url))


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_supervisor, "FIRST_RETRY_SECONDS", 0.002)
    monkeypatch.setattr(host_supervisor, "MISSING_MODEL_RETRY_SECONDS", 0.002)


@pytest.fixture
def quick_patrols(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.002)


def test_the_model_is_loaded_by_the_name_that_the_user_wrote_and_its_digest_is_noted() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        assert supervised.host.served.load_seconds is not None
        assert supervised.host.failure is None
        assert supervised.changes == [True]
        assert supervised.digests == {"mistral:latest": A}

    supervise(server, use)
    assert server.loaded_models() == ["mistral"]


def test_a_start_forgets_the_last_fault() -> None:
    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.stop()
        supervised.host.failure, supervised.host.out = Failure.BUSY, "it has left"
        supervised.supervisor.start()
        assert supervised.host.state() == "loading"
        assert vars(supervised.host)["failure"] is None
        await supervised.ready()

    supervise(Server(), use)


@pytest.mark.usefixtures("quick_patrols")
def test_a_stop_ends_it_whatever_it_waits_for() -> None:
    """It looks at its host all the time, and is stopped at another step of the event loop each time."""

    async def use(supervised: Supervised) -> None:
        for steps in range(800):
            another = started(supervised.host.url)
            for _ in range(steps % 150):
                await asyncio.sleep(0)
            ended = asyncio.ensure_future(another.supervisor.close())
            await asyncio.wait([ended], timeout=PATIENCE_SECONDS)
            assert ended.done()
            assert another.refusals == []

    supervise(Server(), use)


@pytest.mark.usefixtures("quick_patrols")
def test_a_host_that_was_excluded_for_the_rest_of_the_run_is_left_alone() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        task = supervised.supervisor._task
        assert task is not None
        supervised.supervisor.exclude("wrong answers")
        await asyncio.gather(task, return_exceptions=True)
        assert (supervised.host.out, supervised.host.ready) == ("wrong answers", False)
        assert supervised.changes == [True, False]

    supervise(server, use)


def test_a_host_that_was_away_is_verified_once_and_its_loaded_model_looked_at() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        server.calls.clear()
        await supervised.supervisor.verify()
        assert server.calls == []
        supervised.host.unverified = True
        server.loaded = [{"name": "mistral:latest", "size": 8, "size_vram": 4}]
        await asyncio.gather(supervised.supervisor.verify(), supervised.supervisor.verify())
        assert [path for path, _ in server.calls] == ["/api/version", "/api/tags", "/api/ps"]
        assert (supervised.host.unverified, supervised.host.vram_share) == (False, 0.5)

    supervise(server, use)


@pytest.mark.parametrize(
    ("listing", "models", "failure", "words"),
    [
        (BUSY, {}, Failure.BUSY, "busy"),
        (None, {"llama3:latest": B}, Failure.MODEL_MISSING, "'mistral' not found"),
        (None, {"mistral:latest": B}, Failure.MODEL_MISSING, "digest bbbbbbbbbbbb"),
    ],
)
def test_a_host_that_does_not_have_the_model_any_more_stays_unverified(
    listing: bytes | None, models: dict[str, str], failure: Failure, words: str
) -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.host.unverified = True
        server.listing, server.models = listing, models
        with pytest.raises(RequestFailed, match=words) as failed:
            await supervised.supervisor.verify()
        assert failed.value.failure is failure
        assert supervised.host.unverified

    supervise(server, use)


@pytest.mark.parametrize(
    ("listing", "models", "digests", "pause_seconds"),
    [
        (BUSY, {}, {}, FIRST_RETRY_SECONDS),
        (reply({"error": "unauthorized"}, "HTTP/1.1 401 Unauthorized"), {}, {}, MISSING_MODEL_RETRY_SECONDS),
        (None, {"llama3:latest": B}, {}, MISSING_MODEL_RETRY_SECONDS),
        (None, {"mistral:latest": B}, {"mistral:latest": A}, MISSING_MODEL_RETRY_SECONDS),
    ],
    ids=["busy", "configuration", "no model", "another digest"],
)
def test_what_only_a_person_can_change_is_asked_for_less_often(
    listing: bytes | None,
    models: dict[str, str],
    digests: dict[str, str],
    pause_seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeping, pauses = asyncio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await sleeping(0)

    async def use(supervised: Supervised) -> None:
        monkeypatch.setattr("transforms.fleet.host_supervisor.asyncio.sleep", sleep)
        while not pauses:
            await sleeping(0.001)

    supervise(Server(models, listing=listing), use, digests=digests)
    assert pauses[0] == pause_seconds


def test_pauses_begin_afresh_once_a_host_has_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(listing=BUSY)
    sleeping, pauses = asyncio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            server.listing = None
        await sleeping(0)

    async def use(supervised: Supervised) -> None:
        monkeypatch.setattr("transforms.fleet.host_supervisor.asyncio.sleep", sleep)
        while not supervised.host.ready:
            await sleeping(0.001)
        server.listing = BUSY
        supervised.supervisor.change_model("mistral:latest")
        while len(pauses) < 4:
            await sleeping(0.001)

    supervise(server, use)
    assert pauses[:4] == [FIRST_RETRY_SECONDS, 2 * FIRST_RETRY_SECONDS, 4 * FIRST_RETRY_SECONDS, FIRST_RETRY_SECONDS]


def test_a_stop_is_heeded_also_at_the_moment_when_an_answer_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    call = HostClient._call

    async def use(supervised: Supervised) -> None:
        async def answered_meanwhile(client: HostClient, *arguments: Any) -> dict[str, Any]:
            answer = await call(client, *arguments)
            supervised.supervisor.stop()
            return answer

        monkeypatch.setattr(HostClient, "_call", answered_meanwhile)
        task = supervised.supervisor._task
        assert task is not None
        await asyncio.wait([task])
        assert not supervised.host.ready

    supervise(Server(), use)


@pytest.mark.usefixtures("quick_retries")
def test_a_reason_that_stays_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server({})

    async def use(supervised: Supervised) -> None:
        await until(lambda: server.looks() > 4)
        server.models = {"llama3:latest": B}
        await until(lambda: "it has llama3:latest" in caplog.text)

    supervise(server, use)
    assert caplog.text.count("excluded: ") == 2


def test_another_name_of_a_host_is_found_out_unless_a_proxy_looks_up_the_names() -> None:
    async def use(supervised: Supervised) -> str:
        await until(lambda: supervised.host.ready or supervised.host.out is not None)
        return supervised.host.state()

    assert "it is the same server as http://gpu0:11434" in supervise(Server(), use, twin="http://gpu0:11434")
    assert supervise(Server(), use, twin="http://gpu0:11434", use_proxy=True) == "healthy"


def test_a_host_with_the_fallback_model_alone_waits_for_texts_of_it(caplog: pytest.LogCaptureFixture) -> None:
    server = Server({"small:latest": B})

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        assert (supervised.host.model, supervised.host.digests) == ("", {"small:latest": B})
        supervised.supervisor.change_model("small:latest")
        assert not supervised.host.ready
        await supervised.ready()
        assert supervised.host.model == "small:latest"

    supervise(server, use, fallback_model="small")
    assert server.loaded_models() == ["small:latest"]
    assert "'mistral' not found" in caplog.text


def test_a_digest_of_its_own_keeps_a_host_out_unless_that_is_allowed() -> None:
    server, expected = Server({"mistral:latest": B}), {"mistral:latest": A}

    async def excluded(supervised: Supervised) -> str:
        return await supervised.out()

    async def allowed(supervised: Supervised) -> None:
        await supervised.ready()
        assert supervised.digests == expected

    assert "--allow_mixed_digests" in supervise(server, excluded, digests=expected)
    supervise(server, allowed, digests=expected, allow_mixed_digests=True)


@pytest.mark.usefixtures("quick_retries")
def test_a_busy_host_is_asked_to_load_a_model_again_and_again() -> None:
    server = Server({"mistral:latest": A, "bge:latest": B}, loads=[BUSY] * 2 * MAX_LOADS)

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.change_model("bge:latest")
        await supervised.ready()
        assert supervised.host.model == "bge:latest"

    supervise(server, use, any_model=True)
    assert server.loaded_models() == ["bge:latest"] * (2 * MAX_LOADS + 1)


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("model", ["bge:latest", "mistral:latest"])
def test_a_model_that_crashes_is_given_up_where_rows_name_the_models_and_the_next_one_begins_afresh(model: str) -> None:
    server = Server({"mistral:latest": A, "bge:latest": B, "small:latest": B}, loads=[CRASHED] * (MAX_LOADS + 1))

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.change_model(model)
        await supervised.ready()
        assert supervised.host.model == ""
        assert not supervised.host.has(model)
        supervised.supervisor.change_model("small:latest")
        await supervised.ready()
        assert supervised.host.model == "small:latest"

    supervise(server, use, any_model=True)
    assert len(server.loaded_models()) == MAX_LOADS + 2


@pytest.mark.usefixtures("quick_retries")
def test_the_only_model_of_a_host_is_not_given_up() -> None:
    server = Server({"bge:latest": B}, loads=[CRASHED] * 2 * MAX_LOADS)

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.change_model("bge:latest")
        await supervised.ready()
        assert supervised.host.has("bge:latest")

    supervise(server, use, any_model=True)


def test_a_load_with_options_that_the_host_refuses_ends_the_run() -> None:
    refused = reply({"error": 'option "num_ctx" must be of type integer'}, "HTTP/1.1 400 Bad Request")

    async def use(supervised: Supervised) -> None:
        await until(lambda: bool(supervised.refusals))
        (error,) = supervised.refusals
        assert isinstance(error, RunFailed)
        assert "refuses every request like this" in str(error)
        assert "num_ctx" in str(error)

    supervise(Server(loads=[refused]), use)


def test_a_load_that_takes_too_long_keeps_the_host_out() -> None:
    ended = threading.Event()

    def hanging() -> Iterable[bytes]:
        ended.wait(30)
        yield CRASHED

    async def use(supervised: Supervised) -> None:
        assert await supervised.out() == "the model did not load within 0 s (--request_timeout)"
        assert supervised.host.failure is Failure.TIMEOUT
        ended.set()

    supervise(Server(loads=[hanging()]), use, request_timeout_seconds=0.05)


def test_only_the_hosts_own_model_is_looked_at_in_its_memory(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(loaded=[{"name": "bge:latest", "size": 8}, {"name": "mistral:latest", "size": 0}])

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        assert supervised.host.vram_share is None

    supervise(server, use)
    assert "CPU" not in caplog.text


@pytest.mark.usefixtures("quick_patrols")
def test_a_host_that_does_not_answer_a_look_stays_in_use() -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        server.listing = BUSY
        looks = server.looks()
        await until(lambda: server.looks() > looks + 3)
        assert supervised.host.usable()
        assert supervised.changes == [True]

    supervise(server, use)


@pytest.mark.usefixtures("quick_patrols")
def test_what_changes_on_a_host_is_seen_and_told_without_loading_its_model_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        changes = len(supervised.changes)
        server.models = {"mistral:latest": A, "small:latest": B}
        await until(lambda: supervised.host.has("small:latest"))
        assert len(supervised.changes) == changes + 1
        server.loaded = [{"name": "mistral:latest", "size": 8}]
        await until(lambda: "on the CPU only" in caplog.text)
        looks = server.looks()
        await until(lambda: server.looks() > looks + 3)

    supervise(server, use, fallback_model="small")
    assert server.loaded_models() == ["mistral"]


@pytest.mark.usefixtures("quick_patrols")
def test_another_model_is_loaded_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server({"mistral:latest": A, "small:latest": B})

    async def use(supervised: Supervised) -> None:
        await supervised.ready()
        supervised.supervisor.change_model("small:latest")
        await supervised.ready()
        looks = server.looks()
        await until(lambda: server.looks() > looks + 3)

    with caplog.at_level(logging.INFO):
        supervise(server, use, fallback_model="small")
    assert server.loaded_models() == ["mistral", "small:latest"]
    assert "changes from mistral:latest to small:latest" in caplog.text
