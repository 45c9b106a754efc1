"""What to tell people about a host that works, but not as well as it could. Pure."""

from __future__ import annotations

from transforms.fleet.client import LoadedModel

GIGABYTE = 1e9


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
    elif loaded.vram_share < 0.99:
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
