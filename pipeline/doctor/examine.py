"""Examine every host as a run would use it: what it has, how fast it is, and what to do about its problems."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.doctor.gpus import Gpu, GpuWatch, about_gpus, is_local
from pipeline.doctor.options import DoctorOptions
from pipeline.host_speeds import probe_body
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host import advice
from transforms.fleet.host.admission import HostReport, eligible, inspect, majority_digests
from transforms.fleet.host.probe import MAX_AT_ONCE, Speed, measure
from transforms.fleet.host.same_server import SameServer
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.client import HostClient
from transforms.fleet.http.listings import LoadedModel, ModelDetails
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.text.flags import THINK_STRIPPED
from transforms.text.request.prompt_profile import ProfileChoice
from transforms.text.stripping.cleaning import clean
from transforms.time_limits import limited

TEXT = (
    "Le technicien numéro {} a contrôlé la pompe de la chaudière, remplacé un joint et noté la pression. "
    "La cliente demande un nouveau rendez-vous avant la fin du mois."
)
"""Text of the measuring requests; made up."""

MORE_ROOM = 4
"""Factor of the room for answers when an answer was cut."""

LEAST_VERSION = (0, 12, 6)
"""First version of Ollama that can refuse a prompt that is too long, instead of truncating it."""

UNKNOWN_VERSION = (0, 0, 0)
"""What an Ollama that somebody built without a version says of itself."""


@dataclass(frozen=True)
class HostFindings:
    """Findings about one host.

    Attributes:
        url: Address of the host.
        version: Version of Ollama; empty if the host did not answer.
        digest: Digest of the model; empty if the host does not have it.
        loaded: The model in memory; None if it did not load, or if the host does not report it.
        load_seconds: Duration of the load; None if the model did not load.
        speed: Measured speed; None if it could not be measured.
        problem: Why a run cannot use the host; empty if it can.
        advice: What could be improved.
    """

    url: str
    version: str = ""
    digest: str = ""
    loaded: LoadedModel | None = None
    load_seconds: float | None = None
    speed: Speed | None = None
    problem: str = ""
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """Findings about all hosts."""

    model: str
    num_ctx: int
    hosts: tuple[HostFindings, ...]
    gpus: tuple[Gpu, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether a run can use every host."""
        return not any(host.problem for host in self.hosts)

    @property
    def characters_per_second(self) -> float:
        """Return the total speed of all hosts in characters of source text."""
        return sum(host.speed.characters_per_second or 0.0 for host in self.hosts if host.speed is not None)


def examine(options: DoctorOptions) -> Findings:
    """Examine all hosts concurrently; takes up to a few times ``request_timeout``."""
    return asyncio.run(_examine(options))


async def _examine(options: DoctorOptions) -> Findings:
    clients = [HostClient(address, options.use_proxy) for address in options.hosts]
    gpus = GpuWatch()
    watching = asyncio.create_task(gpus.watch())
    try:
        reports = await asyncio.gather(*(inspect(client) for client in clients))
        digests = majority_digests(reports)
        twins = await _twins(options)
        usual = [
            client
            for client, report in zip(clients, reports, strict=True)
            if (listed := report.models.get(model_key(options.model)))
            and listed.digest == digests[model_key(listed.name)]
        ]
        found = await asyncio.gather(
            *(
                _Examination(client, report, options, digests, usual, twins.get(client.url, ""), gpus).findings()
                for client, report in zip(clients, reports, strict=True)
            )
        )
    finally:
        watching.cancel()
        await asyncio.gather(watching, *(client.close() for client in clients), return_exceptions=True)
    general = (*_about_versions(found), *about_gpus(gpus.gpus, [host.url for host in found]))
    return Findings(options.model, options.num_ctx, tuple(found), gpus.gpus, general)


async def _twins(options: DoctorOptions) -> dict[str, str]:
    """Return the earlier address of each server that is named twice, by its second one."""
    if options.use_proxy:
        return {}
    same_server = SameServer(lambda url: True)
    return {address.url: twin for address in options.hosts if (twin := await same_server.twin(address.url))}


def _about_versions(hosts: Iterable[HostFindings]) -> list[str]:
    versions: dict[str, list[str]] = {}
    for host in hosts:
        if host.version:
            versions.setdefault(host.version, []).append(host.url)
    if len(versions) < 2:
        return []
    versions_text = "; ".join(f"{version} on {', '.join(urls)}" for version, urls in versions.items())
    return [f"the hosts run different versions of Ollama, whose translations may differ: {versions_text}"]


def _version_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.partition("-")[0].split(".") if number.isdigit())


