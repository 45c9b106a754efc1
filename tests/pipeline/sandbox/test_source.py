from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox.source import source_of

TEXT = "Première ligne.\n\nSeconde ligne.\n"


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (f"<source>\n{TEXT}\n</source>", TEXT),
        (f"Translate.\n<source>{TEXT}</source>\n", TEXT.removesuffix("\n")),
        (
            "<source>\nLa balise </source> ferme, <source> ouvre.\n</source>",
            "La balise </source> ferme, <source> ouvre.",
        ),
        ("<source>\nsans fin", "sans fin"),
        ("translate this French text into English: Bonjour", "Bonjour"),
        ("translate this French text into English: La balise <source> ouvre", "La balise <source> ouvre"),
        (f"You are a translator. Produce only English. Please translate into English:\n\n\n{TEXT}", TEXT.strip()),
        (
            "Translate the following French source text to English:\nFrench: Bonjour\nà tous\nEnglish: ",
            "Bonjour\nà tous",
        ),
        ("Translate the following French sentence into English:\nBonjour <en>", "Bonjour"),
        ("Translate the following text into English. Note: only that.\n\nBonjour\n\nà tous", "Bonjour\n\nà tous"),
        ("Bonjour", "Bonjour"),
        ("\n", "\n"),
    ],
)
def test_the_text_is_found(prompt: str, text: str) -> None:
    assert source_of(prompt) == text


@given(st.text())
def test_whatever_stands_between_the_tags_is_the_text(text: str) -> None:
    assert source_of(f"<source>\n{text}\n</source>") == text
