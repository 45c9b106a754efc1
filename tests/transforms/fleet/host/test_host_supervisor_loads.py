"""Which model a supervisor lets its host load, and how often."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

import pytest

from tests.transforms.fleet.loopback_fleet import until
from tests.transforms.fleet.raw_host import reply
from tests.transforms.fleet.supervised_host import BUSY, CRASHED, A, B, Server, Supervised, supervise
from transforms.errors import RunFailed
from transforms.fleet.faults import Failure
from transforms.fleet.host.host_supervisor import MAX_LOADS


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
