"""The doctor against healthy and sick loopback hosts, from its command line to what it prints."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.doctor.examine import TEXT
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.doctor.conftest import Doctor
from transforms.fleet.host.probe import MAX_AT_ONCE


def test_healthy_hosts(doctor: Doctor, sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(tokens_per_second=200.0), sandbox_host(tokens_per_second=200.0, load_seconds=0.05)]
    code, out, err = doctor("--hosts", ",".join(host.url for host in hosts))
    assert (code, err) == (0, "")
    assert "PROBLEM" not in out
    assert "ADVICE" not in out
    for host in hosts:
        (line,) = (line for line in out.splitlines() if host.url in line)
        assert "good" in line
        assert "800" in line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"models": ["llama3:latest"]}, ["'mistral' not found", "llama3:latest", "ollama pull mistral"]),
        ({"digest": "ab" * 32}, ["digest abababababab", "--allow_mixed_digests"]),
        ({"hang": True}, ["did not load within 1 s"]),
        ({"faults": [Fault("busy_503")]}, ["HTTP 503"]),
        ({"faults": [Fault("runner_died_500")]}, ["HTTP 500"]),
        ({"faults": [Fault("hang")]}, ["no answer within 1 s"]),
        ({"faults": [Fault("not_json", scope="get")]}, ["not Ollama's JSON"]),
    ],
)
def test_a_sick_host_is_named_with_its_reason(
    settings: dict[str, Any], words: list[str], doctor: Doctor, sandbox_host: MakeHost
) -> None:
    good = [sandbox_host(), sandbox_host()]
    sick = sandbox_host(**settings)
    urls = ",".join(host.url for host in [*good, sick])
    code, out, _ = doctor("--hosts", urls, "--request_timeout", "1")
    assert code == 1
    # A healthy host may miss the short timeout on a busy machine.
    (line,) = (line for line in out.splitlines() if line.startswith("PROBLEM") and sick.url in line)
    assert all(word in line for word in words)


def test_advice_is_given_for_each_host(doctor: Doctor, sandbox_host: MakeHost) -> None:
    old = sandbox_host(version="0.12.1", num_parallel=1, tokens_per_second=100.0)
    cpu = sandbox_host(vram_share=0.0, trained_context=2048)
    code, out, _ = doctor("--hosts", f"{old.url},{cpu.url}")
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("ADVICE")]
    assert any(old.url in line and "OLLAMA_NUM_PARALLEL=4" in line for line in lines)
    assert any(old.url in line and "0.12.6" in line for line in lines)
    assert any(cpu.url in line and "CPU only" in line for line in lines)
    assert any(cpu.url in line and "--num_ctx 2048" in line for line in lines)
    assert any("different versions" in line for line in lines)


def test_a_host_that_was_built_without_a_version_is_not_called_old(doctor: Doctor, sandbox_host: MakeHost) -> None:
    code, out, _ = doctor("--hosts", sandbox_host(version="0.0.0").url)
    assert code == 0
    assert "ADVICE" not in out


def test_a_model_that_others_use_with_another_context(doctor: Doctor, sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    assert doctor("--hosts", host.url, "--num_ctx", "2048")[0] == 0
    assert "loaded with a context of 2048" in doctor("--hosts", host.url)[1]


def test_a_second_model_that_is_missing_is_an_advice(doctor: Doctor, sandbox_host: MakeHost) -> None:
    code, out, _ = doctor("--hosts", sandbox_host().url, "--fallback_model", "qwen3:8b")
    assert code == 0
    assert "ollama pull qwen3:8b" in out


@pytest.mark.parametrize("fault", ["length", "done_false"])
def test_a_host_whose_answers_are_cut_is_usable_and_its_model_is_questioned(
    fault: str, doctor: Doctor, sandbox_host: MakeHost
) -> None:
    host = sandbox_host(faults=[Fault(fault)])
    code, out, _ = doctor("--hosts", host.url)
    assert code == 0
    assert "PROBLEM" not in out
    assert f"ADVICE {host.url}: its speed is unknown, as the model writes far more than a translation" in out


def test_one_cut_answer_is_measured_again_with_more_room(doctor: Doctor, sandbox_host: MakeHost) -> None:
    host = sandbox_host(tokens_per_second=200.0, faults=[Fault("length", marker="numéro 0 ", first_try_only=True)])
    code, out, _ = doctor("--hosts", host.url)
    assert code == 0
    assert "ADVICE" not in out


def test_an_answer_that_is_all_thinking_is_named(doctor: Doctor, sandbox_host: MakeHost) -> None:
    texts = [(TEXT.format(number), "<think>\nThis is French.\n</think>") for number in range(MAX_AT_ONCE)]
    code, out, _ = doctor("--hosts", sandbox_host(translations=texts).url)
    assert code == 1
    assert "the answer was all thinking; set --think false" in out


def test_models_with_other_digests_are_compared(doctor: Doctor, sandbox_host: MakeHost) -> None:
    weights = "cd" * 32
    usual = sandbox_host(weights=weights)
    same = sandbox_host(weights=weights, digest="ab" * 32)
    other = sandbox_host(weights=weights, digest="ef" * 32, template="{{ .Prompt }}")
    code, out, _ = doctor("--hosts", f"{usual.url},{same.url}")
    assert code == 0
    assert f"ADVICE {same.url}: its model has a digest of its own, but the same content as on {usual.url}" in out
    code, out, _ = doctor("--hosts", f"{usual.url},{other.url}")
    assert code == 1
    assert f"(different from {usual.url}: template)" in out


def test_two_addresses_of_one_server_are_named(doctor: Doctor, sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    second = host.url.replace("127.0.0.1", "127.1")
    code, out, _ = doctor("--hosts", f"{host.url},{second}")
    assert code == 1
    assert f"PROBLEM {second}: it is the same server as {host.url}" in out
