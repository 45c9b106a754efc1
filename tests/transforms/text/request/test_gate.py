from __future__ import annotations

import pytest
from hypothesis import example, given

from tests.transforms.text.texts import HARD, HUGE, mixtures
from transforms.text import flags
from transforms.text.request.gate import BLANK, Gate, classify, is_blank, source_flags
from transforms.text.request.sanitize import sanitize

PASSED = [
    *("4512", "—", "👍👍", "1️⃣", "½", "12 500,50 €", "12/03/2024", "2024-03-12T10:00:00Z", "???", "***"),
    *("https://exemple.fr/a?b=1", "www.exemple.fr", "ftp://exemple.fr/x", "service.client@exemple.fr"),
    *("AB-1234", "ABC-123", "FR76 3000 6000 0112", "14h30", "500mg", "v2.10.3", "\ud83d", "n°3"),
    *("550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d659a2feaa0c55ad015"),
    *("{nom}", "{{ client.nom }}", "${date}", "%s", "%(nom)s", "{heure:>10} {0}", "<br/>", "&nbsp;", "<hr class='x'>"),
]
SENT = [
    *("RAS", "PJ", "Nul !", "a", "Oui.", "12 km", "3ème", "1er", "2e", "500mg/jour", "3x/semaine", "12 mars 2024"),
    *("Le colis {numero} est perdu", "http://exemple.fr est en panne", "<b>résilié</b>", '{"statut": "fermé"}'),
    *("客户对产品质量不满意", "第3章", "Привет", "à5", "rapport_2024.pdf", "Réf. 123", "ABC-XYZ", "&eacute;té"),
]


@pytest.mark.parametrize(
    "text", ["", "   \n\t ", "\u00a0\u202f", "\u200b\ufeff", "\x00", "\u2060\u00ad", "\ufe0f", "\u3000"]
)
def test_invisible_texts_are_blank(text: str) -> None:
    assert classify(text) is Gate.BLANK


def test_null_is_not_blank() -> None:
    assert classify(None) is Gate.NULL


@pytest.mark.parametrize("text", PASSED)
def test_texts_without_words_are_passed_through(text: str) -> None:
    assert classify(text) is Gate.NON_LINGUISTIC


@pytest.mark.parametrize("text", SENT)
def test_texts_with_words_are_sent(text: str) -> None:
    assert classify(text) is Gate.TRANSLATE


def test_hard_texts() -> None:
    gates = {name: classify(text) for name, text in HARD.items()}
    passed = {name for name, gate in gates.items() if gate is not Gate.TRANSLATE}
    assert passed == {"number", "dash", "emoji", "address"}


@given(mixtures)
@example("0¼")
def test_every_text_is_classified_and_no_blank_text_is_sent(text: str) -> None:
    gate = classify(text)
    assert isinstance(source_flags(text, gate), tuple)
    assert (gate is Gate.BLANK) == is_blank(text)
    if gate is Gate.TRANSLATE:
        assert any(map(str.isalpha, text))
        assert sanitize(text).strip()


@given(mixtures)
def test_consecutive_words_are_sent_in_any_surroundings(text: str) -> None:
    assert classify(f"{text} la grue est là {text}") is Gate.TRANSLATE


def test_every_white_space_character_is_blank() -> None:
    assert not [character for character in map(chr, range(0x110000)) if character.isspace() and character not in BLANK]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_classification_takes_linear_time(text: str) -> None:
    assert set(source_flags(text, classify(text))) <= flags.SOURCE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, (flags.SRC_EMPTY,)),
        (" \u200b", (flags.SRC_EMPTY,)),
        ("4512", (flags.SRC_NON_LINGUISTIC,)),
        ("45\x0012", (flags.SRC_NON_LINGUISTIC, flags.SRC_ENCODING_FIXED)),
        ("Nul !", (flags.SRC_SHORT,)),
        ("Nul\x00 !", (flags.SRC_SHORT, flags.SRC_ENCODING_FIXED)),
        ("Un demi-emoji \ud83d coupe", (flags.SRC_ENCODING_FIXED,)),
        ("Un signe \ufffd illisible coupe", (flags.SRC_ENCODING_FIXED,)),
        ("La pie\u0300ce est arrivée hier", (flags.SRC_ENCODING_FIXED,)),
        ("Le dossier est complet.", ()),
        ("客户对产品质量不满意", ()),
    ],
)
def test_source_flags(text: str | None, found: tuple[str, ...]) -> None:
    assert source_flags(text, classify(text)) == found


def test_long_texts_are_classified_in_slices() -> None:
    assert classify("12 34 56 " * 50_000 + "La vanne fuit.") is Gate.TRANSLATE
    assert classify("12 34 56 " * 50_000) is Gate.NON_LINGUISTIC
    assert classify(" " * 300_000) is Gate.BLANK
    assert classify(" " * 300_000 + "12") is Gate.NON_LINGUISTIC
