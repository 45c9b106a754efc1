"""Loading, reloading and eviction of models: one load at a time, with a bounded queue."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.sandbox.errors import BUSY, Refusal, RunnerDied
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.slots import Slots

FOR_EVER_SECONDS = 292.0 * 365 * 86400
DEFAULT_KEEP_ALIVE_SECONDS = 300.0


class Launch(NamedTuple):
    """The parameters that a runner is started with. A request with different ones makes Ollama restart the runner."""

    num_ctx: int
    num_batch: int | None = None
    num_gpu: int | None = None
    main_gpu: int = 0
    use_mmap: bool | None = None
    num_thread: int = 0
    draft_num_predict: int = 0
    shift: bool = True


@dataclass(eq=False)
class Runner:
    """A loaded model. ``expires_at`` is the time.time() at which an idle one is unloaded."""

    model: str
    launch: Launch
    slots: Slots
    keep_alive_seconds: float = DEFAULT_KEEP_ALIVE_SECONDS
    users: int = 0
    expires_at: float = field(default_factory=lambda: time.time() + DEFAULT_KEEP_ALIVE_SECONDS)
    dead: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    working: set[asyncio.Future[None]] = field(default_factory=set)

    def enter(self) -> None:
        """Count one more request that uses the model."""
        self.users += 1
        self.idle.clear()

    def leave(self) -> None:
        """Count one request less. After the last one the keep-alive period begins."""
        self.users -= 1
        if not self.users:
            self.expires_at = time.time() + self.keep_alive_seconds
            self.idle.set()

    async def work(self, until: float) -> None:
        """Return when the event loop's clock reaches ``until``.

        Raises:
            RunnerDied: The runner crashed meanwhile.
        """
        loop = asyncio.get_running_loop()
        if self.dead:
            raise RunnerDied
        if until <= loop.time():
            return
        end: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(until, _finish, end)
        self.working.add(end)
        try:
            await end
        finally:
            timer.cancel()
            self.working.discard(end)

    def crash(self) -> None:
        """Fail every request that is served or queued with RunnerDied."""
        self.dead = True
        self.slots.fail(RunnerDied("waiting"))
        for end in self.working:
            if not end.done():
                end.set_exception(RunnerDied("working"))


class Scheduler:
    """The loaded models of one host. ``loads`` counts loads; ``reloads`` counts those that replaced the same model."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        self.runners: dict[str, Runner] = {}
        self.pending = 0
        self.loads = 0
        self.reloads = 0
        self._loading = asyncio.Lock()

    def loaded(self, model: str) -> Runner | None:
        """The runner of ``model``, or None if it is not loaded or its keep-alive has expired."""
        runner = self.runners.get(model)
        if runner is not None and (runner.dead or (not runner.users and time.time() >= runner.expires_at)):
            del self.runners[model]
            return None
        return runner

    async def runner_for(self, model: str, launch: Launch) -> Runner:
        """Enter and return the runner of ``model``, loading the model first unless it is loaded with ``launch``.

        Raises:
            Refusal: 503, more than ``max_queue`` requests wait for a load.
            asyncio.CancelledError: The client disconnected. Its load is abandoned; the next in the queue restarts it.
        """
        runner = self.loaded(model)
        if runner is None or runner.launch != launch:
            runner = await self._load(model, launch)
        runner.enter()
        return runner

    def unload(self, model: str) -> None:
        """Unload ``model``: at once if it is idle, otherwise after its last request."""
        runner = self.loaded(model)
        if runner is not None:
            runner.keep_alive_seconds = 0.0
            if not runner.users:
                del self.runners[model]

    def unload_all(self) -> None:
        """Unload every model."""
        for model in list(self.runners):
            self.unload(model)

    def crash(self, runner: Runner) -> None:
        """Simulate the death of ``runner``'s process. The next request reloads the model."""
        runner.crash()
        if self.runners.get(runner.model) is runner:
            del self.runners[runner.model]

    def change_settings(self, settings: HostSettings) -> None:
        """Apply new settings. The slots of loaded models change at once."""
        self.settings = settings
        now = asyncio.get_running_loop().time()
        for runner in self.runners.values():
            if runner.slots.size != settings.num_parallel:
                runner.slots.resize(settings.num_parallel, now)

    async def _load(self, model: str, launch: Launch) -> Runner:
        # One request is being loaded; the queue holds max_queue more.
        if self.pending > self.settings.max_queue:
            raise Refusal(503, BUSY)
        self.pending += 1
        try:
            async with self._loading:
                runner = self.loaded(model)
                if runner is not None and runner.launch == launch:
                    return runner
                await self._make_room(model)
                if self.settings.load_seconds:
                    await asyncio.sleep(self.settings.load_seconds)
                self.reloads += runner is not None
                self.loads += 1
                runner = self.runners[model] = Runner(model, launch, Slots(self.settings.num_parallel))
                return runner
        finally:
            self.pending -= 1

    async def _make_room(self, model: str) -> None:
        """Drain and unload the same model or, if too many are loaded, the one with the shortest keep-alive, idle ones
        first. Requests for other models are admitted meanwhile.
        """
        while True:
            victim = self.loaded(model)
            if victim is None:
                runners = [runner for name in list(self.runners) if (runner := self.loaded(name)) is not None]
                if len(runners) < self.settings.max_loaded_models:
                    return
                victim = min(
                    runners, key=lambda runner: (runner.users > 0, runner.keep_alive_seconds, runner.expires_at)
                )
            if not victim.users:
                del self.runners[victim.model]
                continue
            await victim.idle.wait()


def _finish(end: asyncio.Future[None]) -> None:
    if not end.done():
        end.set_result(None)
