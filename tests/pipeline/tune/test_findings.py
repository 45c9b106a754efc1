from __future__ import annotations

from dataclasses import replace

from pipeline.doctor.gpus import Gpu
from pipeline.tune.findings import findings
from pipeline.tune.layouts import Layout
from pipeline.tune.trial import Trial
from tests.pipeline.tune.trials import loaded, trial

GIGABYTE = 10**9
GPU = Gpu(0, "A", 0, 24 * GIGABYTE, 0)
BIGGER = Gpu(1, "B", 0, 48 * GIGABYTE, 0)
ONE = Layout((("0",),))
EACH = Layout((("0",), ("1",)))
OVER_ALL = Layout((("0", "1"),))


def slots(layout: Layout, number: int) -> Layout:
    return replace(layout, num_parallel=number)


def told(trials: list[Trial], best: Trial | None = None, gpus: tuple[Gpu, ...] = (GPU,)) -> str:
    return "\n".join(findings(trials, best or max(trials, key=lambda each: each.rate), gpus))


def test_one_slot_only() -> None:
    trials = [trial(slots(ONE, number), 5.0, at_work=1.0) for number in (1, 2)]
    assert "one slot only: with OLLAMA_NUM_PARALLEL=2 a server still worked on 1.0 requests" in told(trials)
    assert "one slot" not in told([trial(ONE, 5.0, at_work=1.0), trial(slots(ONE, 2), 9.0, at_work=1.9)]).replace(
        "one slot writes", ""
    )


def test_memory_bound_with_its_bandwidth() -> None:
    text = told([trial(ONE, 1.0, request_tokens_per_second=60.0), trial(slots(ONE, 2), 1.9)])
    assert "one slot writes 60 tokens/s; if each token reads all 5.0 GB that the model takes" in text
    assert "about 300 GB/s" in text


def test_the_knee() -> None:
    trials = [
        trial(slots(ONE, 4), 4.0, request_tokens_per_second=40.0, tokens_per_second=160.0),
        trial(slots(ONE, 8), 4.1, request_tokens_per_second=20.5, tokens_per_second=164.0),
    ]
    text = told(trials, trials[0])
    assert "the knee is at 4 slots: with 8, a request goes from 40.0 to 20.5 tokens/s" in text
    assert "from 160 to 164 tokens/s" in text
    assert "more slots only add latency" in text
    falling = trial(slots(ONE, 8), 3.0, request_tokens_per_second=15.0, tokens_per_second=120.0)
    assert "more slots are slower" in told([trials[0], falling], trials[0])
    assert "knee" not in told([trial(ONE, 1.0), trial(slots(ONE, 2), 1.9)])


def test_the_knee_of_the_layout_that_won_with_another_setting() -> None:
    trials = [
        trial(slots(EACH, 4), 4.0),
        trial(slots(EACH, 8), 4.0),
        trial(replace(slots(EACH, 4), flash_attention=True), 5),
    ]
    assert "the knee is at 4 slots per server" in told(trials)


def test_part_of_the_model_on_the_cpu() -> None:
    trials = [trial(slots(ONE, 2), 4.0), trial(slots(ONE, 4), 1.0, share=0.6)]
    text = told(trials)
    assert "as one server on GPU 0, 4 slots, only 60% of its 5.0 GB is in GPU memory" in text
    assert "(1.00 rows/s; the best layout has 4.00)" in text


def test_gpus_that_ollama_cannot_use() -> None:
    text = told([trial(ONE, 4.0, share=0.0)])
    assert "the model is on the CPU although nvidia-smi lists GPUs" in text
    assert "0%" not in text


def test_several_gpus_that_are_no_faster_than_one() -> None:
    rates = {"http://127.0.0.1:1": 3.0, "http://127.0.0.1:2": 3.1}
    trials = [trial(EACH, 6.1, host_rows_per_second=rates), trial(OVER_ALL, 3.2)]
    assert "2 GPUs under one server are no faster than one: 3.20 rows/s, while one GPU" in told(trials)
    trials[1] = trial(OVER_ALL, 5.0)
    assert "no faster" not in told(trials)
    # One GPU of a server with other settings is no measure of what the second GPU adds.
    fast = {"http://127.0.0.1:1": 6.0, "http://127.0.0.1:2": 6.1}
    trials.append(trial(replace(EACH, flash_attention=True), 12.1, host_rows_per_second=fast))
    assert "no faster" not in told(trials)


def test_a_bigger_gpu_that_is_not_faster() -> None:
    def rates(first: float, second: float) -> Trial:
        return trial(
            EACH, first + second, host_rows_per_second={"http://127.0.0.1:1": first, "http://127.0.0.1:2": second}
        )

    text = told([rates(3.0, 3.05)], gpus=(GPU, BIGGER))
    assert "the bigger GPU 1 (48 GB, 3.05 rows/s) is not faster than GPU 0 (24 GB, 3.00 rows/s)" in text
    assert "bigger GPU" not in told([rates(3.0, 5.0)], gpus=(GPU, BIGGER))
    assert "bigger GPU" not in told([rates(3.0, 3.0)], gpus=(GPU, replace(GPU, index=1)))


def test_reading_prompts_dominates() -> None:
    assert "reading prompts takes 70%" in told([trial(ONE, 1.0, reading_share=0.7)])
    assert "reading prompts" not in told([trial(ONE, 1.0, reading_share=None)])


def test_gpus_that_are_not_busy() -> None:
    idle = replace(trial(ONE, 1.0), busy_percent={0: 20, 1: 35})
    assert "the GPUs were at most 35 % busy" in told([idle])
    assert "busy" not in told([replace(idle, busy_percent={0: 20, 1: 95})])


def test_other_programs_on_the_gpus() -> None:
    assert "GPU 0 had 12.0 of 24.0 GB in use by other programs" in told(
        [trial(ONE, 1.0)], gpus=(replace(GPU, used_bytes=12 * GIGABYTE),)
    )


def test_a_machine_without_nvidia_smi() -> None:
    layout = Layout(((),))
    assert "the model was on the CPU" in told([trial(layout, 1.0, share=0.0)], gpus=())
    assert "ROCR_VISIBLE_DEVICES" in told([trial(layout, 1.0)], gpus=())


def test_a_smaller_cache_changes_translations() -> None:
    assert "the KV cache type q8_0 changes" in told([trial(replace(ONE, kv_cache_type="q8_0"), 1.0)])


def test_few_answers_are_chance() -> None:
    assert "measured with only 1 answer, so" in told([trial(ONE, 1.0, answers=1)])
    assert "chance" not in told([trial(ONE, 1.0, answers=8)])


def test_unknown_figures_are_no_findings() -> None:
    unknown = Trial(ONE, trial(ONE, 1.0, request_tokens_per_second=None, reading_share=None, at_work=2.0).throughput)
    assert told([unknown, replace(unknown, layout=slots(ONE, 2), loaded=loaded())]) == ""
