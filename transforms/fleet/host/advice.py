"""Advice for hosts that work, but not as well as they could. Pure."""

from __future__ import annotations

from transforms.fleet.host.probe import Speed
from transforms.fleet.http.listings import LoadedModel, ModelDetails

GIGABYTE = 1e9
USUAL_SLOTS = 4
MAX_SLOTS = 16
MIN_GAIN = 1.2
"""The speed that all slots together should reach, as a multiple of the speed of one."""

WHOLE_SHARE = 0.99
WAITING_SECONDS = 1.0
SAFE_SHARE = 0.9
"""The share of free GPU memory that additional slots may take."""

ONE_SLOT_FAMILIES = ("mllama", "qwen3vl", "qwen35", "qwen3next", "lfm2", "nemotron_h")
"""Prefixes of the architectures for which Ollama processes one request at a time, regardless of its settings."""


def about_loaded(loaded: LoadedModel, num_ctx: int) -> list[str]:
    """Return a sentence for each problem with a model in memory.

    Args:
        loaded: The model as the host lists it, after it was loaded for this run.
        num_ctx: The requested context size in tokens.
    """
    advice = []
    if loaded.size_bytes and loaded.vram_bytes == 0:
        advice.append(
            f"{loaded.name} runs on the CPU only, many times slower than on a GPU: check the GPU driver and "
            "`ollama ps` on that host"
        )
    elif loaded.vram_share < WHOLE_SHARE:
        advice.append(
            f"only {loaded.vram_share:.0%} of {loaded.name} ({loaded.size_bytes / GIGABYTE:.1f} GB) is in GPU memory; "
            "the rest is on the CPU and slows down every answer. Use a smaller quantisation or a smaller --num_ctx, or "
            "lower OLLAMA_NUM_PARALLEL on that host"
        )
    if loaded.context_length is not None and loaded.context_length < num_ctx:
        advice.append(
            f"{loaded.name} has a context of {loaded.context_length} tokens on this host instead of the {num_ctx} of "
            f"--num_ctx: it was not trained for more. Use --num_ctx {loaded.context_length}"
        )
    return advice


def about_reload(loaded_before: LoadedModel, num_ctx: int) -> list[str]:
    """Return a sentence if the model was loaded with another context size, since each change costs a model load."""
    before = loaded_before.context_length
    if before is None or before == num_ctx:
        return []
    advice = (
        f"{loaded_before.name} was loaded with a context of {before} tokens and had to be reloaded for {num_ctx}: if "
        f"other clients use it, every switch costs a model load. Use --num_ctx {before}, or agree on one value"
    )
    return [advice]


def about_details(details: ModelDetails, model: str, num_ctx: int) -> list[str]:
    """Return a sentence for each request parameter that the model was not made for."""
    advice = []
    if details.trained_context is not None and details.trained_context < num_ctx:
        advice.append(
            f"{model} was trained for {details.trained_context} tokens: use --num_ctx {details.trained_context}"
        )
    return advice


def about_speed(
    speed: Speed,
    details: ModelDetails | None,
    on_gpu: bool,
    slot_bytes: int | None,
    free_vram_bytes: int | None,
) -> list[str]:
    """Return a sentence for each way to make a host faster.

    Args:
        speed: The measured speed.
        details: The details of the model; None if the host does not report them.
        on_gpu: Whether the whole model is in GPU memory, as far as known; otherwise more slots make it slower.
        slot_bytes: The memory of one slot's context; None if unknown.
        free_vram_bytes: The host's free GPU memory; None if unknown.
    """
    if speed.slots is None:
        return [
            "its answers have no durations (a proxy may drop them), so its slot count can't be detected; set --slots"
        ]
    advice = []
    if speed.waited_seconds > WAITING_SECONDS:
        advice.append(
            f"our only request waited {speed.waited_seconds:.1f} s for a slot: other clients are using this host, and "
            "the measurements show the capacity that they leave"
        )
    if details is not None and details.architecture.startswith(ONE_SLOT_FAMILIES):
        if speed.slots == 1:
            advice.append(f"Ollama processes one request at a time for models of architecture {details.architecture}")
    elif speed.slots < USUAL_SLOTS and not speed.more_slots and on_gpu:
        advice.append(_more_slots(speed.slots, slot_bytes, free_vram_bytes))
    alone, together = speed.tokens_per_second_alone, speed.tokens_per_second
    if alone and together and speed.slots > 1 and together < MIN_GAIN * alone:
        advice.append(
            f"its {speed.slots} slots together generate {together:.0f} tokens/s, a single one {alone:.0f}: the machine "
            "is at its limit, and more slots would not help"
        )
    return advice


def _more_slots(slots: int, slot_bytes: int | None, free_vram_bytes: int | None) -> str:
    wanted = USUAL_SLOTS
    if slot_bytes and free_vram_bytes is not None:
        wanted = min(MAX_SLOTS, slots + int(SAFE_SHARE * free_vram_bytes / slot_bytes))
    needs = f"; each slot takes about {slot_bytes / GIGABYTE:.1f} GB of memory" if slot_bytes else ""
    works = f"it processes {slots} request{'s' * (slots > 1)} at a time"
    if wanted <= slots:
        return f"{works}, and GPU memory has no room for more: a smaller --num_ctx makes slots smaller"
    return f"{works}: set OLLAMA_NUM_PARALLEL={wanted} for its server and restart it{needs}"
