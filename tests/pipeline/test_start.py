"""What a process does before and after its runs."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from pipeline import start as starting
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.sandbox.settings import HostSettings
from pipeline.signals import CleanStop, StopRequested
from pipeline.start import start
from transforms.errors import RunFailed
from transforms.fleet.addresses import parse_hosts

RunOnce = Callable[[RunOptions, CleanStop], ExitCode]
HOSTS = parse_hosts("gpu0")


@pytest.fixture(autouse=True)
def _limits_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("use_one_arena", "allow_open_files"):
        monkeypatch.setattr(starting, name, lambda: None)


def options(**changes: object) -> RunOptions:
    return RunOptions(input=("in",), output="out", **{"hosts": HOSTS, **changes})  # type: ignore[arg-type]


def run_with(monkeypatch: pytest.MonkeyPatch, run_once: RunOnce, **changes: object) -> ExitCode:
    monkeypatch.setattr(starting, "run_once", run_once)
    return start(options(**changes))


def test_the_code_of_the_run_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[RunOptions] = []

    def run_once(given: RunOptions, stop: CleanStop) -> ExitCode:
        seen.append(given)
        return ExitCode.TOO_MANY_FAILED

    assert run_with(monkeypatch, run_once) == ExitCode.TOO_MANY_FAILED
    assert seen == [options()]


def test_watching_gets_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[RunOptions, float]] = []

    def watch(given: RunOptions, seconds: float, stop: CleanStop) -> ExitCode:
        seen.append((given, seconds))
        return ExitCode.TERMINATED

    monkeypatch.setattr(starting, "watch", watch)
    assert start(options(watch=5.0)) == ExitCode.TERMINATED
    assert seen == [(options(watch=5.0), 5.0)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_without_an_engine_is_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    def run_once(given: RunOptions, stop: CleanStop) -> ExitCode:
        signal.raise_signal(number)
        raise AssertionError("the signal stops the run")

    monkeypatch.setattr("pipeline.signals._enforce", lambda reader: None)  # it would end this process, too
    assert run_with(monkeypatch, run_once) == code


def test_an_error_of_a_library_after_a_signal_is_the_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_once(given: RunOptions, stop: CleanStop) -> ExitCode:
        try:
            signal.raise_signal(signal.SIGTERM)
        except StopRequested:
            raise RunFailed("the reader was interrupted") from None
        raise AssertionError("the signal stops the run")

    monkeypatch.setattr("pipeline.signals._enforce", lambda reader: None)
    assert run_with(monkeypatch, run_once) == ExitCode.TERMINATED


def test_an_error_without_a_signal_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_once(given: RunOptions, stop: CleanStop) -> ExitCode:
        raise RunFailed("the disk is full")

    with pytest.raises(RunFailed, match="the disk is full"):
        run_with(monkeypatch, run_once)


class FakeHost:
    """Stands for a simulated host's process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_simulated_hosts_live_as_long_as_the_run_and_their_model_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = [FakeHost("http://127.0.0.1:1001"), FakeHost("http://127.0.0.1:1002")]
    started: list[tuple[int, tuple[str, ...]]] = []

    def start_processes(number: int, settings: HostSettings) -> list[FakeHost]:
        started.append((number, settings.models))
        return hosts

    def run_once(given: RunOptions, stop: CleanStop) -> ExitCode:
        assert [host.url for host in given.hosts] == [host.url for host in hosts]
        assert (given.model, given.fallback_model) == ("simulated-mistral", "simulated-qwen3:8b")
        assert not any(host.closed for host in hosts)
        raise RunFailed("the disk is full")

    monkeypatch.setattr(starting, "start_processes", start_processes)
    with pytest.raises(RunFailed):
        run_with(monkeypatch, run_once, sandbox=2, hosts=(), fallback_model="qwen3:8b")
    assert started == [(2, ("simulated-mistral:latest", "simulated-qwen3:8b"))]
    assert all(host.closed for host in hosts)
    assert "NOT REAL" in caplog.text
