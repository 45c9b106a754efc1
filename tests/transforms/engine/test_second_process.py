from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from operator import truediv
from pathlib import Path
from typing import Any

import pytest
import uvloop

from transforms.engine import second_process
from transforms.engine.large_texts import LARGE_CHARS
from transforms.engine.second_process import MOST_WAITING, SecondProcess

SECONDS = 20


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in an event loop as the engine has it."""
    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(test())
    finally:
        loop.close()


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition does not come true"
        await asyncio.sleep(0.01)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is started at once, however idle the loop is."""
    monkeypatch.setattr(second_process, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(second_process, "BUSY_SHARE", 0.0)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[SecondProcess, int]]:
    """A process that answers, and its identifier."""
    second = SecondProcess(enabled=True)
    try:
        await until(lambda: second.running)
        pid = await second.call(1, os.getpid)
        assert pid != os.getpid()
        yield second, pid
    finally:
        await second.close()


def ends_elsewhere(pid: int) -> str:
    """Ends the process, unless it is the one with the given identifier."""
    if os.getpid() != pid:
        os._exit(1)
    return "here"


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_calls_are_made_here_while_the_loop_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "LOOK_SECONDS", 0.01)

    async def test() -> None:
        second = SecondProcess(enabled=True)
        await asyncio.sleep(0.2)
        assert not second.running
        assert await second.call(1, os.getpid) == os.getpid()
        await second.close()

    run(test)


def test_a_busy_loop_gets_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(second_process, "BUSY_SHARE", 0.1)  # other tests may use the cores, too

    async def test() -> None:
        second = SecondProcess(enabled=True)
        deadline = time.monotonic() + SECONDS
        while not second.running and time.monotonic() < deadline:
            for _ in range(1000):
                sorted(range(1000))
            await asyncio.sleep(0)
        assert await second.call(1, os.getpid) != os.getpid()
        await second.close()

    run(test)


@pytest.mark.usefixtures("at_once")
def test_no_process_is_started_where_none_may_help() -> None:
    async def test() -> None:
        second = SecondProcess(enabled=False)
        await asyncio.sleep(0.1)
        assert not second.running
        await second.close()

    run(test)


@pytest.mark.usefixtures("at_once")
def test_the_process_is_another_one_and_ends_with_the_engine() -> None:
    async def test() -> None:
        async with running() as (_, pid):
            assert pid != os.getpid()
        assert not exists(pid)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_each_call_gets_its_own_result_wherever_it_is_made() -> None:
    async def test() -> None:
        async with running() as (second, pid):
            numbers = range(10 * MOST_WAITING)
            results = await asyncio.gather(*(second.call(1, divmod, number, 7) for number in numbers))
            assert results == [divmod(number, 7) for number in numbers]
            pids = await asyncio.gather(*(second.call(1, os.getpid) for _ in numbers))
            assert set(pids) == {pid, os.getpid()}, "calls that find no room are made here"

    run(test)


@pytest.mark.usefixtures("at_once")
def test_an_error_reaches_the_caller_and_the_process_goes_on() -> None:
    async def test() -> None:
        async with running() as (second, pid):
            with pytest.raises(ZeroDivisionError):
                await second.call(1, truediv, 1, 0)
            assert await second.call(1, os.getpid) == pid

    run(test)


@pytest.mark.usefixtures("at_once")
def test_calls_are_made_here_once_the_process_has_died() -> None:
    async def test() -> None:
        async with running() as (second, _):
            calls: list[Awaitable[str]] = [second.call(1, ends_elsewhere, os.getpid()) for _ in range(5)]
            assert await asyncio.gather(*calls) == ["here"] * 5
            assert not second.running
            assert await second.call(1, os.getpid) == os.getpid()

    run(test)


@pytest.mark.usefixtures("at_once")
def test_calls_are_made_here_if_no_process_can_be_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    async def test() -> None:
        second = SecondProcess(enabled=True)
        await until(lambda: "cannot start a second process" in caplog.text)
        assert not second.running
        assert await second.call(1, os.getpid) == os.getpid()
        await second.close()

    run(test)


@pytest.mark.usefixtures("at_once")
def test_calls_are_made_here_if_the_process_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with running() as (second, pid):
            monkeypatch.setattr(second_process, "STUCK_SECONDS", 0.1)  # now that it has started
            os.kill(pid, signal.SIGSTOP)
            assert await asyncio.wait_for(second.call(1, os.getpid), SECONDS) == os.getpid()
        assert not exists(pid)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_a_cancelled_call_leaves_the_others_alone() -> None:
    async def test() -> None:
        async with running() as (second, _):
            first, other = (asyncio.ensure_future(second.call(1, abs, number)) for number in (-1, -2))
            await asyncio.sleep(0)
            first.cancel()
            assert await other == 2

    run(test)


@pytest.mark.usefixtures("at_once")
def test_large_texts_stay_here() -> None:
    async def test() -> None:
        async with running() as (second, _):
            assert await second.call(LARGE_CHARS + 1, os.getpid) == os.getpid()

    run(test)


@pytest.mark.usefixtures("at_once")
def test_a_signal_to_the_whole_group_leaves_the_process_to_the_engine() -> None:
    async def test() -> None:
        async with running() as (second, pid):
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
            assert await second.call(1, os.getpid) == pid

    run(test)


def test_the_process_ends_when_the_engines_process_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "engine.py"
    script.write_text(
        "import asyncio, os\n"
        "from transforms.engine import second_process\n"
        "second_process.LOOK_SECONDS, second_process.BUSY_SHARE = 0.01, 0.0\n"
        "async def main():\n"
        "    second = second_process.SecondProcess(enabled=True)\n"
        "    while not second.running:\n"
        "        await asyncio.sleep(0.01)\n"
        "    print(await second.call(1, os.getpid), flush=True)\n"
        "    await asyncio.sleep(100)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(second_process.__file__).parents[2])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert exists(pid)
        process.kill()
    deadline = time.monotonic() + SECONDS
    while exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
