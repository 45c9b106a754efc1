from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from transforms.errors import RunFailed
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic
from transforms.sink import worker_figures
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.worker_figures import (
    FOLDER,
    LOST_SECONDS,
    PUBLISH_SECONDS,
    SHOWN_LATENCIES,
    FiguresPublisher,
    WorkerFigures,
    from_bytes,
    merged,
    publisher_of,
    to_bytes,
)

GPU0, GPU1 = "http://gpu0:11434", "http://gpu1:11434"


def view(url: str = GPU0, state: str = "healthy", in_flight: int = 3, answers: int = 10) -> HostView:
    traffic = Traffic(answers=answers, output_tokens=50 * answers, failures=Counter(busy=1), latency_seconds=2.5)
    traffic.latencies[3] = answers
    traffic.recent_seconds.extend([0.25] * answers)
    return HostView(url, state, in_flight, 4, "mistral:latest", traffic, 0.5, 120.0)


def test_figures_survive_the_way_without_reasons_that_may_quote_a_host() -> None:
    (host,) = from_bytes(to_bytes([view(state="circuit open: 500 La vanne")], 1))
    assert host.state == "circuit open"
    assert (host.in_flight, host.limit, host.model, host.vram_share) == (3, 4, "mistral:latest", 0.5)
    assert host.characters_in_progress == 120.0
    assert host.traffic == view().traffic or vars(host.traffic) == vars(view().traffic)


def test_the_latest_latencies_are_published() -> None:
    shown = view()
    shown.traffic.recent_seconds.extend(map(float, range(SHOWN_LATENCIES)))
    (host,) = from_bytes(to_bytes([shown], 1))
    assert list(host.traffic.recent_seconds) == list(range(SHOWN_LATENCIES))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hosts": [1]}', b'{"hosts": [{"url": "x"}]}'])
def test_content_of_another_kind_is_no_host(content: bytes) -> None:
    assert from_bytes(content) == ()


def test_hosts_of_several_processes_are_added_up() -> None:
    first, second = merged([view(answers=10), view(GPU1, answers=1), view(state="circuit open", answers=5)])
    assert (first.url, first.state, first.in_flight, first.limit) == (GPU0, "healthy", 6, 8)
    assert (first.traffic.answers, first.traffic.failures, first.traffic.latencies[3]) == (15, {"busy": 2}, 15)
    assert first.characters_in_progress == 240.0
    assert len(first.traffic.recent_seconds) == 15
    assert (second.url, second.traffic.answers) == (GPU1, 1)


def test_a_process_that_still_works_tells_the_state_of_a_host() -> None:
    lost = HostView(GPU0, "healthy", 0, 0, "qwen3:8b")
    assert [host.model for host in merged([lost, view()])] == ["mistral:latest"]
    assert [host.model for host in merged([view(), lost])] == ["mistral:latest"]


@pytest.fixture
def publisher(output: OutputDirectory) -> Iterator[FiguresPublisher]:
    made = FiguresPublisher(output, "run", lambda: [view(state="circuit open: why")])
    yield made
    made.close()


def numbers(output: OutputDirectory) -> list[int]:
    return [json.loads(output.read_bytes(f"{FOLDER}/{name}"))["number"] for name in output.names_in(FOLDER)]


def test_a_process_does_not_publish_again_at_once_and_its_figures_differ_each_time(
    output: OutputDirectory, publisher: FiguresPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_figures, "LEAST_SECONDS", 3600.0)
    publisher.publish()
    publisher.publish()
    assert numbers(output) == [1]
    monkeypatch.setattr(worker_figures, "LEAST_SECONDS", 0.0)
    publisher.publish()
    assert numbers(output) == [2]


def test_a_store_that_fails_costs_a_look_only(
    output: OutputDirectory,
    publisher: FiguresPublisher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object) -> None:
        raise RunFailed("HTTP 503")

    monkeypatch.setattr(worker_figures, "LEAST_SECONDS", 0.0)
    workers = WorkerFigures(output, "run")
    publisher.publish()
    (before,) = workers.hosts(now=True)
    with monkeypatch.context() as fault:
        for name in ("write_bytes", "read_bytes", "remove_all"):
            fault.setattr(output, name, fails)
        publisher.publish()
        assert workers.hosts(now=True) == (before,)
        workers.remove()
    assert caplog.messages == [f"the figures of the workers in {output}/{FOLDER} were not removed: HTTP 503"]


def test_a_host_that_only_a_lost_process_used_has_no_state(
    output: OutputDirectory, publisher: FiguresPublisher
) -> None:
    now = [0.0]
    workers = WorkerFigures(output, "run", lambda: now[0])
    publisher.publish()
    assert [host.state for host in workers.hosts()] == ["circuit open"]
    now[0] = LOST_SECONDS + 1
    assert [(host.state, host.limit) for host in workers.hosts()] == [("healthy", 0)]


def test_all_steps_of_a_process_share_a_publisher_and_its_thread_ends(output: OutputDirectory) -> None:
    publisher = publisher_of(output.url, "shared", list)
    try:
        assert publisher_of(output.url, "shared", list) is publisher
    finally:
        publisher.close()
    assert not publisher._thread.is_alive()


def test_the_launcher_sees_what_processes_publish_and_a_lost_one_only_counts(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_figures, "LEAST_SECONDS", 0.0)
    now = [0.0]
    workers = WorkerFigures(output, "run", lambda: now[0])
    assert workers.hosts() == ()
    lives, dies = (FiguresPublisher(output, "run", lambda: [view()]) for _ in range(2))
    of_another_run = FiguresPublisher(output, "another", lambda: [view()])
    of_another_run.publish()
    of_another_run.close()
    for publisher in (lives, dies):
        publisher.publish()
    assert workers.hosts() == ()  # not looked at again yet
    now[0] = PUBLISH_SECONDS
    (host,) = workers.hosts()
    assert (host.in_flight, host.limit, host.traffic.answers) == (6, 8, 20)
    now[0] += LOST_SECONDS + 1
    lives.publish()
    (host,) = workers.hosts()
    assert (host.in_flight, host.limit, host.traffic.answers) == (3, 4, 20)
    for publisher in (lives, dies):
        publisher.close()
    workers.remove()
    assert output.names_in(FOLDER) == []


def test_a_process_publishes_by_itself(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_figures, "PUBLISH_SECONDS", 0.001)
    publisher = FiguresPublisher(output, "run", lambda: [view()])
    try:
        workers = WorkerFigures(output, "run")
        while not (hosts := workers.hosts(now=True)):
            pass
    finally:
        publisher.close()
    assert [host.url for host in hosts] == [view().url]
