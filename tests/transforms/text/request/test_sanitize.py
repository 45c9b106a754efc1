from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from tests.transforms.text.texts import HARD, HUGE, anything, mixtures
from transforms.text.request.sanitize import sanitize


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("livre\u0301", "livré"),
        ("\ufeffLe dossier", "Le dossier"),
        ("\x00\ufeff\ufeffLe dossier", "Le dossier"),
        ("un\x00 nul\x0b et\tune tabulation\r\n\x7f", "un nul et\tune tabulation\r\n"),
        ("\ud83d\udc4d", "👍"),
        ("\ud83d coupe", "\ufffd coupe"),
        ("coupe \ud83d", "coupe \ufffd"),
        ("\udc4d\ud83d", "\ufffd\ufffd"),
        ("un \ufeff au milieu", "un \ufeff au milieu"),
        ("e\x00\u0301", "é"),
    ],
)
def test_invalid_and_decomposed_characters_are_repaired(text: str, sent: str) -> None:
    assert sanitize(text) == sent


def test_valid_texts_are_not_changed() -> None:
    text = "½ m² ﬁn «\u202fici\u202f» n°\u00a03 — 客户 👍🏽 Ã© \x85"
    assert sanitize(text) is text


@given(anything)
def test_the_result_is_valid_composed_and_stable(text: str) -> None:
    sent = sanitize(text)
    sent.encode("utf-8")
    assert unicodedata.is_normalized("NFC", sent)
    assert not sent.startswith("\ufeff")
    assert not any(unicodedata.category(character) == "Cs" or character == "\x00" for character in sent)
    assert sanitize(sent) is sent


@given(mixtures)
def test_only_controls_and_byte_order_marks_are_lost(text: str) -> None:
    def kept(some: str) -> str:
        lone = some.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ufeff", "")
        return unicodedata.normalize("NFD", "".join(one for one in lone if one >= " " and one != "\x7f"))

    assert kept(sanitize(text)) == kept(text)


@pytest.mark.parametrize("text", [*HARD.values(), *HUGE.values()], ids=[*HARD, *HUGE])
def test_hard_and_huge_texts_are_sanitised(text: str) -> None:
    sent = sanitize(text)
    sent.encode("utf-8")
    assert sanitize(sent) is sent
