"""Ask the hosts for another translation of a text, with a model that the reviewer names."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from pipeline.options.hosts import HostOptions
from transforms.configuration import Configuration, engine_config, read_translation_settings
from transforms.engine.engine import Engine
from transforms.engine.translator import SourceText
from transforms.fleet.host.preflight import find_hosts

PATIENCE_SECONDS = 30.0
"""How long a person is kept waiting while no host is healthy."""


@dataclass(frozen=True)
class Candidate:
    """What a model made of a text.

    Attributes:
        english: The translation, or the rejected answer; may be empty.
        rejected: Whether it failed a check.
        reasons: Its flags and error.
    """

    english: str
    rejected: bool
    reasons: str


class AnotherModel:
    """Translates single texts with models of the hosts; the hosts are asked when the first text comes.

    Args:
        options: The hosts.
        num_ctx: Context of a request, in tokens.
    """

    def __init__(self, options: HostOptions, num_ctx: int) -> None:
        self._options = options
        self._num_ctx = num_ctx
        self._engines: dict[str, Engine] = {}

    def __enter__(self) -> AnotherModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for engine in self._engines.values():
            engine.close()

    def translate(self, model: str, text: str) -> Candidate:
        """Return the translation of ``text`` by ``model``.

        Raises:
            UsageError: The model's name is not valid.
            RunFailed: No host has the model, or none answers.
        """
        engine = self._engines.get(model)
        if engine is None:
            engine = self._engines[model] = self._start(model)
        (result,) = engine.submit([SourceText(text)], lambda done: None).result()
        outcome = result.outcome
        english = result.candidate if outcome.translation is None else outcome.translation
        reasons = [f"status {outcome.status}", ", ".join(outcome.flags or ()), outcome.error or ""]
        return Candidate(english or "", outcome.translation is None, "; ".join(filter(None, reasons)))

    def _start(self, model: str) -> Engine:
        given = self._options
        configuration = Configuration(
            hosts=given.hosts,
            hosts_from=given.hosts_from,
            use_proxy=given.use_proxy,
            keep_alive=given.keep_alive,
            request_timeout=given.request_timeout,
            max_outage=PATIENCE_SECONDS,
            model=model,
            num_ctx=self._num_ctx,
            english="translate",  # the person has asked for a translation
            other_language="translate",
        )
        settings = read_translation_settings(configuration)
        digests = find_hosts(given.hosts, [model], False, given.use_proxy, PATIENCE_SECONDS, given.hosts_from).digests
        return Engine(engine_config(settings, digests))
