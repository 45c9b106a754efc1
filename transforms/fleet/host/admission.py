"""Admission of hosts: a host must answer and have a required model that is local and the same as on other hosts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.client import HostClient
from transforms.fleet.http.listings import ModelOnHost
from transforms.fleet.model_names import is_cloud_model, model_key

SHOWN_MODELS = 8


@dataclass(frozen=True)
class HostReport:
    """A host's version and models, or the problem that keeps it out.

    Attributes:
        url: The host's address.
        version: Ollama's version; empty if the host did not answer.
        models: The host's models by key.
        problem: Why the host cannot be used now; empty if it can.
        failure: The class of the problem.
    """

    url: str
    version: str = ""
    models: Mapping[str, ModelOnHost] = field(default_factory=dict)
    problem: str = ""
    failure: Failure | None = None


@dataclass(frozen=True)
class Eligible:
    """The models that may be requested from a host.

    Attributes:
        digests: The digest of each of these models, by the model's key.
        problems: Message and class of the problem with each other required model, by the model's key.
    """

    digests: Mapping[str, str]
    problems: Mapping[str, tuple[str, Failure | None]]


async def inspect(client: HostClient) -> HostReport:
    """Query the version and the models of a host. Failures of the host are reported and not raised."""
    try:
        version = await client.version()
        models = await client.models()
    except RequestFailed as failed:
        return HostReport(client.url, problem=str(failed), failure=failed.failure)
    return HostReport(client.url, version, {model_key(model.name): model for model in models})


async def inspect_all(addresses: Iterable[HostAddress], use_proxy: bool = False) -> list[HostReport]:
    """Query all hosts concurrently. The reports are in the order of the addresses."""
    clients = [HostClient(address, use_proxy) for address in addresses]
    try:
        return list(await asyncio.gather(*(inspect(client) for client in clients)))
    finally:
        await asyncio.gather(*(client.close() for client in clients))


def eligible(report: HostReport, models: Sequence[str] | None, digests: Mapping[str, str]) -> Eligible:
    """Return the models that may be requested from a host that answers.

    Args:
        report: The host's report.
        models: The required models as the user wrote them; None for all models of the host.
        digests: The required digests by the model's key; other models may have any digest.
    """
    wanted = {model_key(model): model for model in (report.models if models is None else models)}
    good: dict[str, str] = {}
    problems: dict[str, tuple[str, Failure | None]] = {}
    for key, model in wanted.items():
        problem = _problem(report, model, digests.get(key))
        if problem is None:
            good[key] = report.models[key].digest
        else:
            problems[key] = problem
    return Eligible(good, problems)


def _problem(report: HostReport, model: str, expected_digest: str | None) -> tuple[str, Failure | None] | None:
    found = report.models.get(model_key(model))
    if found is None:
        listed = sorted(each.name for each in report.models.values())
        names = ", ".join(listed[:SHOWN_MODELS]) + ", …" * (len(listed) > SHOWN_MODELS)
        text = f"model {model!r} not found; it has {names or 'no models'}. Run `ollama pull {model}` on that host"
        return text, Failure.MODEL_MISSING
    if found.remote or is_cloud_model(found.name):
        return f"model {model!r} runs elsewhere (cloud): texts would leave your hosts", Failure.FORBIDDEN
    if expected_digest and found.digest != expected_digest:
        return other_digest(model, found.digest, expected_digest), None
    return None


def other_digest(model: str, digest: str, expected: str) -> str:
    """Return the problem of a host whose model differs from that of the other hosts."""
    return (
        f"its model {model!r} has the digest {digest[:12]}, the other hosts' {expected[:12]}: translations would "
        "differ. Pull the same version everywhere, or allow it with --allow_mixed_digests"
    )


def majority_digests(reports: Iterable[HostReport]) -> dict[str, str]:
    """Return the most frequent digest of each local model by the model's key; at a tie, the first host's digest."""
    digests: dict[str, Counter[str]] = {}
    for report in reports:
        for key, model in report.models.items():
            if not model.remote:
                digests.setdefault(key, Counter())[model.digest] += 1
    return {key: counted.most_common(1)[0][0] for key, counted in digests.items()}
