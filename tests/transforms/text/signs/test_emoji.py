from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.emoji import emoji_findings, without_emoji_tail


@pytest.mark.parametrize(
    ("source", "translation", "found"),
    [
        ("Merci", "Thanks :)", (flags.EMOJI_MISMATCH,)),
        ("Merci :-)", "Thanks :-)", ()),
        ("Merci", "Thanks ✔", (flags.EMOJI_MISMATCH,)),
        ("Merci 👍", "Thanks 👍", ()),
        ("Merci 👍", "Thanks", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks 😀", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks xD", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks ^_^", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks ~", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks !!!", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks. Hehe", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks #pump #water", (flags.EMOJI_MISMATCH,)),
        ("Merci bien", "Thanks :) a lot", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks :smile:", (flags.EMOJI_MISMATCH,)),
        ("Merci", "Thanks!!!", (flags.EMOJI_MISMATCH,)),
        ("Merci !!!", "Thanks !!!", ()),
        ("Merci", "Thanks!", ()),
        ("Merci pour le #42", "Thanks for #42", ()),
    ],
)
def test_emoji_of_one_text_alone(source: str, translation: str, found: tuple[str, ...]) -> None:
    assert names(emoji_findings(source, translation)) == found


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Thanks 👍 👍\ufe0f ", "Thanks"), ("Thanks.", "Thanks."), ("👍 Thanks ", "👍 Thanks "), ("👍", ""), ("", "")],
)
def test_emoji_at_the_end(text: str, kept: str) -> None:
    assert without_emoji_tail(text) == kept
