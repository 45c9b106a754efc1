from __future__ import annotations

from typing import Any

import pytest

from transforms.fleet.http.listings import read_details, read_loaded, read_models

BLOB = "ab" * 32
SHOWN: dict[str, Any] = {
    "modelfile": f"# Modelfile\nFROM /opt/models/blobs/sha256-{BLOB}\nTEMPLATE {{{{ .Prompt }}}}",
    "parameters": 'num_ctx  4096\nstop  "[INST]"',
    "template": "{{ .Prompt }}",
    "details": {"family": "llama", "quantization_level": "Q4_0"},
    "model_info": {"general.architecture": "llama", "llama.context_length": 8192},
    "capabilities": ["completion"],
}


def test_a_model_that_runs_elsewhere_is_recognised() -> None:
    listed = read_models(
        {
            "models": [
                {"name": "a:latest", "digest": BLOB, "size": 5},
                {"name": "b", "remote_host": "https://ollama.com"},
                {"name": "c", "remote_model": "x"},
            ]
        }
    )
    assert [(model.name, model.digest, model.size_bytes, model.remote) for model in listed] == [
        ("a:latest", BLOB, 5, False),
        ("b", "", 0, True),
        ("c", "", 0, True),
    ]


@pytest.mark.parametrize("value", ["\ud800" * 64, "x" * 1_000_000, "AB" * 32, "a" * 63, "a" * 65, 5, None, "a\x00b"])
def test_a_digest_that_is_none_is_empty(value: Any) -> None:
    (model,) = read_models({"models": [{"name": "mistral", "digest": value}]})
    assert model.digest == ""


@pytest.mark.parametrize("value", [-1, True, "5", None, 1e30, 1 << 70])
def test_sizes_that_can_not_be_are_unknown(value: Any) -> None:
    (model,) = read_loaded({"models": [{"name": "mistral", "size": value, "context_length": value}]})
    assert (model.size_bytes, model.context_length, model.vram_share) == (0, None, 1.0)


def test_the_share_in_gpu_memory() -> None:
    (model,) = read_loaded({"models": [{"name": "mistral", "size": 10, "size_vram": 4, "context_length": 4096}]})
    assert (model.size_bytes, model.vram_share, model.context_length) == (10, 0.4, 4096)


@pytest.mark.parametrize(
    ("architecture", "told"), [("qwen3", "qwen3"), ("l'élan", ""), ("modèle", ""), ("a b", ""), (5, "")]
)
def test_an_architecture_is_told_if_it_is_a_plain_word(architecture: Any, told: str) -> None:
    details = read_details({"model_info": {"general.architecture": architecture, "qwen3.context_length": 40960}})
    assert (details.architecture, details.trained_context) == (told, 40960 if told else None)


def test_details() -> None:
    details = read_details(SHOWN)
    assert (details.trained_context, details.architecture, details.capabilities) == (8192, "llama", ("completion",))
    assert read_details({}).content == ()


def test_equal_content_is_recognised_whatever_the_hosts_paths() -> None:
    elsewhere = {
        **SHOWN,
        "modelfile": SHOWN["modelfile"].replace("/opt/models/blobs/sha256-", "D:\\models\\blobs\\sha256-"),
        "parameters": 'stop  "[INST]"\nnum_ctx  4096',
        "details": dict(reversed(SHOWN["details"].items())),
        "model_info": {**SHOWN["model_info"], "general.file_type": 2},
        "modified_at": "2026-01-01",
    }
    assert read_details(elsewhere).content == read_details(SHOWN).content != ()


def test_adapters_are_the_same_in_any_order_and_case() -> None:
    adapters = [f"ADAPTER /x/sha256-{digits * 32}" for digits in ("cd", "0f", "7a", "e1", "12")]
    one = {**SHOWN, "modelfile": "\n".join([SHOWN["modelfile"], *adapters])}
    other = {**SHOWN, "modelfile": "\n".join([*reversed(adapters), SHOWN["modelfile"]]).replace("ADAPTER", "adapter")}
    assert read_details(one).content == read_details(other).content


def test_the_parts_that_differ_are_named() -> None:
    changed = read_details({**SHOWN, "template": "{{ .System }}", "parameters": ""})
    assert changed.differences(read_details(SHOWN)) == ("parameters", "template")
    assert changed.differences(changed) == ()


def test_without_weights_there_is_no_content() -> None:
    assert read_details({**SHOWN, "modelfile": "FROM mistral"}).content == ()


def test_a_part_with_half_a_character_is_compared_too() -> None:
    assert read_details({**SHOWN, "template": "\ud800"}).content != read_details(SHOWN).content


@pytest.mark.parametrize(
    "change",
    [
        {"modelfile": SHOWN["modelfile"].replace(BLOB, "cd" * 32)},
        {"parameters": "num_ctx  2048"},
        {"template": "{{ .System }}"},
        {"system": "Be brief."},
        {"messages": [{"role": "user", "content": "Bonjour"}]},
        {"details": {**SHOWN["details"], "quantization_level": "Q8_0"}},
        {"modelfile": f"{SHOWN['modelfile']}\nADAPTER /x/sha256-{'cd' * 32}"},
    ],
)
def test_other_content_is_told_apart(change: dict[str, Any]) -> None:
    assert read_details({**SHOWN, **change}).content != read_details(SHOWN).content
