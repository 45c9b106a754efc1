"""Fixtures for all tests.

sandbox_host    starts simulated Ollama hosts: real HTTP, in threads of the test process, closed after the test
output          a new output directory on the local disk

Property tests use the same examples in every run, so that only a change to the code can make a test fail. To search
for new counterexamples, run ``pytest --hypothesis-profile=hunt``.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings as hypothesis_settings

from pipeline.sandbox.running import SandboxProcess, SandboxThread
from pipeline.sandbox.settings import HostSettings
from tests.pipeline.console.restored_logging import restored_logging
from transforms.sink.output_directory import OutputDirectory

ROOT = Path(__file__).parents[1]

hypothesis_settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis_settings.register_profile("hunt", max_examples=2000, deadline=None)
hypothesis_settings.load_profile("steady")

YOUNG_OBJECTS = 50_000
"""Objects after which garbage is collected: collecting the tests makes 400,000 that stay, and visits them each time."""

gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def pytest_collection_finish() -> None:
    """Leave the tests and all that is imported out of garbage collection."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the translation memories of remote outputs out of the user's cache directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a command that runs in this process does to logging, whose levels would hide other tests' messages."""
    with restored_logging():
        yield


class MakeHost(Protocol):
    """Start a host with fields of ``HostSettings``: ``sandbox_host(num_parallel=2, faults=["busy_503"])``."""

    def __call__(self, **settings: Any) -> SandboxThread: ...


@pytest.fixture
def sandbox_host() -> Iterator[MakeHost]:
    """Each call starts another host: ``.url``, ``.control(**changes)``, ``.stats(with_requests=False)``."""
    with ExitStack() as hosts:

        def make(**settings: Any) -> SandboxThread:
            return hosts.enter_context(SandboxThread(HostSettings().changed(settings)))

        yield make


@pytest.fixture
def output(tmp_path: Path) -> OutputDirectory:
    """A new output on the local disk."""
    made = OutputDirectory(str(tmp_path / "out"))
    made.prepare()
    return made


@pytest.fixture
def engine_hosts() -> Iterator[list[SandboxProcess]]:
    """Yield three simulated hosts with 4, 4 and 2 slots."""
    with ExitStack() as running:
        yield [
            running.enter_context(SandboxProcess(HostSettings(num_parallel=slots, tokens_per_second=400.0)))
            for slots in (4, 4, 2)
        ]


FIXTURE_SECONDS = 120.0
"""Limit for all fixtures of a test to be set up, and again to be torn down."""

ENGINE_FIXTURE_SECONDS = 300.0
"""The same for tests on real engines, which take a while to start."""


@contextmanager
def _limited(phase: str, item: pytest.Item) -> Iterator[None]:
    """Fail a phase that hangs.

    pytest-timeout would time the phases too, but also pytest's own reporting between them, where a timeout is an
    internal error that ends the session without a list of failures. With ``timeout_func_only`` it times the test
    function alone.
    """

    seconds = FIXTURE_SECONDS if item.get_closest_marker("engines") is None else ENGINE_FIXTURE_SECONDS

    def expire(*_: object) -> None:
        pytest.fail(f"{phase} took more than {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    with _limited("fixture setup", item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    with _limited("fixture teardown", item):
        yield
