"""What holds for every request of a run, and what differs from request to request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transforms.fleet.hosts import HostsFile


@dataclass(frozen=True)
class FleetSettings:
    """What holds for every request of a run; picklable.

    Attributes:
        model: As Ollama knows it; hosts that have it load it at once.
        options: Ollama's options that stay the same in every request, ``num_ctx`` above all: another value makes a
            host load its model again.
        keep_alive: For how long a host keeps the model, in Ollama's notation.
        fallback_model: A second model that requests may ask for.
        any_model: Whether requests may ask for any model; then hosts load what the first requests need.
        digests: The digest of each model, by its key, that a host must have to be asked for it; for a model that is
            not named, the first host that has it decides.
        allow_mixed_digests: Whether digests may differ all the same.
        slots: Requests in flight per host: None to find them, a number for every host, or a number per address.
        request_timeout_seconds: The longest that a request may take, a load of the model included.
        max_outage_seconds: How long the run waits when no host is healthy.
        use_proxy: Whether proxies of the environment are used.
        hosts_file: Where the hosts are read from again and again; None if they stay the same.
    """

    model: str
    options: Mapping[str, Any]
    keep_alive: str | float
    fallback_model: str | None = None
    any_model: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)
    allow_mixed_digests: bool = False
    slots: int | Mapping[str, int] | None = None
    request_timeout_seconds: float = 300.0
    max_outage_seconds: float = 1800.0
    use_proxy: bool = False
    hosts_file: HostsFile | None = None


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What differs from request to request.

    Attributes:
        prompt: Never empty: that would be a command to load the model.
        system: The system turn; None to leave the model's own, never with ``raw``.
        num_predict: The most tokens that may be answered; at least 1 (0 is endless).
        options: Options beside the constant ones (temperature, seed, …).
        size: Characters of the text, for longest first.
        raw: Whether the prompt goes to the model without its template.
        model: If not the run's own.
        avoided: Hosts that had their chance; others are preferred.
    """

    prompt: str
    system: str | None
    num_predict: int
    options: Mapping[str, Any]
    size: int
    raw: bool = False
    model: str | None = None
    avoided: frozenset[str] = frozenset()

    def body(self, settings: FleetSettings) -> dict[str, Any]:
        """The whole request as it is sent."""
        body: dict[str, Any] = {
            "model": self.model or settings.model,
            "prompt": self.prompt,
            "stream": False,
            "think": False,
            "truncate": False,
            "keep_alive": settings.keep_alive,
            "options": {**settings.options, **self.options, "num_predict": self.num_predict},
        }
        if self.raw:
            body["raw"] = True
        elif self.system is not None:
            body["system"] = self.system
        return body
