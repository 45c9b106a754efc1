from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.transforms.text.clean_pairs import clean_pairs
from transforms.errors import UsageError
from transforms.text.request import source_language as module
from transforms.text.request.source_language import language_detector, language_of

FRENCH = "Le technicien a remplacé la vanne. La pression est revenue à la normale dans la journée."
ENGLISH = "The technician replaced the valve. The pressure returned to normal within the day."

SHORT = {
    "es": [
        "Hay que cambiar la bomba del edificio.",
        "Fuga de agua en el sótano, urgente.",
        "Gracias por su respuesta.",
    ],
    "de": [
        "Wasserschaden im Keller, dringend.",
        "Sitzung auf Montag verschoben.",
        "Pumpe ausgetauscht, Druck geprüft.",
    ],
    "it": ["Bisogna sostituire la pompa dell'edificio.", "Perdita d'acqua in cantina, urgente.", "Riunione rinviata."],
    "pt": ["O elevador não funciona desde ontem.", "O cliente pede uma cópia da fatura.", "Obrigado pela resposta."],
    "nl": ["De lift werkt sinds gisteren niet.", "Waterlek in de kelder, dringend.", "Dank u voor uw snelle antwoord."],
    "en": [
        "Water leak in the basement, urgent.",
        "Meeting postponed until Monday.",
        "Pump replaced, pressure checked.",
    ],
}

Detect = Callable[[str], "str | None"]


@pytest.fixture(scope="module")
def detect() -> Detect:
    return language_detector("lingua")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FRENCH, "fr"),
        (ENGLISH, "en"),
        ("El cliente está muy descontento con el servicio y quiere una devolución.", "es"),
        ("Il cliente non è contento del servizio e chiede il rimborso della somma.", "it"),
        ("Der Kunde ist mit der Lieferung nicht zufrieden und will sein Geld.", "de"),
        ("O cliente não está satisfeito com o serviço e quer o dinheiro.", "pt"),
        ("De klant is niet tevreden met de levering en wil het geld terug.", "nl"),
        ("客户对产品质量不满意，要求退货。", "zh"),
        ("Клиент недоволен доставкой.", "ru"),
        ("製品の品質に不満があります。", "ja"),
        (f"{FRENCH} {ENGLISH}", None),
        (f"{ENGLISH} {ENGLISH} La vanne neuve fuit toujours un peu.", None),
        *(
            (text, None)
            for text in ("", "RAS", "4512", "Mme Orsat", "PJ", "OK merci", "AB-1234", "Saint-Aubert", "👍👍")
        ),
        ("Café Les Deux Rives, 3, place de la Halle, 24110 Saint-Aubert", None),
        ("https://exemple.org/the/and/of/with/this/page", None),
    ],
)
def test_language_of_a_text(text: str, code: str | None) -> None:
    assert language_of(text) == code


def test_no_french_text_is_taken_for_another_language_and_no_english_one() -> None:
    pairs = clean_pairs()
    assert {language_of(pair.french) for pair in pairs} == {"fr", None}
    assert {language_of(pair.english) for pair in pairs} == {"en", None}
    assert sum(language_of(pair.french) == "fr" for pair in pairs) >= 0.7 * len(pairs)


def test_a_foreign_language_is_found_as_the_language_of_a_text_is() -> None:
    pairs = clean_pairs()
    shorts = [text for texts in SHORT.values() for text in texts]
    texts = [text for pair in pairs for text in (pair.french, pair.english, f"{pair.french} {pair.english}")]
    texts += [" ".join(shorts[first : first + 3]) for first in range(len(shorts))]
    texts += [*shorts, *map(str.upper, shorts), "製品の品質に不満があります。", "Дверь не закрывается.", "", "4512"]
    foreign_language = language_detector("words")
    expected = [None if (code := language_of(text)) == "fr" else code for text in texts]
    assert [foreign_language(text) for text in texts] == expected
    assert {"en", "es", None} < set(expected)


def test_lingua_identifies_short_texts(detect: Detect) -> None:
    found = [detect(text) == code for code, texts in SHORT.items() for text in texts]
    by_words = [language_of(text) == code for code, texts in SHORT.items() for text in texts]
    assert sum(found) >= 15
    assert sum(by_words) < 9


def test_no_french_text_is_identified_as_another_language(detect: Detect) -> None:
    pairs = clean_pairs()
    assert {detect(pair.french) for pair in pairs} == {"fr", None}
    english = Counter(detect(pair.english) for pair in pairs)
    assert set(english) <= {
        "en",
        "fr",
        None,
    }  # addresses and menus count as French and are translated, which does no harm
    assert english["en"] >= 0.75 * len(pairs)


def test_a_text_with_a_french_sentence_is_not_english(detect: Detect) -> None:
    english = "The pump was replaced on Monday and the pressure is back to normal. "
    assert detect(english) == "en"
    assert detect(f"{english * 5}Le client n'est pas satisfait de la réparation.") != "en"


@pytest.mark.parametrize("text", ["", "OK", "4512", "👍", "x" * 5000, "客户对产品质量不满意，要求退货。"])
def test_uncertain_texts_have_no_language(detect: Detect, text: str) -> None:
    assert detect(text) in (None, "zh")


def test_a_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--langid lingua needs .*pip install 'beam-ollama-translate\[langid\]'"):
        language_detector("lingua")
