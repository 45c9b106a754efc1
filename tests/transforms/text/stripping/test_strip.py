from __future__ import annotations

import pytest

from tests.transforms.text.clean_pairs import clean_pairs
from tests.transforms.text.mutations import faults
from transforms.text import flags
from transforms.text.stripping.strip import strip

SOURCE = "Le patient accepte l'opération."
TEXT = "The patient agrees to the operation."
PREAMBLE, QUOTES = (flags.PREAMBLE_STRIPPED,), (flags.QUOTES_STRIPPED,)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (TEXT, ()),
        (f"Here is the English translation:\n\n{TEXT}", PREAMBLE),
        (f"Sure! Here's the translation: {TEXT}", PREAMBLE),
        (f"**Translation:** {TEXT}", PREAMBLE),
        (f"Voici la traduction :\n{TEXT}", PREAMBLE),
        (f"English: {TEXT}", PREAMBLE),
        (f"Certainly!\n\n{TEXT}", PREAMBLE),
        (f"{TEXT}\n\nNote: I kept the names.", PREAMBLE),
        (f"{TEXT} (Translator's note: the original is ambiguous.)", PREAMBLE),
        (f"{TEXT}\n\nLet me know if you need anything else!", PREAMBLE),
        (f'"{TEXT}"', QUOTES),
        (f"“{TEXT}”", QUOTES),
        (f"```\n{TEXT}\n```", QUOTES),
        (f"<t>{TEXT}</t>", QUOTES),
        (f'Translation:\n\n"{TEXT}"\n\nNote: "operation" could also be "surgery".', (*PREAMBLE, *QUOTES)),
    ],
)
def test_what_goes(answer: str, found: tuple[str, ...]) -> None:
    assert strip(answer, SOURCE) == (TEXT, found)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("Here is the translation: 12 pages.", "Voici la traduction : 12 pages."),
        ("Translation: see page 4.", "Traduction : voir page 4."),
        ("Of course!\n\nThe file is closed.", "Bien sûr !\n\nLe dossier est clos."),
        ("The file is closed.\n\nNote: keep it for ten years.", "Le dossier est clos.\n\nNota : le garder dix ans."),
        ("Let me know if you need the keys.", "Dites-moi si vous avez besoin des clés."),
        ("Hello,\nLet me know if you need the keys.", "Bonjour,\nDites-moi si vous avez besoin des clés."),
        ("“Nothing moves.”", "« Rien ne bouge. »"),
        ('"A" and "B"', '"A" et "B"'),
        ("“Nothing,” he said. “Nothing at all.”", "— Rien, dit-il. Rien du tout."),
        ("```\nx\n```", "```\nx\n```"),
        ("<t>a</t>", "<t>a</t>"),
        ("Answer: no.", "Réponse : non."),
        ("Translation", "Traduction"),
        ("Note:", "Note :"),
        ("Note: the code changes on Monday.", "À noter : le code change lundi."),
        ("# of pages", "Nombre de pages"),
        ('""', "x"),
        ("Output:", "Sortie"),
        ("Output::", "Sortie ::"),
        ("text: a plain file", "text : fichier simple"),
        ("% operator needs a valve", "l'opérateur % exige une vanne"),
    ],
)
def test_what_the_source_has_too_stays(answer: str, source: str) -> None:
    assert strip(answer, source) == (answer, ())


def test_nothing_goes_that_would_leave_nothing() -> None:
    assert strip("Translation:", SOURCE) == ("Translation:", ())
    assert strip("", SOURCE) == ("", ())


def test_several_versions_are_left_for_the_checks() -> None:
    answer = "Here are a few possible translations:\n1. He agrees.\n2. He accepts."
    assert strip(answer, SOURCE) == (answer, ())


def test_good_translations_stay_as_they_are() -> None:
    changed = [pair for pair in clean_pairs() if strip(pair.english, pair.french) != (pair.english, ())]
    assert not changed


@pytest.mark.parametrize("flag", [flags.PREAMBLE_STRIPPED, flags.QUOTES_STRIPPED])
def test_what_is_left_is_the_translation(flag: str) -> None:
    made = list(faults(flag))
    spoilt = [fault for fault in made if strip(fault.answer, fault.source)[0] != fault.pair.english]
    assert len(spoilt) <= 0.05 * len(made), spoilt


@pytest.mark.parametrize("flag", [flags.PREAMBLE_STRIPPED, flags.QUOTES_STRIPPED])
def test_stripping_again_changes_nothing(flag: str) -> None:
    for fault in faults(flag):
        text, _ = strip(fault.answer, fault.source)
        assert strip(text, fault.source) == (text, ())


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (
            "Attention : Sound Juicer ne gère que les véritables chemins de périphériques.",
            "Please note: Sound Juicer only supports real device paths.",
        ),
        ("Text::CharWidth donne la largeur des caractères.", "Text::CharWidth tells the width of characters."),
        (
            "Si activé, ils seront supprimés. (N'affecte que les nouveaux dégradés)",
            "When enabled, they will be deleted. (Note: This setting only affects new gradients.)",
        ),
    ],
)
def test_labels_and_notes_of_the_source_stay(source: str, translation: str) -> None:
    assert strip(translation, source) == (translation, ())
