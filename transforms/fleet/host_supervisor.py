"""Brings one host into the fleet, loads its model, and keeps an eye on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from transforms.errors import RunFailed
from transforms.fleet.admission import HostReport, eligible, inspect
from transforms.fleet.advice import about_loaded
from transforms.fleet.client import HostClient
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host_state import HostState
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.fleet.tasks import told

LOG = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
MISSING_MODEL_RETRY_SECONDS = 30.0
PATROL_SECONDS = 60.0

LOAD_TRIES = 3
"""Of a model that the host fails to load, before it is asked for its other models only."""


class HostSupervisor:
    """The life of one host: asked what it has, its model loaded, watched, and asked again when something changed.

    Args:
        client: Talks to it.
        host: Its state, which is kept up to date here: ``out``, ``ready``, ``digests`` and ``model``.
        settings: Of the run.
        digests: The digest that each model must have, by its key; shared by all hosts, and added to.
        changed: Called after each change of the state.
        refuse: Called with the reason why the run can't go on: the host refuses a request that every host would refuse,
            or there is a mistake in here.
    """

    def __init__(
        self,
        client: HostClient,
        host: HostState,
        settings: FleetSettings,
        digests: dict[str, str],
        changed: Callable[[], None],
        refuse: Callable[[BaseException], None],
    ) -> None:
        self.client = client
        self._host = host
        self._settings = settings
        self._digests = digests
        self._changed = changed
        self._refuse = refuse
        self._again = asyncio.Event()
        self._told: set[str] = set()
        self._refused = False
        self._failed_loads = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, or begins again after ``stop``; inside the loop."""
        self._host.out, self._host.ready = None, False
        if not self._settings.any_model:
            self._host.model = model_key(self._settings.model)
        self._task = told(asyncio.get_running_loop().create_task(self._keep()), self._refuse)

    def refused(self) -> None:
        """Takes the host out until it was checked again: it does not find the model that it has said it has."""
        self._refused = True
        self._check_again()

    def _check_again(self) -> None:
        self._host.ready = False
        self._again.set()

    def change_model(self, model: str) -> None:
        """Lets an idle host load another model."""
        LOG.info("%s changes from %s to %s", self._host.url, self._host.model or "no model", model)
        self._host.model = model
        self._check_again()

    def stop(self) -> None:
        """Ends it at once."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Ends it and closes the connections."""
        self.stop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()

    async def _keep(self) -> None:
        host, pause_seconds = self._host, FIRST_RETRY_SECONDS
        while True:
            self._again.clear()
            self._refused = False
            problem, failure = await self._admit()
            if not problem:
                if host.out is not None:
                    LOG.info("%s takes part now", host.url)
                host.out, host.ready = None, True
                admitted_at = asyncio.get_running_loop().time()
                self._changed()
                await self._watch()
                if self._refused and host.last_answer_at < admitted_at:
                    await asyncio.sleep(pause_seconds)
                    pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)
                else:
                    pause_seconds = FIRST_RETRY_SECONDS
                continue
            if problem != host.out:
                LOG.warning("%s is left out: %s", host.url, problem)
            host.out, host.ready = problem, False
            self._changed()
            waits_for_person = failure in (None, Failure.MODEL_MISSING, Failure.FORBIDDEN)
            await asyncio.sleep(MISSING_MODEL_RETRY_SECONDS if waits_for_person else pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)

    async def _admit(self) -> tuple[str, Failure | None]:
        """Why the host can't take part, empty if it can: a model is there, the right one, and loads."""
        host = self._host
        report = await inspect(self.client)
        if report.problem:
            return report.problem, report.failure
        problems = self._take_stock(report)
        if not host.digests:
            return next(iter(problems.values()), ("it has no model at all", Failure.MODEL_MISSING))
        if host.model not in host.digests:
            if not self._settings.any_model and self._settings.fallback_model is None:
                return problems[host.model]
            host.model = ""
        for text, _ in problems.values():
            self._tell(f"{host.url}: {text}")
        if not host.model:
            return "", None
        problem, failure = await self._load(host.model)
        self._failed_loads = self._failed_loads + 1 if failure in (Failure.SERVER_ERROR, Failure.MODEL_CRASHED) else 0
        if self._gives_up(failure):
            self._tell(f"{host.url} can't load {host.model}: {problem}")
            host.digests = {key: digest for key, digest in host.digests.items() if key != host.model}
            host.model, self._failed_loads = "", 0
            return "", None
        if failure is Failure.INVALID_OPTIONS:
            self._refuse(RunFailed(f"{host.url} refuses every request like this: {problem}"))
        return problem, failure

    def _gives_up(self, failure: Failure | None) -> bool:
        """Whether the host is not to be asked for the model any more that it failed to load.

        Never if it is the run's own: its rows wait for it.
        """
        settings, host = self._settings, self._host
        if not settings.any_model and host.model == model_key(settings.model):
            return False
        if failure is Failure.INVALID_OPTIONS:  # such as a model of embeddings that a row names
            return True
        return self._failed_loads >= LOAD_TRIES and len(host.digests or ()) > 1

    def _take_stock(self, report: HostReport) -> dict[str, tuple[str, Failure | None]]:
        """Notes the models that the host may be asked for; returns what is wrong with the others."""
        settings = self._settings
        models = [model for model in (settings.model, settings.fallback_model) if model is not None]
        expected = {} if settings.allow_mixed_digests else self._digests
        found = eligible(report, None if settings.any_model else models, expected)
        for key, digest in found.digests.items():
            self._digests.setdefault(key, digest)
        self._host.digests = found.digests
        return dict(found.problems)

    async def _load(self, key: str) -> tuple[str, Failure | None]:
        settings, loop = self._settings, asyncio.get_running_loop()
        model = settings.model if key == model_key(settings.model) else key
        began = loop.time()
        try:
            loading = self.client.load(model, settings.options, settings.keep_alive)
            await asyncio.wait_for(loading, settings.request_timeout_seconds)
        except RequestFailed as failed:
            return str(failed), failed.failure
        except asyncio.TimeoutError:
            seconds = settings.request_timeout_seconds
            return f"the model did not load within {seconds:.0f} s (--request_timeout)", Failure.TIMEOUT
        self._host.served.load_seconds = loop.time() - began
        await self._look_at_loaded()
        return "", None

    async def _look_at_loaded(self) -> None:
        """Tells what is not as it should be with the loaded model, each thing once."""
        try:
            loaded = await self.client.loaded()
        except RequestFailed as failed:
            # Only a generate call proves a host's health: a proxy may hide this endpoint.
            LOG.debug("%s does not list its loaded models: %s", self._host.url, failed)
            return
        for model in loaded:
            if model_key(model.name) == self._host.model:
                for sentence in about_loaded(model, self._settings.options["num_ctx"]):
                    self._tell(f"{self._host.url}: {sentence}")

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            LOG.warning("%s", sentence)

    async def _watch(self) -> None:
        """Returns when the host has to be checked again."""
        while True:
            try:
                await asyncio.wait_for(self._again.wait(), PATROL_SECONDS)
                return
            except asyncio.TimeoutError:
                if await self._has_changed():
                    self._host.ready = False
                    return

    async def _has_changed(self) -> bool:
        """Whether the host's model has become another one under its name."""
        report = await inspect(self.client)
        if report.problem:
            return False  # only a generate call proves health, good or bad
        before = dict(self._host.digests or {})
        self._take_stock(report)
        if self._host.digests != before:
            self._changed()  # what waits for another model than the loaded one may have to wait no more
        await self._look_at_loaded()
        model = self._host.model
        return bool(model) and (self._host.digests or {}).get(model) != before.get(model)
