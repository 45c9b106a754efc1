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


def refuse_cloud(model: str, place: str) -> None:
    """Check that a model does not run in Ollama's cloud.

    Args:
        model: Its name.
        place: Where the user gave it, for the error message.

    Raises:
        UsageError: It would get texts that must not leave the user's hosts.
    """
    if is_cloud_model(model):
        raise UsageError(f"{place} {model!r} runs in Ollama's cloud; texts must stay on your own hosts")


def check_models(model: str, fallback_model: str | None, place: Mapping[str, str]) -> None:
    """Check that no model runs in Ollama's cloud, and that the fallback model is a different one.

    Args:
        model: Name of the run's model.
        fallback_model: Name of the fallback model, if any.
        place: Where the user gave each of them, for error messages.

    Raises:
        UsageError: A model cannot be used.
    """
    refuse_cloud(model, place["model"])
    if fallback_model is None:
        return
    refuse_cloud(fallback_model, place["fallback_model"])
    if model_key(fallback_model) == model_key(model):
        raise UsageError(f"{place['fallback_model']} is the same model as {place['model']}: name a different one")
