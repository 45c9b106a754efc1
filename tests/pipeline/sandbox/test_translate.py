from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sandbox.lexicon import lexicon
from pipeline.sandbox.translate import translate

# Every French function word that a check for "still French" could look for.
_WORDS = """
le la les un une des du de au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur
leurs je tu il elle on nous vous ils elles me te se lui eux moi toi y en qui que quoi dont où lequel laquelle
lesquels lesquelles quel quelle quels quelles à dans par pour sur sous avec sans chez vers entre contre avant
après pendant depuis dès malgré selon afin et ou mais donc or ni car si comme quand lorsque puisque quoique ne
pas plus jamais rien aucun aucune non oui très trop peu beaucoup moins assez bien aussi encore déjà toujours
souvent ici là hier demain maintenant alors puis ensuite ainsi tout toute tous toutes autre autres même mêmes
tel telle chaque plusieurs quelque quelques cela ceci ça celui celle ceux celles suis es est sommes êtes sont
étais était étions étiez étaient serai seras sera serons serez seront serait seraient été étant ai as a avons
avez ont avais avait avions aviez avaient aura auront aurait eu ayant fait faire faut peut peuvent peux doit
doivent devra va vont être avoir lors parce tandis cependant toutefois notamment également
"""
FUNCTION_WORDS = _WORDS.split()
SAME_IN_ENGLISH = {"place", "on", "or", "car", "a", "as", "me", "son", "plus", "sage"}
WORDS = st.sampled_from(
    [
        "la vanne",
        "le technicien",
        "l'eau",
        "n'est pas",
        "a été remplacée",
        "https://exemple.fr/a?b=1",
        "service@exemple.fr",
        "{nom}",
        "%s",
        "<b>",
        "</b>",
        "IA-12",
        "12,5",
        "Saint-Aubert",
        "`code = 1`",
        "\n",
        "\n\n",
        " : ",
        "…",
        "« oui »",
        "REF_7",
    ]
)
KEPT = re.compile(r"https://\S+|\S+@\S+\.fr|\{nom\}|%s|</?b>|IA-12|12,5|Saint-Aubert|`code = 1`|REF_7")


def test_a_sentence_reads_like_english() -> None:
    french = "Le technicien n'a pas remplacé la vanne : une fuite d'huile a été constatée le 3 mai, à cause de l'usure."
    english = "The technician has not replaced the valve: an oil leak was noted the 3 May, because of the wear."
    assert translate(french) == english


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("« Nous n'avons rien vu », dit-il.", "“We have nothing seen”, says it."),
        ("Merci de nettoyer la salle d'attente.", "Please clean the waiting room."),
        ("Il est nécessaire de vérifier et d’ouvrir", "It is necessary to check and to open"),
        ("Intervention n° 12 du 1er avril", "Intervention no. 12 of the 1st April"),
        ("RAS", "nothing to report"),
        ("LE VEHICULE EST EN PANNE A LYON", "THE VEHICLE IS OUT OF ORDER TO LYON"),
        ("Barbery-sur-Orne", "Barbery-sur-Orne"),
        ("La TVA est de 20 %", "The VAT is of 20 %"),
        ("<p>Contrat <b>fermé</b></p>", "<p>Contract <b>closed</b></p>"),
        ("aujourd'hui", "today"),
        ("Le matériel livré", "The equipment delivered"),
        ("Le mate\u0301riel livre\u0301", "The equipment delivered"),
        ("Hélène et Zoé", "Hélène and Zoé"),
        ("La réactualisation", "The reactualisation"),
        (
            "Le client attend. The parts and the pump were on a truck.",
            "The customer waits. The parts and the pump were on a truck.",
        ),
    ],
)
def test_what_it_makes_of_a_text(french: str, english: str) -> None:
    assert translate(french) == english


@pytest.mark.parametrize("word", FUNCTION_WORDS)
def test_no_function_word_stays_french(word: str) -> None:
    known = lexicon().words
    assert word in known
    left = set(re.findall(r"\w+", translate(f"Vanne {word} vanne")))
    assert not left & (set(FUNCTION_WORDS) - SAME_IN_ENGLISH), left


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_what_is_no_french_word_is_kept(text: str) -> None:
    english = translate(text)
    assert Counter(KEPT.findall(english)) == Counter(KEPT.findall(text))
    assert english.count("\n") == text.count("\n")
    assert translate(text) == english


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_any_text_has_a_translation_with_the_same_digits_and_lines(text: str) -> None:
    english = translate(text)
    assert [c for c in english if c.isascii() and c.isdigit()] == [c for c in text if c.isascii() and c.isdigit()]
    assert english.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "piece", [".", "-", "a", "_", "1", "<", "`", "{", " ", "d'", "a.", "A-", "A-a", "a-", "é", "@", "the . "]
)
@pytest.mark.timeout(20)
def test_hostile_runs_take_no_more_than_linear_time(piece: str) -> None:
    text = piece * 60_000
    assert len(translate(text)) >= len(text) // 10
