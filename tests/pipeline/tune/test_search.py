from __future__ import annotations

import asyncio
from collections.abc import Callable

from pipeline.tune.layouts import Layout
from pipeline.tune.search import Search
from pipeline.tune.time_limit import TimeIsUp
from pipeline.tune.trial import Trial
from tests.pipeline.tune.trials import failed, trial


def searched(devices: list[str], world: Callable[[Layout], Trial], most: int = 100) -> Search:
    """A search in a world that says what each layout does, with time for so many trials."""

    async def attempt(layout: Layout) -> Trial:
        if len(search.trials) == most:
            raise TimeIsUp
        return world(layout)

    search = Search(devices, attempt)
    asyncio.run(search.run())
    return search


def tried(search: Search) -> list[str]:
    return [str(each.layout) for each in search.trials]


def best(search: Search) -> str:
    assert search.best is not None
    return str(search.best.layout)


def test_slots_are_doubled_until_the_gain_is_small() -> None:
    search = searched([], lambda layout: trial(layout, min(layout.num_parallel, 6)))
    assert tried(search)[:5] == [f"one server, {number} slot{'s' * (number > 1)}" for number in (1, 2, 4, 8, 16)]
    assert best(search) == "one server, 8 slots"
    assert search.untried is None


def test_slots_have_an_upper_bound() -> None:
    search = searched([], lambda layout: trial(layout, layout.num_parallel))
    assert max(each.layout.num_parallel for each in search.trials) == 32


def test_one_server_over_all_gpus_starts_with_the_slots_of_the_other_placement() -> None:
    def world(layout: Layout) -> Trial:
        return trial(layout, min(layout.num_parallel, 4) * (2 if len(layout.servers) > 1 else 1))

    search = searched(["0", "1"], world)
    over_all = [each for each in tried(search) if each.startswith("one server over")]
    assert over_all == ["one server over 2 GPUs, 4 slots", "one server over 2 GPUs, 8 slots"]
    assert best(search) == "one server per GPU, 4 slots each"


def test_a_model_that_is_too_large_for_one_gpu_gets_all() -> None:
    def world(layout: Layout) -> Trial:
        return trial(layout, 1.0, share=0.6) if len(layout.servers) > 1 else trial(layout, layout.num_parallel)

    search = searched(["0", "1"], world)
    assert tried(search)[:2] == ["one server per GPU, 1 slot each", "one server over 2 GPUs, 1 slot"]
    assert best(search) == "one server over 2 GPUs, 32 slots"


def test_groups_of_gpus_are_tried_for_a_model_that_is_too_large_for_one() -> None:
    def world(layout: Layout, gpus_needed: int) -> Trial:
        gpus = len(layout.servers[0])
        return trial(layout, len(layout.servers), share=1.0 if gpus >= gpus_needed else 0.5)

    def placed(gpus_needed: int) -> list[str]:
        search = searched(["0", "1", "2", "3"], lambda layout: world(layout, gpus_needed))
        return list(dict.fromkeys(each.layout.placement for each in search.trials))

    each, pairs, over_all = "one server per GPU", "one server per 2 GPUs", "one server over 4 GPUs"
    assert placed(1) == [each, over_all]
    assert placed(2) == [each, pairs, over_all]


def test_settings_are_kept_only_if_they_gain() -> None:
    def world(layout: Layout) -> Trial:
        return trial(layout, 10 * (1.2 if layout.flash_attention else 1) * (1.04 if layout.kv_cache_type else 1))

    search = searched([], world)
    assert tried(search)[-2:] == [
        "one server, 1 slot, flash attention",
        "one server, 1 slot, flash attention, KV cache q8_0",
    ]
    assert best(search) == "one server, 1 slot, flash attention"


def test_memory_that_a_smaller_cache_frees_is_used_for_slots() -> None:
    fits = {None: 4, "q8_0": 8, "q4_0": 16}

    def world(layout: Layout) -> Trial:
        if layout.num_parallel > fits[layout.kv_cache_type]:
            return failed(layout)
        return trial(layout, layout.num_parallel)

    search = searched([], world)
    assert best(search) == "one server, 16 slots, flash attention, KV cache q4_0"
    assert not any(each.layout.kv_cache_type == "q8_0" and each.layout.num_parallel > 16 for each in search.trials)


def test_a_model_that_is_partly_on_the_cpu_gets_no_more_slots() -> None:
    search = searched(
        ["0"], lambda layout: trial(layout, layout.num_parallel, share=0.5 if layout.num_parallel > 2 else 1)
    )
    plain = [each.layout.num_parallel for each in search.trials if not each.layout.settings]
    assert plain == [1, 2, 4]


def test_nothing_works() -> None:
    search = searched(["0", "1"], failed)
    assert tried(search) == ["one server per GPU, 1 slot each", "one server over 2 GPUs, 1 slot"]
    assert search.best is None
    assert search.untried is None


def test_time_is_up() -> None:
    search = searched([], lambda layout: trial(layout, layout.num_parallel), most=3)
    assert (best(search), str(search.untried)) == ("one server, 4 slots", "one server, 8 slots")
