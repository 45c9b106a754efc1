from __future__ import annotations

import asyncio

import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.loopback_fleet import request, run, until
from transforms.fleet.fleet import Fleet
from transforms.fleet.host import same_server
from transforms.fleet.host.same_server import SameServer


def twins(*urls: str) -> list[str]:
    async def find() -> list[str]:
        servers = SameServer(lambda url: not url.endswith("gone"))
        return [await servers.twin(url) for url in urls]

    return asyncio.run(find())


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("http://127.0.0.1:11434", "http://localhost:11434", True),
        ("http://localhost:11434", "http://127.0.0.1:11434", True),
        ("http://127.0.0.1:11434", "http://localhost:11435", False),
        ("http://127.0.0.1:11434/a", "http://localhost:11434/b", False),
        ("http://127.0.0.1", "http://localhost", False),
        ("http://127.0.0.1:80", "http://localhost:80", False),
        ("https://127.0.0.1:443", "https://localhost:443", False),
        ("http://127.0.0.1:11434/gone", "http://localhost:11434/gone", False),
        ("http://no-such-host.invalid:11434", "http://no-such-host-2.invalid:11434", False),
        (f"http://{'a' * 64}.invalid:11434", f"http://{'a' * 65}.invalid:11434", False),
    ],
)
def test_two_names_of_one_server(first: str, second: str, same: bool) -> None:
    assert twins(first, first, second) == ["", "", first if same else ""]


def test_a_name_that_is_not_looked_up_in_time_is_nobodys_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_server, "LOOKUP_SECONDS", 0.0)
    assert twins("http://127.0.0.1:11434", "http://localhost:11434") == ["", ""]


def test_a_host_that_is_given_twice_gets_its_share_once(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    host = sandbox_host(tokens_per_second=2000.0)
    other_name = host.url.replace("127.0.0.1", "localhost")

    async def use(fleet: Fleet) -> None:
        await until(lambda: all(view.state != "loading" for view in fleet.view()))
        await asyncio.gather(*(fleet.generate(request(number), []) for number in range(30)))

    run([host.url, other_name], use, slots=2)
    assert host.stats()["in_flight_peak"] == 2
    assert "is the same server as" in caplog.text
