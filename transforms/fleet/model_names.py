"""Comparison of model names, and detection of Ollama's cloud models. Imports little, because the options use it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from transforms.errors import UsageError


def canonical(model: str) -> str:
    """Return a model's name as ``/api/tags`` lists it: ``mistral:latest`` for ``mistral``."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


@lru_cache(maxsize=256)
def model_key(model: str) -> str:
    """Return the key of a model, which is the same for all spellings of its name."""
    return canonical(model.strip()).lower()


def is_cloud_model(model: str) -> bool:
    """Return whether Ollama would run the model in its cloud, judging by the reserved suffixes."""
    return model.strip().lower().endswith((":cloud", "-cloud"))


def check_models(model: str, fallback_model: str | None, place: Mapping[str, str]) -> None:
    """Check that no model runs in Ollama's cloud, and that the fallback model is a different one.

    Args:
        model: Name of the run's model.
        fallback_model: Name of the fallback model, if any.
        place: Where the user gave each of them, for error messages.

    Raises:
        UsageError: A model cannot be used.
    """
    for name, given in (("model", model), ("fallback_model", fallback_model or "")):
        if is_cloud_model(given):
            raise UsageError(f"{place[name]} {given!r} runs in Ollama's cloud; texts must stay on your own hosts")
    if fallback_model is not None and model_key(fallback_model) == model_key(model):
        raise UsageError(f"{place['fallback_model']} is the same model as {place['model']}: name a different one")
