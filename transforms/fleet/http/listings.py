"""The models of a host, as ``/api/tags``, ``/api/ps`` and ``/api/show`` list them. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.fleet.http.host_messages import quotable_model

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WEIGHTS, _MODEL_INFO = "weights", "model info"
_BLOB = re.compile(r"^\s*(FROM|ADAPTER)\s+.*sha256[-:]([0-9a-f]{64})", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class ModelOnHost:
    """A model that a host has, as listed by ``/api/tags``.

    Attributes:
        name: With its tag.
        digest: 64 hex digits; empty if the host lists none. Equal digests mean equal weights, template and parameters.
        size_bytes: Size on disk.
        remote: Whether it is a stub of a model that runs elsewhere, so that texts would leave the host.
    """

    name: str
    digest: str
    size_bytes: int
    remote: bool


@dataclass(frozen=True)
class LoadedModel:
    """A model in a host's memory, as listed by ``/api/ps``.

    Attributes:
        name: With its tag.
        size_bytes: Weights and the contexts of all slots.
        vram_bytes: The part of it in GPU memory.
        context_length: Tokens of one slot; None before Ollama 0.9.7.
    """

    name: str
    size_bytes: int
    vram_bytes: int
    context_length: int | None

    @property
    def vram_share(self) -> float:
        """The part of it in GPU memory, 0 to 1; 0 means CPU only."""
        return self.vram_bytes / self.size_bytes if self.size_bytes else 1.0


@dataclass(frozen=True)
class ModelDetails:
    """A model's properties, as ``/api/show`` gives them.

    Attributes:
        trained_context: Tokens that it was trained for; None if unknown.
        architecture: Such as "llama"; empty if unknown.
        capabilities: Such as "completion" and "thinking"; empty before Ollama 0.6.4.
        parts: Name and digest of each part that makes up the model: weights, parameters, template and so on. The
            digest of the weights is empty if the host does not name them.
    """

    trained_context: int | None
    architecture: str
    capabilities: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def content(self) -> tuple[tuple[str, str], ...]:
        """The parts that decide on translations; empty if they are not all known.

        ``ollama create`` gives each host a digest of its own for the same content.
        """
        known = dict(self.parts)
        known.pop(_MODEL_INFO, None)  # it follows from the weights, and depends on Ollama's version
        return tuple(known.items()) if known.get(_WEIGHTS) else ()

    def differences(self, other: ModelDetails) -> tuple[str, ...]:
        """The names of the parts that another model of the same name has in another form."""
        others = dict(other.parts)
        return tuple(name for name, digest in self.parts if digest != others.get(name))


def read_models(message: Mapping[str, Any]) -> tuple[ModelOnHost, ...]:
    """The models of an answer of ``/api/tags``."""
    return tuple(
        ModelOnHost(
            name=quotable_model(_text(model.get("name"))),
            digest=digest if _DIGEST.fullmatch(digest := _text(model.get("digest"))) else "",
            size_bytes=_whole(model.get("size")) or 0,
            remote=bool(model.get("remote_host") or model.get("remote_model")),
        )
        for model in message.get("models") or []
    )


def read_loaded(message: Mapping[str, Any]) -> tuple[LoadedModel, ...]:
    """The models of an answer of ``/api/ps``."""
    return tuple(
        LoadedModel(
            name=quotable_model(_text(model.get("name"))),
            size_bytes=_whole(model.get("size")) or 0,
            vram_bytes=_whole(model.get("size_vram")) or 0,
            context_length=_whole(model.get("context_length")),
        )
        for model in message.get("models") or []
    )


def read_details(message: Mapping[str, Any]) -> ModelDetails:
    """The properties in an answer of ``/api/show``."""
    metadata = message.get("model_info") or {}
    architecture = _text(metadata.get("general.architecture"))
    return ModelDetails(
        trained_context=_whole(metadata.get(f"{architecture}.context_length")),
        architecture=architecture if architecture.isalnum() and architecture.isascii() else "",
        capabilities=tuple(quotable_model(_text(each)) for each in message.get("capabilities") or ()),
        parts=_parts(message),
    )


def _parts(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    blobs = sorted({(kind.upper(), digest) for kind, digest in _BLOB.findall(_text(message.get("modelfile")))})
    # Ollama lists the parameters in no fixed order.
    parameters = sorted(_text(message.get("parameters")).splitlines())
    parts = {
        _WEIGHTS: blobs,
        "parameters": parameters,
        "template": message.get("template"),
        "system prompt": message.get("system"),
        "messages": message.get("messages"),
        "details": message.get("details"),
        _MODEL_INFO: message.get("model_info"),
    }
    return tuple((name, _hash(part) if part or name != _WEIGHTS else "") for name, part in parts.items())


def _hash(part: Any) -> str:
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 63 else None
