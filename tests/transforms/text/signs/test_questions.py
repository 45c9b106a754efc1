from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.signs.questions import question_flags


@pytest.mark.parametrize(
    ("source", "answer", "kept"),
    [
        ("Où est la clé ?", "Where is the key?", True),
        ("Où est la clé ?", "It is on the table.", False),
        ("« Où est la clé ? »", "“Where is the key?”", True),
        ("Où est la clé ? Merci.", "Where is the key? Thanks.", True),
        ("Où est la clé ? Merci.", "On the table. Thanks.", False),
        ("Qui ? Quoi ?", "Who? It.", False),
        ("Voir https://exemple.org/?a=1", "See https://exemple.org/?a=1", True),
        ("Le mode est-il obligatoire ?", "Whether the mode is mandatory", True),
        ("-?, --help  affiche l'aide", "-h, --help  prints help", True),
        ("Le relais est-il indispensable au bon fonctionnement de la ligne ?", "Whether the line needs a relay.", True),
        ("Questions voisines : la boîte est-elle vide ?", "Related questions: is the box empty", True),
        ("La boîte est-elle vide ?", "Is the box empty.", False),
        ("Faut-il vider la boîte ?", "Do not empty the box", False),
        ("Vider la boîte ?", "Empty the box", True),
        ("Vider la boîte ?", "Yes, empty it.", False),
        ("Vider la boîte ?", "Paris", False),
        ("Ouvrir « Où suis-je ? » depuis le menu.", "Open the Where Am I window from the menu.", True),
        ("Le caractère « ? » remplace une lettre", "A question mark replaces a letter", True),
        ("« Où suis-je ? » demande Paul.", "Paul is asking.", False),
        ("Vider la boîte ?%s", "Empty the box.", False),
        (
            "Les lettres s'entassent dans la boîte. Pourquoi ? Parce que personne ne l'a vidée depuis le début de mai.",
            "The letters pile up in the box, and here is why: nobody has emptied it since the beginning of May.",
            True,
        ),
        (
            "Les lettres s'entassent dans la boîte. Qui doit la repeindre ? Personne ne l'a vidée depuis mai.",
            "The letters pile up in the box. Nobody has emptied it since May.",
            False,
        ),
    ],
)
def test_questions(source: str, answer: str, kept: bool) -> None:
    assert question_flags(source, answer) == (() if kept else (flags.QUESTION_LOST,))


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        ("Jour où le contrat prend fin.", "When does the contract end?", False),
        ("Endroit du classement des factures", "Where are the invoices filed?", True),
        ("Définition d'une facture", "What is an invoice?", True),
        ("Définition d'une facture", "Could you tell me more?", False),
        ("Définition d'une facture. Exemples.", "What is an invoice? Examples.", False),
        ("Vider la boîte lors du démarrage", "Empty the box at start?", True),
        ("Vos messages non lus. Nous les gardons.", "Your unread messages. Shall we keep them?", False),
        ("Comment classer une facture", "How do I file an invoice?", True),
        ("Bonjour, pouvez vous me rappeler demain", "Hello, can you call me back tomorrow?", True),
        ("La livraison a-t-elle eu lieu", "Has the delivery taken place?", True),
        ("est ce que le colis est parti", "Has the parcel left?", True),
        ("Panne de la chaudière : que faire", "Boiler failure: what should be done?", True),
        ("Dit si la porte est fermée. Sinon, l'ouvrir.", "Is the door closed? If not, open it.", False),
        ("Les réponses sont longues. " * 12, "Are the answers long? " + "The answers are long. " * 11, True),
    ],
)
def test_statements_that_became_questions(source: str, answer: str, same: bool) -> None:
    assert question_flags(source, answer) == (() if same else (flags.QUESTION_ADDED,))
