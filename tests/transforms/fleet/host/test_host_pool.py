"""Hosts that join, leave and return while a fleet works."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.loopback_fleet import request, run, until
from transforms.fleet.addresses import HostsFile
from transforms.fleet.faults import RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.host import host_pool
from transforms.fleet.http.client import HostClient


def test_hosts_join_finish_what_they_have_and_come_back(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(host_pool, "HOSTS_FILE_SECONDS", 0.02)
    first, second = sandbox_host(tokens_per_second=200.0), sandbox_host(tokens_per_second=200.0)
    path = tmp_path / "hosts"
    path.write_text(first.url)

    def write(text: str) -> None:
        new = path.with_suffix(".new")  # replaced at once, so that no reader sees half of it
        new.write_text(text)
        new.replace(path)

    def urls(fleet: Fleet) -> set[str]:
        return {view.url for view in fleet.view()}

    async def use(fleet: Fleet) -> None:
        rows = asyncio.gather(*(fleet.generate(request(number), []) for number in range(60)))
        await until(lambda: first.stats()["in_flight"] > 0)
        write(f"{first.url} {second.url}")
        await until(lambda: second.stats()["served"] > 1)
        write(second.url)
        await until(lambda: urls(fleet) == {second.url})
        assert first.stats()["in_flight"] == 0
        served = first.stats()["served"]
        write("gpu0:eleven")
        await until(lambda: "keeping the current hosts" in caplog.text)
        assert len(await rows) == 60
        assert first.stats()["served"] == served, "a host that had left was asked"
        write(f"{first.url} {second.url}")
        await until(lambda: urls(fleet) == {first.url, second.url})
        write(first.url)
        await until(lambda: urls(fleet) == {first.url})
        assert (await fleet.generate(request(99), [])).host == first.url

    with caplog.at_level(logging.INFO):
        run([first.url], use, hosts_file=HostsFile(str(path)))
    assert first.stats()["cancelled"] == 0
    assert caplog.text.count("keeping the current hosts") == 1


def test_what_waits_for_the_only_host_with_a_model_waits_no_more_when_that_leaves(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_pool, "HOSTS_FILE_SECONDS", 0.02)
    large, small = sandbox_host(models=["large:latest"]), sandbox_host(models=["small:latest"])
    path = tmp_path / "hosts"
    path.write_text(f"{large.url} {small.url}")

    async def use(fleet: Fleet) -> None:
        await fleet.generate(request(1, model="large"), [])
        large.control(listening=False)
        row = asyncio.create_task(fleet.generate(request(2, model="large"), []))
        await until(lambda: any(view.state.startswith("circuit open") for view in fleet.view()))
        path.write_text(small.url)
        with pytest.raises(RowRejected, match="no host has the model 'large'"):
            await row

    run([large.url, small.url], use, any_model=True, hosts_file=HostsFile(str(path)))


def test_a_host_that_returns_to_the_file_before_it_is_gone_is_used_again(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(host_pool, "HOSTS_FILE_SECONDS", 0.02)
    busy, other = sandbox_host(), sandbox_host()
    path = tmp_path / "hosts"
    path.write_text(busy.url)

    async def use(fleet: Fleet) -> None:
        await until(lambda: any(view.state == "healthy" for view in fleet.view()))
        busy.control(hang=True)
        row = asyncio.create_task(fleet.generate(request(1), []))
        await until(lambda: busy.stats()["in_flight"] > 0)
        path.write_text(other.url)
        await until(lambda: "has left the hosts file" in caplog.text)
        path.write_text(busy.url)
        await until(lambda: "is back in the hosts file" in caplog.text)
        busy.control(hang=False)
        await until(lambda: any(view.url == busy.url and view.state == "healthy" for view in fleet.view()))
        assert (await fleet.generate(request(2), [])).host == busy.url
        row.cancel()

    with caplog.at_level(logging.INFO):
        run([busy.url], use, hosts_file=HostsFile(str(path)))


def test_a_run_that_ends_while_a_host_leaves_closes_its_connections(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_pool, "HOSTS_FILE_SECONDS", 0.02)
    leaving, staying = sandbox_host(), sandbox_host()
    path = tmp_path / "hosts"
    path.write_text(f"{leaving.url} {staying.url}")
    calls: list[str] = []
    close = HostClient.close

    async def slow_close(client: HostClient) -> None:
        calls.append(client.url)
        if calls.count(client.url) == 1 and client.url == leaving.url:
            await asyncio.Event().wait()  # until the run ends
        await close(client)

    monkeypatch.setattr(HostClient, "close", slow_close)

    async def use(fleet: Fleet) -> None:
        await until(lambda: all(view.state == "healthy" for view in fleet.view()))
        path.write_text(staying.url)
        await until(lambda: leaving.url in calls)

    run([leaving.url, staying.url], use, hosts_file=HostsFile(str(path)))
    assert calls.count(leaving.url) == 2
