"""Names of models: how to compare them, and which ones mean Ollama's cloud. Options need it: it imports little."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.errors import UsageError


def canonical(model: str) -> str:
    """``mistral:latest`` for ``mistral``: the name as ``/api/tags`` lists it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def model_key(model: str) -> str:
    """What a model is known by here: equal for all the ways to write its name."""
    return canonical(model.strip()).lower()


def is_cloud_model(model: str) -> bool:
    """Whether Ollama would run the model in its cloud, by its reserved suffixes."""
    return model.strip().lower().endswith((":cloud", "-cloud"))


def check_models(model: str, fallback_model: str | None, place: Mapping[str, str]) -> None:
    """Check that no model runs in Ollama's cloud, and that the fallback model is another one.

    Args:
        model: Name of the run's model.
        fallback_model: Name of the model for second tries; None without one.
        place: Where each was given, for the messages.

    Raises:
        UsageError: They cannot be used.
    """
    for name, given in (("model", model), ("fallback_model", fallback_model or "")):
        if is_cloud_model(given):
            raise UsageError(f"{place[name]} {given!r} runs in Ollama's cloud; texts must stay on your own hosts")
    if fallback_model is not None and model_key(fallback_model) == model_key(model):
        raise UsageError(f"{place['fallback_model']} is the same model as {place['model']}: name a different one")
