from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from transforms.fleet.host_state import HostView
from transforms.fleet.traffic import Traffic
from transforms.sink import worker_figures
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.worker_figures import (
    FOLDER,
    LOST_SECONDS,
    PUBLISH_SECONDS,
    FiguresPublisher,
    WorkerFigures,
    from_bytes,
    merged,
    to_bytes,
)

GPU0, GPU1 = "http://gpu0:11434", "http://gpu1:11434"


def view(url: str = GPU0, state: str = "healthy", in_flight: int = 3, answers: int = 10) -> HostView:
    traffic = Traffic(answers=answers, output_tokens=50 * answers, failures=Counter(busy=1), latency_seconds=2.5)
    traffic.latencies[3] = answers
    traffic.recent_seconds.extend([0.25] * answers)
    return HostView(url, state, in_flight, 4, "mistral:latest", traffic, 0.5, 120.0)


@pytest.fixture
def output(tmp_path: Path) -> OutputDirectory:
    output = OutputDirectory(str(tmp_path))
    output.prepare()
    return output


def test_figures_survive_the_way_without_reasons_that_may_quote_a_host() -> None:
    (host,) = from_bytes(to_bytes([view(state="circuit open: 500 La vanne")], 1))
    assert host.state == "circuit open"
    assert (host.in_flight, host.limit, host.model, host.vram_share) == (3, 4, "mistral:latest", 0.5)
    assert host.traffic == view().traffic or vars(host.traffic) == vars(view().traffic)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hosts": [1]}', b'{"hosts": [{"url": "x"}]}'])
def test_content_of_another_kind_is_no_host(content: bytes) -> None:
    assert from_bytes(content) == ()


def test_hosts_of_several_processes_are_added_up() -> None:
    first, second = merged([view(answers=10), view(GPU1, answers=1), view(state="circuit open", answers=5)])
    assert (first.url, first.state, first.in_flight, first.limit) == (GPU0, "healthy", 6, 8)
    assert (first.traffic.answers, first.traffic.failures, first.traffic.latencies[3]) == (15, {"busy": 2}, 15)
    assert first.characters_in_progress == 240.0
    assert (second.url, second.traffic.answers) == (GPU1, 1)


def test_the_launcher_sees_what_processes_publish_and_a_lost_one_only_counts(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_figures, "LEAST_SECONDS", 0.0)
    now = [0.0]
    workers = WorkerFigures(output, "run", lambda: now[0])
    assert workers.hosts() == ()
    lives, dies = (FiguresPublisher(output, "run", lambda: [view()]) for _ in range(2))
    FiguresPublisher(output, "another", lambda: [view()]).close()
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
