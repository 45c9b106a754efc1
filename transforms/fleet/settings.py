"""Settings of all requests of a run, and the parts of a single request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from transforms.fleet.addresses import HostsFile

CHECK_PROMPT = "Bonjour."
CHECK_TOKENS = 16


@dataclass(frozen=True)
class FleetSettings:
    """Settings of all requests of a run; picklable.

    Attributes:
        model: The run's model; hosts that have it load it at once.
        options: Ollama's options that are equal in every request, ``num_ctx`` above all: another value makes a host
            load its model again.
        keep_alive: How long a host keeps the model loaded, in Ollama's notation.
        fallback_model: A second model that requests may name.
        any_model: Whether requests may name any model; then hosts load the models that the first requests need.
        digests: The digest that each model must have, by the model's key. The first host decides for other models.
        allow_mixed_digests: Whether hosts may have different digests.
        slots: The slots per host: None to detect them, a number for every host, or a number per address.
        known_slots: The slots that hosts had with the run's model in an earlier run, per address.
        request_timeout_seconds: The request timeout, including a load of the model.
        max_outage_seconds: How long the run waits while no host is healthy.
        use_proxy: Whether to use the proxies of the environment.
        hosts_file: The file from which the hosts are read repeatedly; None for a fixed list.
        logprobs: Whether hosts are asked for the log probability of each token.
    """

    model: str
    options: Mapping[str, Any]
    keep_alive: str | float
    fallback_model: str | None = None
    any_model: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)
    allow_mixed_digests: bool = False
    slots: int | Mapping[str, int] | None = None
    known_slots: Mapping[str, int] = field(default_factory=dict)
    request_timeout_seconds: float = 300.0
    max_outage_seconds: float = 1800.0
    use_proxy: bool = False
    hosts_file: HostsFile | None = None
    logprobs: bool = False


class GenerateRequest(NamedTuple):
    """The parts of a single request.

    Attributes:
        prompt: The prompt; never empty, because Ollama takes an empty prompt as a command to load the model.
        system: The system turn; None for the model's own. Not used with ``raw``.
        num_predict: The maximum tokens of the answer; at least 1, because 0 means no limit.
        options: Ollama's options besides the constant ones (temperature, seed, …).
        size: Characters of the text; texts with longer answers, as far as that is known, are sent first.
        raw: Whether the prompt bypasses the model's chat template.
        model: The model's name; None for the run's model.
        avoided: Hosts whose answers to the text were rejected; it goes to another host as long as one is healthy.
        think: The value of Ollama's field ``think``; None to leave the field out.
        column: The column of the text, for the expected length of the answer.
        repair: Whether it follows a faulty answer. It is sent before the first requests for texts, however short it is,
            as a text that has answers already would wait for all of them, and so would texts that wait for its outcome.
    """

    prompt: str
    system: str | None
    num_predict: int
    options: Mapping[str, Any]
    size: int
    raw: bool = False
    model: str | None = None
    avoided: frozenset[str] = frozenset()
    think: bool | str | None = False
    column: str = ""
    repair: bool = False

    def body(self, settings: FleetSettings) -> dict[str, Any]:
        """Return the JSON object to send."""
        body: dict[str, Any] = {
            "model": self.model or settings.model,
            "prompt": self.prompt,
            "stream": False,
            "truncate": False,
            "keep_alive": settings.keep_alive,
            "options": {**settings.options, **self.options, "num_predict": self.num_predict},
        }
        if settings.logprobs:
            body["logprobs"] = True
        if self.think is not None:
            body["think"] = self.think
        if self.raw:
            body["raw"] = True
        elif self.system is not None:
            body["system"] = self.system
        return body


def health_check(size: int, model: str | None) -> GenerateRequest:
    """Return a request that only shows whether a host works. That its short answer is cut shows it, too.

    Args:
        size: See ``GenerateRequest``.
        model: See ``GenerateRequest``.
    """
    return GenerateRequest(CHECK_PROMPT, None, CHECK_TOKENS, {}, size, model=model)
