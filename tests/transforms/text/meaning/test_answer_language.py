from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.meaning import answer_language
from transforms.text.meaning.answer_language import language_findings
from transforms.text.words.reading import read

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


@pytest.mark.parametrize("text", ["pompe défectueuse", "vu que", "Il n'est pas là", "Chauffage en panne", FRENCH])
def test_a_text_with_french_words_may_hold_some(text: str) -> None:
    assert answer_language._may_hold_french(read(text))
    assert not answer_language._may_hold_french(read(ENGLISH))
