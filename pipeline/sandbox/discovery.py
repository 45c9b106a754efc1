"""The read-only endpoints: version, installed models, loaded models. As in Ollama, none of them reveals slots or
queues.
"""

from __future__ import annotations

import json
import time
from typing import Any

from pipeline.sandbox.errors import Refusal
from pipeline.sandbox.replies import local_stamp
from pipeline.sandbox.scheduler import FOR_EVER_SECONDS
from pipeline.sandbox.state import ServerState, with_tag

FAMILY = "simulated"
WEIGHTS_BYTES = 4_372_824_384
CACHE_BYTES_PER_TOKEN = 131_072  # per slot

Json = dict[str, Any]


def tags(state: ServerState) -> Json:
    """Reply of ``/api/tags``: the installed models."""
    return {"models": [_model(state, model, "modified_at") for model in state.models()]}


def ps(state: ServerState) -> Json:
    """Reply of ``/api/ps``: the loaded models, in descending order of expiry."""
    now = time.time()
    shown = []
    runners = [runner for name in list(state.scheduler.runners) if (runner := state.scheduler.loaded(name)) is not None]
    for runner in sorted(runners, key=lambda runner: -runner.expires_at):
        size = WEIGHTS_BYTES + runner.launch.num_ctx * runner.slots.size * CACHE_BYTES_PER_TOKEN
        live = {
            "size": size,
            "expires_at": local_stamp(min(runner.expires_at, now + FOR_EVER_SECONDS)),
            "size_vram": int(size * state.settings.vram_share),
        }
        if state.version >= (0, 9, 7):
            live["context_length"] = runner.launch.num_ctx
        shown.append(_model(state, runner.model) | live)
    return {"models": shown}


def show(state: ServerState, body: bytes) -> Json:
    """Reply of ``/api/show``.

    Raises:
        Refusal: 400 without a body or a model name, 404 for an unknown model (quoted with its tag).
    """
    if not body.strip():
        raise Refusal(400, "missing request body")
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refusal(400, "invalid character looking for beginning of value") from None
    name = (asked.get("model") or asked.get("name")) if isinstance(asked, dict) else None
    if not isinstance(name, str) or not name:
        raise Refusal(400, "model is required")
    try:
        model = state.model(name)
    except Refusal as refusal:
        raise (Refusal(404, f"model '{with_tag(name)}' not found") if refusal.status == 404 else refusal) from None
    shown: Json = {
        "license": "Apache License 2.0 (simulated, no real model)",
        "modelfile": f"# Simulated, no real model\nFROM {_weights(state) or model}",
        "parameters": f'{"stop":<31}"</s>"',
        "template": state.settings.template or "{{ .System }}\n\n{{ .Prompt }}",
        "details": _details(state) | {"parent_model": ""},
        "model_info": {
            "general.architecture": FAMILY,
            "general.parameter_count": 0,
            f"{FAMILY}.context_length": state.settings.trained_context,
        },
        "modified_at": local_stamp(state.started_at),
    }
    if state.version >= (0, 6, 4):
        shown["capabilities"] = _capabilities(state)
    return shown


def _weights(state: ServerState) -> str:
    digest = state.settings.weights
    return f"/models/blobs/sha256-{digest}" if digest else ""


def version(state: ServerState) -> Json:
    """Reply of ``/api/version``."""
    return {"version": state.settings.version}


def status(_: ServerState) -> Json:
    """Reply of ``/api/status``: cloud features are disabled."""
    return {"cloud": {"disabled": True, "source": "env"}}


def _model(state: ServerState, model: str, *stamps: str) -> Json:
    described: Json = {"name": model, "model": model}
    described |= {stamp: local_stamp(state.started_at) for stamp in stamps}
    described |= {"size": WEIGHTS_BYTES, "digest": state.digest(model), "details": _details(state)}
    if stamps and state.version >= (0, 30):
        described["details"]["context_length"] = state.settings.trained_context
        described["capabilities"] = _capabilities(state)
    return described


def _details(state: ServerState) -> Json:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": FAMILY,
        "families": [FAMILY],
        "parameter_size": "0B",
        "quantization_level": "none",
    }


def _capabilities(state: ServerState) -> list[str]:
    return ["completion", "thinking"] if state.settings.thinking else ["completion"]
