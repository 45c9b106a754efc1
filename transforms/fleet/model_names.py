"""Names of models: how to compare them, and which ones mean Ollama's cloud. Imports nothing, as options need it."""

from __future__ import annotations


def canonical(model: str) -> str:
    """``mistral:latest`` for ``mistral``: the name as ``/api/tags`` lists it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def model_key(model: str) -> str:
    """What a model is known by here: equal for all the ways to write its name."""
    return canonical(model.strip()).lower()


def is_cloud_model(model: str) -> bool:
    """Whether Ollama would run the model in its cloud, by its reserved suffixes."""
    return model.strip().lower().endswith((":cloud", "-cloud"))
