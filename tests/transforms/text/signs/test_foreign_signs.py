from __future__ import annotations

import pytest

from transforms.text.signs.foreign_signs import broken_entity, foreign_sign

SOURCE = "La pompe de l'atelier fuit depuis lundi, on ne la voit pas."


@pytest.mark.parametrize(
    "translation",
    [
        "The pump ⓞf the workshop has leaked since Monday.",
        "The pump■of the workshop has leaked since Monday.",
        "The pum҈p of the workshop has leaked since Monday.",
        "The pump of the workshop has leaked sınce Monday.",
        "The pump of the wörkshop has leaked since Monday.",
        "The pump of the workshop has leaked sĂĽnce Monday.",
        "The pump of the work~shop has leaked since Monday.",
        "The pump of the work*shop has leaked since Monday.",
        "The pump of the work##shop has leaked since Monday.",
        "The pump of the work@shop has leaked since Monday.",
        "The pump isn?t seen.",
        "The pump isnt seen.",
        "The pump isn t seen.",
        "The workshop s pump leaks.",
        "The pump of the workshop leaks._x000D_",
        "The_pump_of_the_workshop_leaks.",
        "The+pump+of+the+workshop leaks.",
        "The pump can`t be seen.",
        "The pump#of the workshop leaks.",
    ],
)
def test_what_no_word_has_is_found(translation: str) -> None:
    assert foreign_sign(SOURCE, translation)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (SOURCE, "The workshop's pump has leaked since Monday – “it isn’t seen”…"),
        ("Débit ≥ 3 : touche Entrée", "Flow ≥ 3 → Enter ↵ 5 × 2 ™"),
        ("Le thème de Muller", "Müller's theme, by Jarosław"),
        ("Le doppelgänger d'Anna", "Anna's doppelgänger"),
        ("Écrivez à anna@pompes.fr", "Write to anna@pompes.fr"),
        ("Réglez *debit*", "Set *debit*"),
        ("Il dit «oui»", 'He says "yes"!'),
        ("La mesure s est prise", "The measure s is taken"),
        ("nom_du_fichier", "file_name_here"),
        ("Un accent tchèque", "A Czech háček"),
        ("Chant de Riga", "Žāļu dziesma"),
        ("Deux `pompe` distinctes", "Two different `pump`s"),
        ("Clic avec la touche", "Use ctrl+click"),
        ("Voir [la suite](#fin).", "See [the end](/plan/page#end)."),
        ("S minuscule", "Small letter s with a hook"),
        ("La vanne d'Anna", "Annaʼs valve"),
        ("SEARCH (texte ; dans le texte)", "SEARCH(find_text;within_text;start_num)"),
    ],
)
def test_usual_signs_are_no_fault(source: str, translation: str) -> None:
    assert foreign_sign(source, translation) == ""


def test_entities_and_word_ends_within_words() -> None:
    assert broken_entity(SOURCE, "The work&eacute;shop leaks.")
    assert broken_entity(SOURCE, "The work</w>shop leaks.")
    assert broken_entity("Chez Hélène", "At H&eacute;l&egrave;ne's") == ""
    assert broken_entity(SOURCE, "Pumps &amp; valves") == ""


@pytest.mark.parametrize("word", ["cafÚ", "sum€er", "caf´s", "caf’’s", "pum\u3000p"])
def test_more_that_no_word_has(word: str) -> None:
    assert foreign_sign(SOURCE, f"The {word} leaks.")


def test_damage_in_what_may_be_a_name() -> None:
    assert foreign_sign("Chant de Riga", "Song of RĂĽga sĂĽnce")
    assert foreign_sign("Chant de Riga", "Söng of Riga")


def test_raised_letters_are_usual() -> None:
    assert foreign_sign("Le 5ème jour", "The 5ᵗʰ day") == ""
