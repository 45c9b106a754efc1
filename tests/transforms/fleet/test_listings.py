from __future__ import annotations

from typing import Any

import pytest

from transforms.fleet.listings import read_details, read_loaded, read_models

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


@pytest.mark.parametrize("value", ["\ud800" * 64, "x" * 1_000_000, "AB" * 32, 5, None, "a\x00b"])
def test_a_digest_that_is_none_is_empty(value: Any) -> None:
    (model,) = read_models({"models": [{"name": "mistral", "digest": value}]})
    assert model.digest == ""


@pytest.mark.parametrize("value", [-1, True, "5", None, 1e30, 1 << 70])
def test_sizes_that_can_not_be_are_unknown(value: Any) -> None:
    (model,) = read_loaded({"models": [{"name": "mistral", "size": value, "context_length": value}]})
    assert (model.size_bytes, model.context_length, model.vram_share) == (0, None, 1.0)


def test_details() -> None:
    details = read_details(SHOWN)
    assert (details.trained_context, details.architecture, details.capabilities) == (8192, "llama", ("completion",))
    assert read_details({}).content == ()


def test_equal_content_is_recognised_whatever_the_hosts_paths() -> None:
    elsewhere = {
        **SHOWN,
        "modelfile": SHOWN["modelfile"].replace("/opt/models/blobs/sha256-", "D:\\models\\blobs\\sha256-"),
        "parameters": 'stop  "[INST]"\nnum_ctx  4096',
        "modified_at": "2026-01-01",
    }
    assert read_details(elsewhere).content == read_details(SHOWN).content != ()


@pytest.mark.parametrize(
    "change",
    [
        {"modelfile": SHOWN["modelfile"].replace(BLOB, "cd" * 32)},
        {"parameters": "num_ctx  2048"},
        {"template": "{{ .System }}"},
        {"system": "Be brief."},
        {"modelfile": f"{SHOWN['modelfile']}\nADAPTER /x/sha256-{'cd' * 32}"},
    ],
)
def test_other_content_is_told_apart(change: dict[str, Any]) -> None:
    assert read_details({**SHOWN, **change}).content != read_details(SHOWN).content
