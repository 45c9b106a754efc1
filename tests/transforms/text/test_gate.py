from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text import flags
from transforms.text.gate import Gate, classify, source_flags


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        (None, Gate.NULL),
        ("", Gate.BLANK),
        ("   \n\t ", Gate.BLANK),
        ("\u00a0\u202f", Gate.BLANK),
        ("\u200b\ufeff", Gate.BLANK),
        ("\x00", Gate.BLANK),
        ("4512", Gate.NON_LINGUISTIC),
        ("—", Gate.NON_LINGUISTIC),
        ("👍👍", Gate.NON_LINGUISTIC),
        ("https://exemple.fr/a?b=1", Gate.NON_LINGUISTIC),
        ("service.client@exemple.fr", Gate.NON_LINGUISTIC),
        ("{nom}", Gate.NON_LINGUISTIC),
        ("AB-1234", Gate.NON_LINGUISTIC),
        ("12 500,50 €", Gate.NON_LINGUISTIC),
        ("RAS", Gate.TRANSLATE),
        ("PJ", Gate.TRANSLATE),
        ("Nul !", Gate.TRANSLATE),
        ("Le colis {numero} est perdu", Gate.TRANSLATE),
        ("客户对产品质量不满意", Gate.TRANSLATE),
        ("http://exemple.fr est en panne", Gate.TRANSLATE),
        ("<b>résilié</b>", Gate.TRANSLATE),
    ],
)
def test_what_is_sent(text: str | None, gate: Gate) -> None:
    assert classify(text) is gate


@given(st.text(alphabet=st.characters()))
def test_any_text_has_a_gate_and_nothing_blank_is_sent(text: str) -> None:
    gate = classify(text)
    assert isinstance(source_flags(text, gate), tuple)
    if not text.strip():
        assert gate is Gate.BLANK


def test_flags_of_sources() -> None:
    assert source_flags(None, Gate.NULL) == (flags.SRC_EMPTY,)
    assert source_flags("4512", Gate.NON_LINGUISTIC) == (flags.SRC_NON_LINGUISTIC,)
    assert source_flags("Nul !", Gate.TRANSLATE) == (flags.SRC_SHORT,)
    assert source_flags("Le capteur a transmis un\x00 caractère", Gate.TRANSLATE) == (flags.SRC_ENCODING_FIXED,)
    assert source_flags("Un demi-emoji \ud83d coupe ce message", Gate.TRANSLATE) == (flags.SRC_ENCODING_FIXED,)
    assert source_flags("Le dossier est complet et signé.", Gate.TRANSLATE) == ()
