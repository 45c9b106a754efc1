"""Whether a host may take part: it answers, has the model, and the model is the same and local."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.fleet.client import HostClient
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.hosts import HostAddress


@dataclass(frozen=True)
class HostReport:
    """What a host said about itself and the model.

    Attributes:
        url: Its address.
        version: Ollama's version; empty if it did not answer.
        digest: Of the model on it; empty if it lacks the model.
        problem: Why it can't take part now; empty if it can.
        failure: The class of the problem.
    """

    url: str
    version: str = ""
    digest: str = ""
    problem: str = ""
    failure: Failure | None = None


def canonical(model: str) -> str:
    """``mistral:latest`` for ``mistral``: the name as ``/api/tags`` lists it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


async def inspect(client: HostClient, model: str, expected_digest: str | None = None) -> HostReport:
    """Asks one host for its version and the model; never raises for what the host does."""
    try:
        version = await client.version()
        models = await client.models()
    except RequestFailed as failed:
        return HostReport(client.url, problem=str(failed), failure=failed.failure)
    found = next((listed for listed in models if listed.name.lower() == canonical(model).lower()), None)
    if found is None:
        names = ", ".join(sorted(listed.name for listed in models)[:8]) or "no model at all"
        problem = f"model {model!r} not found; it has {names}. Run `ollama pull {model}` there"
        return HostReport(client.url, version, problem=problem, failure=Failure.MODEL_MISSING)
    if found.remote:
        problem = f"model {model!r} runs elsewhere (cloud): texts would leave your hosts"
        return HostReport(client.url, version, found.digest, problem, Failure.FORBIDDEN)
    if expected_digest and found.digest != expected_digest:
        return HostReport(client.url, version, found.digest, other_digest(found.digest, expected_digest))
    return HostReport(client.url, version, found.digest)


def other_digest(digest: str, expected: str) -> str:
    """What is said of a host whose model differs from the others'."""
    return (
        f"its model has the digest {digest[:12]}, the other hosts' {expected[:12]}: translations would differ. "
        "Pull the same version everywhere"
    )


async def inspect_all(addresses: Iterable[HostAddress], model: str, use_proxy: bool = False) -> list[HostReport]:
    """Asks all hosts at once; the reports are in the order of the addresses."""
    clients = [HostClient(address, use_proxy) for address in addresses]
    try:
        return list(await asyncio.gather(*(inspect(client, model) for client in clients)))
    finally:
        await asyncio.gather(*(client.close() for client in clients))


def majority_digest(reports: Sequence[HostReport]) -> str | None:
    """The digest that most hosts have, the first one's at a tie; None if no host has the model."""
    digests = Counter(report.digest for report in reports if report.digest and not report.problem)
    return digests.most_common(1)[0][0] if digests else None