@dataclass
class _Examination:
    """Examination of one host."""

    client: HostClient
    report: HostReport
    options: DoctorOptions
    digests: Mapping[str, str]
    usual: Sequence[HostClient]
    twin: str
    gpus: GpuWatch
    advice: list[str] = field(default_factory=list)
    loaded: LoadedModel | None = None
    load_seconds: float | None = None
    speed: Speed | None = None

    async def findings(self) -> HostFindings:
        """Examine the host as far as it answers."""
        problem = ""
        try:
            await self._examine()
        except RequestFailed as failed:
            problem = str(failed)
        key = model_key(self.options.model)
        return HostFindings(
            url=self.client.url,
            version=self.report.version,
            digest=self.report.models[key].digest if key in self.report.models else "",
            loaded=self.loaded,
            load_seconds=self.load_seconds,
            speed=self.speed,
            problem=problem,
            advice=tuple(dict.fromkeys(self.advice)),
        )

    def _fail(self, problem: str, failure: Failure | None) -> RequestFailed:
        return RequestFailed(failure or Failure.UNEXPECTED_ANSWER, problem, self.client.url)

    async def _examine(self) -> None:
        options, report, key = self.options, self.report, model_key(self.options.model)
        if self.twin:
            raise self._fail(f"it is the same server as {self.twin}: name it once, as a run would use it once", None)
        if report.problem:
            raise self._fail(report.problem, report.failure)
        found = eligible(report, [options.model], self.digests)
        if key not in found.digests:
            await self._compare(*found.problems[key])
        if options.fallback_model is not None:
            second = eligible(report, [options.fallback_model], self.digests).problems
            self.advice += [problem for problem, _ in second.values()]
        if UNKNOWN_VERSION < _version_numbers(report.version) < LEAST_VERSION:
            self.advice.append(
                f"Ollama {report.version} may truncate long prompts silently: upgrade to 0.12.6 or newer"
            )
        details = await self._details()
        before = await self._loaded()
        await self._load()
        self.loaded = await self._loaded()
        if before is not None:
            self.advice += advice.about_reload(before, options.num_ctx)
        if self.loaded is not None:
            self.advice += advice.about_loaded(self.loaded, options.num_ctx)
        if details is not None and (self.loaded is None or self.loaded.context_length is None):
            self.advice += advice.about_details(details, options.model, options.num_ctx)
        await self._measure()
        if self.speed is None:
            return
        on_gpu = self.loaded is None or self.loaded.vram_share >= advice.WHOLE_SHARE
        self.advice += advice.about_speed(self.speed, details, on_gpu, self._slot_bytes(), self._free_vram_bytes())

    async def _compare(self, problem: str, failure: Failure | None) -> None:
        """Look at the content of a model with another digest, which is no problem if it is the same.

        Raises:
            RequestFailed: It is not, or it is another problem.
        """
        theirs = await self._details_on(self.usual[0]) if failure is None and self.usual else None
        own = await self._details_on(self.client) if theirs is not None else None
        if theirs is None or own is None:
            raise self._fail(problem, failure)
        if own.content and own.content == theirs.content:
            self.advice.append(
                f"its model has a digest of its own, but the same content as on {self.usual[0].url}: a run uses it"
            )
            return
        parts = ", ".join(own.differences(theirs))
        compared = f"different from {self.usual[0].url}: {parts}" if parts else "all that the hosts show of it is equal"
        raise self._fail(f"{problem} ({compared})", failure)

    async def _measure(self) -> None:
        """Measure the speed, with more room for the answers if one is cut, which is no fault of the host."""
        texts = [TEXT.format(number) for number in range(MAX_AT_ONCE)]
        for factor in (1, MORE_ROOM):
            try:
                self.speed = await measure(
                    self.client, partial(self._body, factor), texts, self.options.request_timeout, self._look_at
                )
                return
            except RequestFailed as failed:
                if failed.failure not in (Failure.OUTPUT_TRUNCATED, Failure.GENERATION_ABORTED):
                    raise
                cut = failed
        self.advice.append(
            f"its speed is unknown, as the model writes far more than a translation ({cut}): check the model and its "
            "prompt with a run with --limit 5"
        )

    def _look_at(self, text: str, answer: Answer) -> None:
        translation, found = clean(answer.text, text)
        if not translation and THINK_STRIPPED in found:
            raise self._fail(
                "the answer was all thinking; set --think false, or use a model that answers", Failure.ONLY_THINKING
            )

    async def _details_on(self, client: HostClient) -> ModelDetails | None:
        try:
            return await client.details(self.options.model)
        except RequestFailed:
            return None  # some proxies hide it; what counts is whether the model loads and generates

    async def _details(self) -> ModelDetails | None:
        details = await self._details_on(self.client)
        if details is None:
            return None
        if details.capabilities and "completion" not in details.capabilities:
            kinds = ", ".join(details.capabilities)
            raise self._fail(f"the model {self.options.model!r} cannot generate text; its capabilities: {kinds}", None)
        return details

    async def _loaded(self) -> LoadedModel | None:
        try:
            loaded = await self.client.loaded()
        except RequestFailed:
            return None  # some proxies hide this, too
        key = model_key(self.options.model)
        return next((model for model in loaded if model_key(model.name) == key), None)

    async def _load(self) -> None:
        seconds, clock = self.options.request_timeout, asyncio.get_running_loop().time
        began = clock()
        settings = self._settings()
        loading = self.client.load(settings.model, settings.options, settings.keep_alive)
        try:
            await limited(loading, seconds)
        except asyncio.TimeoutError:
            raise self._fail(
                f"the model did not load within {seconds:.0f} s: the host hangs, or needs a longer --request_timeout",
                Failure.TIMEOUT,
            ) from None
        self.load_seconds = clock() - began

    def _settings(self) -> FleetSettings:
        constant = {"num_ctx": self.options.num_ctx, "seed": 1}
        return FleetSettings(self.options.model, constant, self.options.keep_alive)

    def _body(self, factor: int, text: str) -> Mapping[str, object]:
        profile = ProfileChoice(self.options.num_ctx).profile(self.options.model)
        return probe_body(profile, self._settings(), text, factor)

    def _slot_bytes(self) -> int | None:
        """Estimate the memory of one slot from the memory that the model takes beyond the size of its file."""
        if self.loaded is None or self.speed is None or not self.speed.slots:
            return None
        context_bytes = self.loaded.size_bytes - self.report.models[model_key(self.options.model)].size_bytes
        return context_bytes // self.speed.slots if context_bytes > 0 else None

    def _free_vram_bytes(self) -> int | None:
        gpus: Sequence[Gpu] = self.gpus.gpus if is_local(self.client.url) else ()
        return sum(gpu.total_bytes - gpu.used_bytes for gpu in gpus) if gpus else None
