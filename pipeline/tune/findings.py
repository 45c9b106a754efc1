"""What limits the layouts of a machine, in words and figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.doctor.gpus import Gpu
from pipeline.tune.layouts import Layout
from pipeline.tune.load import LEAST_ANSWERS
from pipeline.tune.search import LEAST_GAIN
from pipeline.tune.trial import Trial

GIGABYTE = 1e9
ONE_AT_WORK = 1.25
"""Up to so many requests at work on average, a server with several slots processes one at a time."""

MUCH_READING = 0.5
LAZY_PERCENT = 60
OCCUPIED_SHARE = 0.1
UNEQUAL_MEMORY = 1.2


def findings(trials: Sequence[Trial], best: Trial, gpus: Sequence[Gpu]) -> list[str]:
    """Return a sentence for each thing that limits throughput, or that makes the measurement doubtful.

    Args:
        trials: All trials.
        best: The best of them.
        gpus: The GPUs before the first trial.
    """
    series = _series(trials, best.layout)
    return [
        *_without_gpus(best, gpus),
        *_occupied(gpus),
        *_one_slot(series),
        *_memory_bound(series),
        *_knee(series),
        *_partly_on_cpu(trials, best),
        *_gpus_together(trials),
        *_unequal_gpus(trials, gpus),
        *_reading(best),
        *_idle_gpus(best),
        *_small_cache(best),
        *_few_answers(best),
    ]


def _without_gpus(best: Trial, gpus: Sequence[Gpu]) -> Iterator[str]:
    if gpus:
        return
    if best.loaded is not None and best.loaded.vram_bytes:
        yield (
            "there is no nvidia-smi, so GPUs could not be counted: one server over all that Ollama found was tried. "
            "Start one server per GPU yourself (ROCR_VISIBLE_DEVICES for AMD) and measure them with --hosts"
        )
    else:
        yield "there is no nvidia-smi, and the model was on the CPU: only one server was tried, as all share the CPU"


def _occupied(gpus: Sequence[Gpu]) -> Iterator[str]:
    for gpu in gpus:
        if gpu.used_bytes > OCCUPIED_SHARE * gpu.total_bytes:
            yield (
                f"before the first trial, GPU {gpu.index} had {gpu.used_bytes / GIGABYTE:.1f} of "
                f"{gpu.total_bytes / GIGABYTE:.1f} GB in use by other programs: stop them (systemctl stop ollama) and "
                "measure again for figures without them"
            )


def _one_slot(series: Sequence[Trial]) -> Iterator[str]:
    several = [trial for trial in series if trial.layout.num_parallel > 1]
    if several and all(_at_work(trial) <= ONE_AT_WORK for trial in several):
        yield (
            f"one slot only: with OLLAMA_NUM_PARALLEL={several[-1].layout.num_parallel} a server still worked on "
            f"{_at_work(several[-1]):.1f} requests at a time. Ollama does so for some model families, whatever the "
            "setting; a bigger GPU does not help, more servers or another model do"
        )


def _at_work(trial: Trial) -> float:
    """Requests at work at a time, per server."""
    return trial.throughput.at_work / len(trial.layout.servers) if trial.throughput else 0.0


def _memory_bound(series: Sequence[Trial]) -> Iterator[str]:
    """Say how much memory bandwidth one slot may take, if one slot was measured on a GPU; nvidia-smi gives no limit."""
    for trial in series[:1]:
        speed = trial.throughput.request_tokens_per_second if trial.throughput else None
        if trial.layout.num_parallel > 1 or trial.loaded is None or not trial.loaded.vram_bytes or not speed:
            return
        size = trial.loaded.vram_bytes / len(trial.layout.servers)
        yield (
            f"one slot writes {speed:.0f} tokens/s; if each token reads all {size / GIGABYTE:.1f} GB that the model "
            f"takes, that is about {speed * size / GIGABYTE:.0f} GB/s. If the data sheet of the GPU gives a memory "
            "bandwidth near that, one request is memory-bound: only more bandwidth or a smaller quantisation makes it "
            "faster, and several slots share each reading of the model"
        )


def _knee(series: Sequence[Trial]) -> Iterator[str]:
    """Say where the total stops growing because requests share what the processor can do."""
    for fewer, more in pairwise(series):
        one, other = fewer.throughput, more.throughput
        if one is None or other is None or more.rate >= LEAST_GAIN * fewer.rate or _at_work(more) <= ONE_AT_WORK:
            continue
        if more.fits and one.request_tokens_per_second and other.request_tokens_per_second:
            each = " per server" * (len(fewer.layout.servers) > 1)
            falls = fewer.rate >= LEAST_GAIN * more.rate
            yield (
                f"the knee is at {fewer.layout.num_parallel} slots{each}: with {more.layout.num_parallel}, a request "
                f"goes from {one.request_tokens_per_second:.1f} to {other.request_tokens_per_second:.1f} tokens/s, and "
                f"all together from {one.tokens_per_second:.0f} to {other.tokens_per_second:.0f} tokens/s. The "
                f"processor is at its limit; more slots {'are slower' if falls else 'only add latency'}"
            )


def _partly_on_cpu(trials: Sequence[Trial], best: Trial) -> Iterator[str]:
    """Say which is the first layout with which the model no longer fits the GPUs."""
    for trial in trials:
        if trial.partly_on_cpu and trial.loaded is not None and not trial.loaded.vram_bytes:
            yield (
                "the model is on the CPU although nvidia-smi lists GPUs: Ollama found none that it can use; the log of "
                "`ollama serve` says why"
            )
            return
        if trial.partly_on_cpu and trial.loaded is not None:
            rates = f" ({trial.rate:.2f} rows/s; the best layout has {best.rate:.2f})" if trial.rate else ""
            yield (
                f"part of the model on the CPU: as {trial.layout}, only {trial.loaded.vram_share:.0%} of its "
                f"{trial.loaded.size_bytes / GIGABYTE:.1f} GB is in GPU memory, and the CPU slows down every token"
                f"{rates}. A smaller --num_ctx, KV cache or quantisation makes room"
            )
            return


def _gpus_together(trials: Sequence[Trial]) -> Iterator[str]:
    """Compare one server over all GPUs with what a single GPU does."""
    over_all = [trial for trial in trials if len(trial.layout.servers) == 1 and len(trial.layout.servers[0]) > 1]
    joined = max(over_all, key=lambda trial: trial.rate, default=None)
    if joined is None or not joined.rate:
        return
    alike = [trial for trial in trials if trial.rate and trial.layout.settings == joined.layout.settings]
    alone = max((rate for trial in alike for rate in _gpu_rates(trial)), default=0.0)
    if joined.rate < LEAST_GAIN * alone:
        yield (
            f"{len(joined.layout.servers[0])} GPUs under one server are no faster than one: {joined.rate:.2f} rows/s, "
            f"while one GPU with a server of its own does {alone:.2f}. Ollama gives each GPU a part of the layers, and "
            "they work one after the other for each token: that helps only models that are too large for one GPU"
        )


def _gpu_rates(trial: Trial) -> list[float]:
    """Rows per second of each server, if each has a GPU of its own."""
    if trial.throughput is None or len(trial.layout.servers) < 2 or len(trial.layout.servers[0]) > 1:
        return []
    return list(trial.throughput.host_rows_per_second.values())


def _unequal_gpus(trials: Sequence[Trial], gpus: Sequence[Gpu]) -> Iterator[str]:
    """Say if a bigger GPU is no faster than a smaller one, by the fastest layout with a server for each."""
    by_number = {str(gpu.index): gpu for gpu in gpus}
    trial = max((each for each in trials if each.fits and _gpu_rates(each)), key=lambda each: each.rate, default=None)
    if trial is None:
        return
    known = [
        (by_number[devices[0]], rate)
        for devices, rate in zip(trial.layout.servers, _gpu_rates(trial), strict=True)
        if devices[0] in by_number
    ]
    ordered = sorted(known, key=lambda each: each[0].total_bytes)
    for (small, small_rate), (big, big_rate) in pairwise(ordered):
        if big.total_bytes > UNEQUAL_MEMORY * small.total_bytes and big_rate < LEAST_GAIN * small_rate:
            yield (
                f"the bigger GPU {big.index} ({big.total_bytes / GIGABYTE:.0f} GB, {big_rate:.2f} rows/s) is not "
                f"faster than GPU {small.index} ({small.total_bytes / GIGABYTE:.0f} GB, {small_rate:.2f} rows/s) with "
                f"{trial.layout.num_parallel} slots each: more memory only pays with more slots or a larger model; "
                "speed follows from memory bandwidth"
            )


def _reading(best: Trial) -> Iterator[str]:
    share = best.throughput.reading_share if best.throughput else None
    if share is not None and share >= MUCH_READING:
        yield (
            f"reading prompts takes {share:.0%} of the slots' time: a shorter prompt, glossary or context is faster, "
            "and so is a GPU with more compute"
        )


def _idle_gpus(best: Trial) -> Iterator[str]:
    busy = max(best.busy_percent.values(), default=100)
    if busy < LAZY_PERCENT:
        yield (
            f"the GPUs were at most {busy} % busy with the best layout: something else is the limit, such as the CPU "
            "of this machine or a model that is partly on it"
        )


def _small_cache(best: Trial) -> Iterator[str]:
    if best.layout.kv_cache_type is not None:
        yield (
            f"the KV cache type {best.layout.kv_cache_type} changes translations a little: compare some with "
            "`evaluate` or with --limit 20, before you keep it"
        )


def _few_answers(best: Trial) -> Iterator[str]:
    answers = best.throughput.answers if best.throughput else 0
    if answers < LEAST_ANSWERS:
        yield (
            f"the best layout was measured with only {answers} answer{'s' * (answers != 1)}, so the order of "
            "the layouts may be chance: set a longer --tune_seconds"
        )


def _series(trials: Sequence[Trial], like: Layout) -> list[Trial]:
    """The measured trials that differ from a layout in nothing but the slots; if it is one, those with defaults."""
    same = [trial for trial in trials if trial.layout.servers == like.servers and trial.rate]
    found = [trial for trial in same if trial.layout.settings == like.settings]
    return found if len(found) > 1 else [trial for trial in same if not trial.layout.settings]
