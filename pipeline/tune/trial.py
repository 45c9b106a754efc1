"""One trial: start the servers of a layout, load the model, measure under steady load, and stop the servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline.tune.layouts import Layout
from pipeline.tune.load import SteadyLoad, Throughput, load_model
from pipeline.tune.machine import MachineWatch, MemoryShort
from pipeline.tune.servers import Server, ServerFailed, running
from pipeline.tune.texts import Sample
from transforms.errors import RunFailed
from transforms.fleet.faults import RequestFailed
from transforms.fleet.host.admission import eligible, inspect
from transforms.fleet.host.advice import WHOLE_SHARE
from transforms.fleet.http.listings import LoadedModel
from transforms.fleet.model_names import model_key
from transforms.time_limits import limited

MOST_FAILED_SHARE = 0.1
"""A layout that fails a larger share of requests is not proposed."""

T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """What one layout did.

    Attributes:
        layout: The layout.
        throughput: What it completed; None if it could not be measured.
        problem: Why it could not be measured, or why it is not proposed; empty if there is no problem.
        version: Ollama's version; empty if unknown.
        loaded: The model in memory, the sum over all servers; None if unknown.
        load_seconds: Duration of the load; None if the model did not load.
        gpu_bytes: GPU memory that the trial took, as the driver sees it; None if unknown.
        busy_percent: Mean use of each GPU under load, by its number.
    """

    layout: Layout
    throughput: Throughput | None = None
    problem: str = ""
    version: str = ""
    loaded: LoadedModel | None = None
    load_seconds: float | None = None
    gpu_bytes: int | None = None
    busy_percent: Mapping[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Rows per second; 0 if there is a problem."""
        return 0.0 if self.throughput is None or self.problem else self.throughput.rows_per_second

    @property
    def partly_on_cpu(self) -> bool:
        """Whether some of the model is on the CPU though it could be on GPUs."""
        if self.loaded is None:
            return False
        expects_gpu = any(self.layout.servers) or self.loaded.vram_bytes > 0
        return expects_gpu and self.loaded.vram_share < WHOLE_SHARE

    @property
    def fits(self) -> bool:
        """Whether it worked, with the whole model where it belongs."""
        return self.rate > 0 and not self.partly_on_cpu


@dataclass(frozen=True)
class TrialSettings:
    """What all trials have in common.

    Attributes:
        ollama: Path of the command.
        sample: The requests.
        window_seconds: Length of the measured window.
        request_timeout: Time limit for the load of the model, and for each request, in seconds.
        trial_seconds: Time limit for load and measurement together.
    """

    ollama: str
    sample: Sample
    window_seconds: float
    request_timeout: float
    trial_seconds: float


async def attempt(layout: Layout, settings: TrialSettings) -> Trial:
    """Try a layout. A layout that does not work is a trial with a problem.

    Raises:
        UsageError: The command can't be started.
        RunFailed: The servers lack the model, so that no layout would work.
    """
    watch = MachineWatch()
    trial = _Attempt(layout, settings, watch)
    try:
        async with running(settings.ollama, layout, os.environ) as servers:
            return await limited(_while_watched(watch, trial.measured(servers)), settings.trial_seconds)
    except asyncio.TimeoutError:
        return trial.failed(f"too slow: not measured within {settings.trial_seconds:.0f} s, a part of --tune_seconds")
    except (ServerFailed, RequestFailed, MemoryShort) as error:
        return trial.failed(str(error))


async def _while_watched(watch: MachineWatch, work: Coroutine[None, None, T]) -> T:
    """Await ``work`` as long as the machine has memory left."""
    working, watching = asyncio.ensure_future(work), asyncio.create_task(watch.watch())
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


@dataclass
class _Attempt:
    layout: Layout
    settings: TrialSettings
    watch: MachineWatch
    version: str = ""
    loaded: LoadedModel | None = None
    load_seconds: float | None = None

    async def measured(self, servers: list[Server]) -> Trial:
        """Load the model everywhere, and measure.

        Raises:
            RequestFailed: A model did not load, or requests fail.
            ServerFailed: A server ended.
            RunFailed: The servers lack the model.
        """
        await self._check_model(servers[0])
        clock = asyncio.get_running_loop().time
        began = clock()
        await asyncio.gather(
            *(load_model(server.client, self.settings.sample, self.settings.request_timeout) for server in servers)
        )
        self.load_seconds = clock() - began
        self.loaded = _sum([await self._loaded(server) for server in servers])
        # One more than there are slots, so that no slot waits for the next request.
        load = SteadyLoad(
            [server.client for server in servers],
            [self.layout.num_parallel + 1] * len(servers),
            self.settings.sample,
            self.settings.request_timeout,
        )
        try:
            throughput = await load.measure(self.settings.window_seconds, self.watch.begin)
        finally:
            for server in servers:
                server.check()  # why it ended says more than how its requests failed
        return self._trial(throughput, too_many_failed(throughput))

    def failed(self, problem: str) -> Trial:
        """The trial of a layout that could not be measured."""
        return self._trial(None, problem)

    def _trial(self, throughput: Throughput | None, problem: str) -> Trial:
        return Trial(
            layout=self.layout,
            throughput=throughput,
            problem=problem,
            version=self.version,
            loaded=self.loaded,
            load_seconds=self.load_seconds,
            gpu_bytes=self.watch.used_bytes,
            busy_percent=self.watch.busy_percent(),
        )

    async def _check_model(self, server: Server) -> None:
        report = await inspect(server.client)
        self.version = report.version
        problems = {} if report.problem else eligible(report, [self.settings.sample.model], {}).problems
        for problem, _ in problems.values():
            raise RunFailed(
                f"{problem}. If another Ollama of this machine has it, name its store in OLLAMA_MODELS (a service's is "
                "often /usr/share/ollama/.ollama/models)"
            )

    async def _loaded(self, server: Server) -> LoadedModel | None:
        key = model_key(self.settings.sample.model)
        return next((model for model in await server.client.loaded() if model_key(model.name) == key), None)


def _sum(models: list[LoadedModel | None]) -> LoadedModel | None:
    """The models of several servers as one; None if one is unknown."""
    known = [model for model in models if model is not None]
    if len(known) < len(models):
        return None
    return LoadedModel(
        known[0].name,
        sum(model.size_bytes for model in known),
        sum(model.vram_bytes for model in known),
        known[0].context_length,
    )


def too_many_failed(throughput: Throughput) -> str:
    """Say how many requests failed, if they are too many; else return an empty text."""
    failed = sum(throughput.failures.values())
    if failed <= MOST_FAILED_SHARE * (failed + throughput.answers):
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in throughput.failures.items())
    return f"{failed} of {failed + throughput.answers} requests failed: {kinds}"
