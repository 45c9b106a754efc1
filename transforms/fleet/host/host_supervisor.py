"""Brings one host into the fleet, loads its model, and checks it again when something has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from transforms.errors import RunFailed
from transforms.fleet.faults import CONFIGURATION, Failure, RequestFailed
from transforms.fleet.host.admission import HostReport, eligible, inspect
from transforms.fleet.host.advice import about_loaded
from transforms.fleet.host.host_state import HostState
from transforms.fleet.http.client import HostClient
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.fleet.tasks import report_failure
from transforms.time_limits import limited

LOG = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
MISSING_MODEL_RETRY_SECONDS = 30.0
PATROL_SECONDS = 60.0

MAX_LOADS = 3
"""Attempts to load a model, after which the host is asked for its other models only."""


class OtherHosts(Protocol):
    """What a supervisor asks about the other hosts of the run."""

    async def same_content(self, client: HostClient, model: str, digest: str) -> bool:
        """Whether a host's model equals that of another host with ``digest``, under a digest of its own."""

    async def twin(self, url: str) -> str:
        """The URL of another host that is the same server; empty if there is none."""


class HostSupervisor:
    """Checks one host, loads its model, watches it, and starts again when something has changed.

    Args:
        client: Talks to the host.
        host: Its state. The supervisor sets ``out``, ``failure``, ``ready``, ``digests``, ``model`` and ``unverified``.
        settings: Of the run.
        digests: The digest that each model must have, by its key; shared by all hosts, and added to.
        others: The other hosts of the run.
        changed: Called after each change of the state.
        refuse: Called with the reason why the run cannot continue.
    """

    def __init__(
        self,
        client: HostClient,
        host: HostState,
        settings: FleetSettings,
        digests: dict[str, str],
        others: OtherHosts,
        changed: Callable[[], None],
        refuse: Callable[[BaseException], None],
    ) -> None:
        self.client = client
        self._host = host
        self._settings = settings
        self._digests = digests
        self._others = others
        self._changed = changed
        self._refuse = refuse
        self._check_requested = asyncio.Event()
        self._warned: set[str] = set()
        self._model_not_found = False
        self._failed_loads = 0
        self._verifying = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts, or starts again after ``stop``; inside the loop."""
        self._host.out, self._host.failure, self._host.ready = None, None, False
        if not self._settings.any_model:
            self._host.model = model_key(self._settings.model)
        self._task = report_failure(asyncio.get_running_loop().create_task(self._supervise()), self._refuse)

    def model_not_found(self) -> None:
        """Excludes the host until it was checked again, as it does not find a model that it has listed."""
        self._model_not_found = True
        self._request_check()

    def _request_check(self) -> None:
        self._host.ready = False
        self._check_requested.set()

    def change_model(self, model: str) -> None:
        """Lets an idle host load another model."""
        LOG.info("%s changes from %s to %s", self._host.url, self._host.model or "no model", model)
        self._host.model = model
        self._request_check()

    def exclude(self, reason: str) -> None:
        """Excludes the host for the rest of the run."""
        self.stop()
        self._host.out, self._host.ready = reason, False
        LOG.warning("%s excluded: %s", self._host.url, reason)
        self._changed()

    def stop(self) -> None:
        """Stops at once."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Stops and closes the connections."""
        self.stop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()

    async def verify(self) -> None:
        """Checks the digest of the model again, if the host was away: another server, or another model, may answer now.

        Raises:
            RequestFailed: If the host does not answer, or its model is not the run's any more.
        """
        async with self._verifying:
            host = self._host
            if not host.unverified:
                return
            report = await inspect(self.client)
            if report.problem:
                raise RequestFailed(report.failure or Failure.UNEXPECTED_ANSWER, report.problem, host.url)
            problems = await self._take_stock(report)
            if host.model and not host.has(host.model):
                problem, _ = problems.get(host.model, ("its model is gone", None))
                raise RequestFailed(Failure.MODEL_MISSING, problem, host.url)
            host.unverified = False
            await self._look_at_loaded()

    async def _supervise(self) -> None:
        host, pause_seconds = self._host, FIRST_RETRY_SECONDS
        while True:
            self._check_requested.clear()
            self._model_not_found = False
            problem, failure = await self._admit()
            if not problem:
                if host.out is not None:
                    LOG.info("%s joined", host.url)
                host.out, host.failure, host.ready, host.unverified = None, None, True, False
                admitted_at = monotonic()
                self._changed()
                await self._watch()
                if self._model_not_found and host.last_answer_at < admitted_at:
                    await asyncio.sleep(pause_seconds)
                    pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)
                else:
                    pause_seconds = FIRST_RETRY_SECONDS
                continue
            if problem != host.out:
                LOG.warning("%s excluded: %s", host.url, problem)
            host.out, host.failure, host.ready = problem, failure, False
            self._changed()
            waits_for_person = failure in (None, Failure.MODEL_MISSING) or failure in CONFIGURATION
            await asyncio.sleep(MISSING_MODEL_RETRY_SECONDS if waits_for_person else pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)

    async def _admit(self) -> tuple[str, Failure | None]:
        """Why the host cannot take part, empty if it can: it has the right model, and the model loads."""
        host = self._host
        if not self._settings.use_proxy and (twin := await self._others.twin(host.url)):
            return f"it is the same server as {twin}, which gets its requests; name it once", None
        report = await inspect(self.client)
        if report.problem:
            return report.problem, report.failure
        problems = await self._take_stock(report)
        if not host.digests:
            return next(iter(problems.values()), ("the host has no model", Failure.MODEL_MISSING))
        if host.model not in host.digests:
            if not self._settings.any_model and self._settings.fallback_model is None:
                return problems[host.model]
            host.model = ""
        for text, _ in problems.values():
            self._warn(f"{host.url}: {text}")
        if not host.model:
            return "", None
        problem, failure = await self._load(host.model)
        failed = failure in (Failure.SERVER_ERROR, Failure.MODEL_CRASHED)
        self._failed_loads = self._failed_loads + 1 if failed else 0
        if self._gives_up(failure):
            self._warn(f"{host.url} can't load {host.model}: {problem}")
            host.digests = {key: digest for key, digest in host.digests.items() if key != host.model}
            host.model, self._failed_loads = "", 0
            return "", None
        if failure is Failure.INVALID_OPTIONS:
            self._refuse(RunFailed(f"{host.url} refuses every request like this: {problem}"))
        return problem, failure

    def _gives_up(self, failure: Failure | None) -> bool:
        """Whether the host is no longer asked for the model that it failed to load.

        Never if it is the run's own model, as its texts wait for it.
        """
        settings, host = self._settings, self._host
        if not settings.any_model and host.model == model_key(settings.model):
            return False
        if failure is Failure.INVALID_OPTIONS:  # such as an embedding model that a row names
            return True
        return self._failed_loads >= MAX_LOADS and len(host.digests or ()) > 1

    async def _take_stock(self, report: HostReport) -> dict[str, tuple[str, Failure | None]]:
        """Notes the models that the host may be asked for; returns the problems with the others."""
        settings = self._settings
        models = [model for model in (settings.model, settings.fallback_model) if model is not None]
        wanted = None if settings.any_model else models
        expected = {} if settings.allow_mixed_digests else self._digests
        found = eligible(report, wanted, expected)
        differing = [key for key, (_, failure) in found.problems.items() if failure is None]
        if same := [key for key in differing if await self._others.same_content(self.client, key, expected[key])]:
            found = eligible(report, wanted, {key: digest for key, digest in expected.items() if key not in same})
        for key, digest in found.digests.items():
            self._digests.setdefault(key, digest)
        self._host.digests = found.digests
        return dict(found.problems)

    async def _load(self, key: str) -> tuple[str, Failure | None]:
        settings = self._settings
        model = settings.model if key == model_key(settings.model) else key
        began = monotonic()
        try:
            loading = self.client.load(model, settings.options, settings.keep_alive)
            await limited(loading, settings.request_timeout_seconds)
        except RequestFailed as failed:
            return str(failed), failed.failure
        except asyncio.TimeoutError:
            seconds = settings.request_timeout_seconds
            return f"the model did not load within {seconds:.0f} s (--request_timeout)", Failure.TIMEOUT
        self._host.served.load_seconds = monotonic() - began
        await self._look_at_loaded()
        return "", None

    async def _look_at_loaded(self) -> None:
        """Warns of what is wrong with the loaded model, of each thing once."""
        try:
            loaded = await self.client.loaded()
        except RequestFailed as failed:
            # Only a generate call proves a host's health: a proxy may hide this endpoint.
            LOG.debug("%s does not list its loaded models: %s", self._host.url, failed)
            return
        for model in loaded:
            if model_key(model.name) == self._host.model:
                self._host.vram_share = model.vram_share if model.size_bytes else None
                for sentence in about_loaded(model, self._settings.options["num_ctx"]):
                    self._warn(f"{self._host.url}: {sentence}")

    def _warn(self, sentence: str) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            LOG.warning("%s", sentence)

    async def _watch(self) -> None:
        """Returns when the host has to be checked again."""
        while True:
            try:
                await limited(self._check_requested.wait(), PATROL_SECONDS)
                return
            except asyncio.TimeoutError:
                if await self._has_changed():
                    self._host.ready = False
                    return

    async def _has_changed(self) -> bool:
        """Whether the host has another model under the same name now."""
        report = await inspect(self.client)
        if report.problem:
            return False  # only a generate call proves health, good or bad
        before = dict(self._host.digests or {})
        await self._take_stock(report)
        if self._host.digests != before:
            self._changed()  # texts that wait for another model may be served or rejected now
        await self._look_at_loaded()
        model = self._host.model
        return bool(model) and (self._host.digests or {}).get(model) != before.get(model)
