from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from transforms.text.sanitize import sanitize


def test_what_is_repaired() -> None:
    assert sanitize("livre\u0301") == "livré"
    assert sanitize("\ufeffLe dossier") == "Le dossier"
    assert sanitize("un\x00 nul\x0b et\tune tabulation\r\n") == "un nul et\tune tabulation\r\n"
    assert sanitize("\ud83d\udc4d") == "👍"
    assert sanitize("\ud83d coupe") == "\ufffd coupe"


def test_what_is_left_alone() -> None:
    text = "½ m² ﬁn «\u202fici\u202f» n°\u00a03 — 客户 👍🏽"
    assert sanitize(text) is text


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_the_result_is_valid_composed_and_stable(text: str) -> None:
    once = sanitize(text)
    once.encode("utf-8")
    assert unicodedata.is_normalized("NFC", once)
    assert sanitize(once) == once or once.startswith("\ufeff")
