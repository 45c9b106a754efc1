from __future__ import annotations

import pytest

from tests.transforms.text.clean_pairs import clean_pairs
from transforms.text import flags, language
from transforms.text.findings import names
from transforms.text.language import is_french, language_findings
from transforms.text.reading import read
from transforms.text.source_language import language_of

FRENCH = "Le technicien a remplacé la vanne. La pression est revenue à la normale dans la journée."
ENGLISH = "The technician replaced the valve. The pressure returned to normal within the day."


@pytest.mark.parametrize(
    ("source", "answer", "found"),
    [
        (FRENCH, ENGLISH, ()),
        (FRENCH, FRENCH, (flags.UNTRANSLATED,)),
        (FRENCH.upper(), FRENCH.upper(), (flags.UNTRANSLATED,)),
        (FRENCH, f"The technician replaced the valve. {FRENCH.split('. ')[1]}", (flags.PARTLY_UNTRANSLATED,)),
        (
            FRENCH,
            "The technician replaced the valve mais la pression est revenue à la normale pendant la nuit.",
            (flags.PARTLY_UNTRANSLATED,),
        ),
        (
            "Le rapport est prêt. Il concerne l'usine de Thoiry et le contrôle des installations du site.",
            "The report is ready and it is about l'usine de Thoiry et le contrôle des installations du site.",
            (flags.PARTLY_UNTRANSLATED,),
        ),
        (FRENCH, "Nous avons bien changé la pièce et tout est rentré dans l'ordre.", (flags.WRONG_LANGUAGE,)),
        (FRENCH, "El técnico cambió la válvula y la presión volvió a lo normal.", (flags.WRONG_LANGUAGE,)),
        (FRENCH, "Der Techniker hat das Ventil ersetzt und der Druck ist wieder normal.", (flags.WRONG_LANGUAGE,)),
        (FRENCH, "技术人员更换了阀门。", (flags.NON_LATIN_OUTPUT,)),
        (FRENCH, ENGLISH.replace("valve", "клапан"), (flags.NON_LATIN_OUTPUT,)),
        ("Résistance de 10 kΩ, angle α.", "10 kΩ resistor, angle α.", ()),
        ("L'enseigne « 北京饭店 » est cassée.", "The sign “北京饭店” is broken.", ()),
        ("Rue de la Halle, Saint-Aubert-sur-Orne", "Rue de la Halle, Saint-Aubert-sur-Orne", ()),
        ("OK", "OK", ()),
        ("Elle a lu « Le Vent dans les tuiles ».", "She has read “Le Vent dans les tuiles”.", ()),
    ],
)
def test_what_the_language_says(source: str, answer: str, found: tuple[str, ...]) -> None:
    assert names(language_findings(source, answer)) == found


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


def test_names_are_not_french_prose() -> None:
    assert not is_french("Société d'exploitation des Carrières de la Vézère")
    assert is_french("Porte bloquée, pièce commandée, attente livraison")


@pytest.mark.parametrize("text", ["pompe défectueuse", "vu que", "Il n'est pas là", "Chauffage en panne", FRENCH])
def test_a_text_with_french_words_may_hold_some(text: str) -> None:
    assert language._may_hold_french(read(text))
    assert not language._may_hold_french(read(ENGLISH))
