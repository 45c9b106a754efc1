"""The settings of a simulated host, which can all be changed while it runs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.sandbox.faults import Fault
from transforms.errors import UsageError


@dataclass(frozen=True)
class HostSettings:
    """The settings of one simulated host. ``POST /_sandbox/control`` changes every field at run time.

    Attributes:
        version: Version reported by ``/api/version``; errors, reply fields and prompt truncation depend on it.
        models: Installed models, as ``name`` or ``name:tag``.
        any_model: Whether every other valid local model name counts as installed, too.
        digest: Digest of every model, 64 hex digits. Empty: derived from the model's name, so equal on all hosts.
        weights: Digest of the weights that ``/api/show`` names, 64 hex digits; empty for none.
        template: Template of every model; empty for a usual one.
        thinking: Whether the models support thinking, which is then on unless a request sets ``think: false``.
        num_parallel: Slots of each model. As in Ollama, no endpoint reveals them.
        max_queue: Requests that may wait while a model loads; further ones are refused with 503.
        max_loaded_models: Maximum number of models in memory.
        load_seconds: Duration of a load or reload.
        tokens_per_second: Generation speed of a slot that works alone; 0 generates instantly.
        prompt_tokens_per_second: Speed of reading the source text (instructions count as cached); 0 reads instantly.
        contention: Slowdown per concurrent request: 0 for none; at 1 further slots add no throughput.
        sigma: Spread of the work of equally long texts: sigma of a lognormal factor that depends only on the text.
        overhead_seconds: Upper bound of a random delay outside the slot, which only the total duration includes.
        default_num_ctx: Context length in tokens of requests that set none.
        hidden_tokens: Tokens that the model's template adds to each prompt.
        trained_context: Maximum context length of every model in tokens.
        vram_share: Share of each model that resides in GPU memory, 0 to 1.
        repeat_abort_characters: Length of a run of equal characters (or white space) that aborts an answer, as 31
            equal tokens do in Ollama. Tokenizers join up to about ten dots; tiny ones join none (31).
        seed: Seed of all draws, so of the calls and texts that a fault with a share affects.
        hang: Accept generate and chat requests without answering until this is off again, while all GETs work.
        listening: False closes the socket and resets all connections, like a machine that goes down.
        record_requests: Whether the request counts keep each generate and chat request.
        faults: Active faults; see ``pipeline.sandbox.faults``.
        translations: Pairs of a source text and its answer, which replaces the lexicon's translation.
    """

    version: str = "0.33.0"
    models: tuple[str, ...] = ("mistral:latest",)
    any_model: bool = False
    digest: str = ""
    weights: str = ""
    template: str = ""
    thinking: bool = False
    num_parallel: int = 4
    max_queue: int = 512
    max_loaded_models: int = 3
    load_seconds: float = 0.0
    tokens_per_second: float = 0.0
    prompt_tokens_per_second: float = 0.0
    contention: float = 0.0
    sigma: float = 0.0
    overhead_seconds: float = 0.0
    default_num_ctx: int = 4096
    hidden_tokens: int = 0
    trained_context: int = 32768
    vram_share: float = 1.0
    repeat_abort_characters: int = 250
    seed: int = 0
    hang: bool = False
    listening: bool = True
    record_requests: bool = False
    faults: tuple[Fault, ...] = ()
    translations: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Raise UsageError for invalid values."""
        smallest = {
            "num_parallel": 1,
            "max_queue": 0,
            "hidden_tokens": 0,
            "max_loaded_models": 1,
            "default_num_ctx": 4,
            "trained_context": 4,
        }
        for name, least in smallest.items():
            _require(getattr(self, name) >= least, f"{name} is {getattr(self, name)}, but must be at least {least}")
        for name in (
            "load_seconds",
            "tokens_per_second",
            "prompt_tokens_per_second",
            "contention",
            "sigma",
            "overhead_seconds",
        ):
            _require(getattr(self, name) >= 0, f"{name} is {getattr(self, name)}, but must not be negative")
        _require(0 <= self.vram_share <= 1, f"vram_share is {self.vram_share}, but must be 0 to 1")
        _require(bool(re.match(r"\d+(\.\d+)+", self.version)), f"version is {self.version!r}, but must be like 0.33.0")
        for name in ("digest", "weights"):
            value = getattr(self, name)
            _require(not value or bool(re.fullmatch("[0-9a-f]{64}", value)), f"{name} must be 64 hex digits")
        _require(self.repeat_abort_characters > 1, "repeat_abort_characters must be at least 2")

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The version as comparable numbers: ``(0, 33, 0)`` for ``0.33.0-rc2``."""
        match = re.match(r"\d+(?:\.\d+)*", self.version)
        return tuple(int(number) for number in match[0].split(".")) if match else ()

    def changed(self, changes: Mapping[str, Any]) -> HostSettings:
        """A copy with changed fields, given as Python values or as parsed JSON.

        Raises:
            UsageError: Unknown name, or a value of the wrong type or out of range.
        """
        return dataclasses.replace(self, **{name: _value(name, value) for name, value in changes.items()})

    def as_json(self) -> str:
        """All fields as a JSON object, the inverse of ``HostSettings().changed(json.loads(...))``."""
        return json.dumps(dataclasses.asdict(self))


_KINDS: dict[str, type] = {field.name: type(field.default) for field in dataclasses.fields(HostSettings)}


def _value(name: str, value: Any) -> Any:
    if name not in _KINDS:
        raise UsageError(f"unknown setting of the simulated host {name!r}; known: {', '.join(_KINDS)}")
    if name == "faults" and isinstance(value, (list, tuple)):
        return tuple(fault if isinstance(fault, Fault) else Fault.from_json(fault) for fault in value)
    if name == "models" and isinstance(value, (list, tuple)) and all(isinstance(model, str) for model in value):
        return tuple(value)
    if name == "translations" and isinstance(value, (list, tuple)):
        if all(isinstance(pair, (list, tuple)) and list(map(type, pair)) == [str, str] for pair in value):
            return tuple((source, english) for source, english in value)
        raise UsageError("the simulated host's setting translations must be pairs of a source text and its translation")
    kind = _KINDS[name]
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind or kind is tuple:
        raise UsageError(f"the simulated host's setting {name} is {value!r}, but must be of type {kind.__name__}")
    return value


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(f"simulated host: {message}")
