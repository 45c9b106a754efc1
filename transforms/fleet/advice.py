"""What to tell people about a host that works, but not as well as it could. Pure."""

from __future__ import annotations

from transforms.fleet.listings import LoadedModel, ModelDetails
from transforms.fleet.probe import Speed

GIGABYTE = 1e9
USUAL_SLOTS = 4
MOST_SLOTS = 16
LEAST_GAIN = 1.2
"""Times the speed of one slot that all of them should reach together."""

WHOLE_SHARE = 0.99
WAITING_SECONDS = 1.0
SAFE_SHARE = 0.9
"""Of the free GPU memory, for more slots."""

ONE_SLOT_FAMILIES = ("mllama", "qwen3vl", "qwen35", "qwen3next", "lfm2", "nemotron_h")
"""Architectures, by the beginning of their names, for which Ollama works on one request at a time whatever is set."""


def about_loaded(loaded: LoadedModel, num_ctx: int) -> list[str]:
    """A sentence for each thing that is not as it should be with a model in memory.

    Args:
        loaded: As the host lists it, after it was loaded for this run.
        num_ctx: The context that was asked for, in tokens.
    """
    told = []
    if loaded.size_bytes and loaded.vram_bytes == 0:
        told.append(
            f"{loaded.name} runs on the CPU only, many times slower than on a GPU: check the GPU's driver and "
            "`ollama ps` there"
        )
    elif loaded.vram_share < WHOLE_SHARE:
        told.append(
            f"only {loaded.vram_share:.0%} of {loaded.name} ({loaded.size_bytes / GIGABYTE:.1f} GB) is in GPU memory, "
            "the rest on the CPU slows every answer: use a smaller quantisation, a smaller --num_ctx, or a smaller "
            "OLLAMA_NUM_PARALLEL there"
        )
    if loaded.context_length is not None and loaded.context_length < num_ctx:
        told.append(
            f"{loaded.name} has a context of {loaded.context_length} tokens there, not the {num_ctx} of --num_ctx: it "
            f"was trained for no more. Use --num_ctx {loaded.context_length}"
        )
    return told


def about_reload(loaded_before: LoadedModel, num_ctx: int) -> list[str]:
    """A sentence if somebody had loaded the model with another context, which costs a load at each change."""
    before = loaded_before.context_length
    if before is None or before == num_ctx:
        return []
    told = (
        f"{loaded_before.name} was loaded with a context of {before} tokens and had to be loaded again for {num_ctx}: "
        f"if others use it, every change between them costs a load. Use --num_ctx {before}, or agree on one value"
    )
    return [told]


def about_details(details: ModelDetails, model: str, num_ctx: int) -> list[str]:
    """A sentence for each thing that the model itself is not made for."""
    told = []
    if details.trained_context is not None and details.trained_context < num_ctx:
        told.append(
            f"{model} was trained for {details.trained_context} tokens: use --num_ctx {details.trained_context}"
        )
    return told


def about_speed(
    speed: Speed,
    details: ModelDetails | None,
    on_gpu: bool,
    slot_bytes: int | None,
    free_vram_bytes: int | None,
) -> list[str]:
    """What could make a host quicker.

    Args:
        speed: As measured.
        details: Of the model; None if the host does not tell.
        on_gpu: Whether all of the model is in GPU memory, as far as is known: else more slots make it worse.
        slot_bytes: Memory of one slot's context; None if it is not known.
        free_vram_bytes: Free GPU memory of the host, if it can be seen.
    """
    if speed.slots is None:
        return ["its answers come without durations (a proxy may drop them): its slots can't be found. Use --slots"]
    told = []
    if speed.waited_seconds > WAITING_SECONDS:
        told.append(
            f"a request that was alone waited {speed.waited_seconds:.1f} s for a slot: others use this host now, and "
            "what was measured here is what they leave"
        )
    if details is not None and details.architecture.startswith(ONE_SLOT_FAMILIES):
        if speed.slots == 1:
            told.append(f"Ollama works on one request at a time with models of the kind {details.architecture}")
    elif speed.slots < USUAL_SLOTS and not speed.more_slots and on_gpu:
        told.append(_more_slots(speed.slots, slot_bytes, free_vram_bytes))
    alone, together = speed.tokens_per_second_alone, speed.tokens_per_second
    if alone and together and speed.slots > 1 and together < LEAST_GAIN * alone:
        told.append(
            f"its {speed.slots} slots together write {together:.0f} tokens/s, one alone {alone:.0f}: the machine is at "
            "its limit, more slots bring nothing"
        )
    return told


def _more_slots(slots: int, slot_bytes: int | None, free_vram_bytes: int | None) -> str:
    wanted = USUAL_SLOTS
    if slot_bytes and free_vram_bytes is not None:
        wanted = min(MOST_SLOTS, slots + int(SAFE_SHARE * free_vram_bytes / slot_bytes))
    needs = f", about {slot_bytes / GIGABYTE:.1f} GB of memory for each slot" if slot_bytes else ""
    works = f"it works on {slots} request{'s' * (slots > 1)} at a time"
    if wanted <= slots:
        return f"{works}, and GPU memory has no room for more: a smaller --num_ctx makes a slot smaller"
    return f"{works}: set OLLAMA_NUM_PARALLEL={wanted} for its server and start it again{needs}"
