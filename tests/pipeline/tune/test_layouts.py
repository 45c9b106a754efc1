from __future__ import annotations

from pipeline.tune.layouts import Layout, placements, visible_devices


def test_a_layout_is_told_in_words() -> None:
    assert str(Layout(((),))) == "one server, 1 slot"
    assert str(Layout((("0",), ("1",)), 4, True, "q8_0")) == (
        "one server per GPU, 4 slots each, flash attention, KV cache q8_0"
    )
    assert str(Layout((("0", "1"),), 2, False)) == "one server over 2 GPUs, 2 slots, no flash attention"
    assert str(Layout((("1",),))) == "one server on GPU 1, 1 slot"
    assert str(Layout((("0", "1"), ("2", "3")))) == "one server per 2 GPUs, 1 slot each"


def test_the_variables_of_a_server() -> None:
    two = Layout((("0",), ("1",)), 4, True, "q8_0")
    assert two.variables(1) == {
        "OLLAMA_NUM_PARALLEL": "4",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_KEEP_ALIVE": "30m",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "1",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_KV_CACHE_TYPE": "q8_0",
    }
    over = Layout((("GPU-a", "GPU-b"),)).variables(0)
    assert (over["CUDA_VISIBLE_DEVICES"], over["OLLAMA_SCHED_SPREAD"]) == ("GPU-a,GPU-b", "1")
    assert "CUDA_DEVICE_ORDER" not in over
    assert (
        not {"CUDA_VISIBLE_DEVICES", "OLLAMA_FLASH_ATTENTION", "OLLAMA_KV_CACHE_TYPE"}
        & Layout(((),)).variables(0).keys()
    )


def test_a_server_inherits_the_store_but_no_settings_and_no_debug_log() -> None:
    inherited = {
        "OLLAMA_MODELS": "/models",
        "OLLAMA_NUM_PARALLEL": "9",
        "OLLAMA_KV_CACHE_TYPE": "q4_0",
        "OLLAMA_DEBUG": "1",
        "ROCR_VISIBLE_DEVICES": "1",
    }
    environment = Layout(((),), 2).environment(0, "127.0.0.1:5", inherited)
    assert environment == {
        "OLLAMA_MODELS": "/models",
        "ROCR_VISIBLE_DEVICES": "1",
        "OLLAMA_NUM_PARALLEL": "2",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_KEEP_ALIVE": "30m",
        "OLLAMA_HOST": "127.0.0.1:5",
    }


def test_placements() -> None:
    assert placements([]) == [((),)]
    assert placements(["0"]) == [(("0",),)]
    assert placements(["0", "1"]) == [(("0",), ("1",)), (("0", "1"),)]
    assert placements(["0", "1", "2"]) == [(("0",), ("1",), ("2",)), (("0", "1", "2"),)]
    assert placements(["0", "1", "2", "3"])[1] == (("0", "1"), ("2", "3"))


def test_only_gpus_that_the_environment_shows_are_used() -> None:
    assert visible_devices([0, 1], {}) == ["0", "1"]
    assert visible_devices([0, 1], {"CUDA_VISIBLE_DEVICES": "1"}) == ["1"]
    assert visible_devices([0, 1], {"CUDA_VISIBLE_DEVICES": "-1"}) == []
    assert visible_devices([0, 1], {"CUDA_VISIBLE_DEVICES": "GPU-a, GPU-b"}) == ["GPU-a", "GPU-b"]
    assert visible_devices([], {"CUDA_VISIBLE_DEVICES": "0"}) == []
