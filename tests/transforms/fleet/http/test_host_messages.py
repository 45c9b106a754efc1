from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.fleet.http.host_messages import LONGEST_MESSAGE, quotable, quotable_model, quotable_version


@pytest.mark.parametrize(
    "text",
    [
        "server busy, please try again. maximum pending requests exceeded",
        "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error",
        "check ollama server logs for details",
        "an error was encountered while running the model: unexpected EOF",
        "llama runner process no longer running: -1",
        "model requires more system memory (9.1 GiB) than is available (4.0 GiB)",
        "CUDA error: out of memory",
        'option "num_ctx" must be of type integer',
        "the input length exceeds the context length",
        "404 page not found",
    ],
)
def test_texts_of_servers_are_shown_whole(text: str) -> None:
    assert quotable(text) == text


def test_html_is_reduced_to_its_text() -> None:
    assert quotable("<html><style>a {}</style><body><h1>502 Bad Gateway</h1></body></html>") == "502 Bad Gateway"


def test_what_no_server_says_is_hidden() -> None:
    shown = quotable("can't run the model on 'Le mot Brimborion, né le 3/4/1971'", private="né le 3/4/1971")
    assert shown == "can't run the model on '…'"


def test_a_known_name_is_shown_wherever_it_stands() -> None:
    assert quotable("model 'zephyr:7b' not found, try zephyr:7b", "zephyr:7b") == (
        "model 'zephyr:7b' not found, try zephyr:7b"
    )
    assert quotable("model 'zephyr:7b' not found", "mistral") == "model '…:7…' not found"


@given(st.text())
def test_nothing_that_is_shown_breaks_a_line_or_grows(text: str) -> None:
    shown = quotable(text)
    assert len(shown) <= LONGEST_MESSAGE
    assert shown.isprintable()
    assert quotable(shown) == shown or "…" in shown


@given(st.text(alphabet="éàçœßжы漢字ẞ", min_size=1))
def test_no_letter_of_other_alphabets_is_shown(text: str) -> None:
    assert not set(quotable(f"error {text} on {text}")) & set(text)


@pytest.mark.parametrize("version", ["0.33.0", "0.24.0", "0.33.0-rc2", "0.0.0", "v0.12.11", "0.5.7-6-g60d3be5"])
def test_versions(version: str) -> None:
    assert quotable_version(version) == version


@pytest.mark.parametrize("version", ["", "Brimborion", "0.33\nforged", "0.33.0 Brimborion", "9" * 100, "0.33.0\x00"])
def test_texts_that_are_no_versions(version: str) -> None:
    assert quotable_version(version) == ""


def test_names_of_models() -> None:
    for name in ("mistral:latest", "registry.ollama.ai/library/x:7b-instruct_q4", "hf.co/a/B-GGUF:Q4_K_M"):
        assert quotable_model(name) == name
    for name in ("", "two words", "a\nb", "x" * 300, "\x1b[31m"):
        assert quotable_model(name) == "…"


def test_a_long_message_is_cut_at_the_limit() -> None:
    assert quotable("error " * 26) == ("error " * 26).rstrip()
    cut = quotable("error " * 100)
    assert cut == ("error " * 100)[: LONGEST_MESSAGE - 1] + "…"
    assert len(cut) == LONGEST_MESSAGE
