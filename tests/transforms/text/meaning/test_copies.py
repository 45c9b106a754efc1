"""French that stayed in an answer: whole copies, lines and words."""

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.meaning.copies import copy_findings


def names(source: str, translation: str) -> list[str]:
    return [found.flag for found in copy_findings(source, translation)]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Rapport de visite du chantier", "Rapport de visite du chantier"),
        ("Rapport de visite du chantier", "RAPPORT DE VISITE DU CHANTIER."),
        ("Le chef de la Straße est absent depuis hier", "LE CHEF DE LA STRASSE EST ABSENT DEPUIS HIER"),
    ],
)
def test_a_copy_is_found_whatever_its_case_and_punctuation(source: str, translation: str) -> None:
    assert names(source, translation) == [flags.UNTRANSLATED]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Version description", "Version description"),
        ("Rapport de visite du chantier", "Report on the visit to the site"),
        ("Paris 2024", "Paris 2024"),
        ("Manuel A. Fernandez Rojas", "Manuel A. Fernandez Rojas"),
        ("M. Petit", "M. Petit"),
        ("Ille-et-Vilaine", "Ille-et-vilaine"),
        ("Aucun rapport « connexion » écrit", "No connexion report was written"),
        ("Le rapport de l'école Les Peupliers verts", "The report of Les Peupliers verts school"),
        ("a=de|la|le|ma|rien|tes|va|vie|mon|ton|ou|et|un", "a=de|la|le|ma|rien|tes|va|vie|mon|ton|ou|et|un"),
    ],
)
def test_translations_and_shared_names_are_left_alone(source: str, translation: str) -> None:
    assert names(source, translation) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("retirer", [flags.FRENCH_LEFT]),
        ("Effacer", [flags.FRENCH_LEFT]),
        ("Valider la saisie", [flags.UNTRANSLATED]),
        ("Scanner", []),
        ("importer", [flags.FRENCH_LEFT]),
    ],
)
def test_a_copied_infinitive_is_no_english_noun(text: str, found: list[str]) -> None:
    assert names(text, text) == found


@pytest.mark.parametrize(
    "heading", ["CONCLUSION GÉNÉRALE", "## conclusion générale", "Conclusion générale (Conclusion)"]
)
def test_a_heading_that_stayed_french_is_seen_in_whatever_form(heading: str) -> None:
    source = "Conclusion générale\n\nLa pompe a été remplacée hier par le technicien."
    assert names(source, f"{heading}\n\nThe pump was replaced yesterday by the technician.") == [flags.FRENCH_LEFT]


def test_a_line_that_stayed_french_is_named() -> None:
    source = "Conclusion générale\n\nLa pompe a été remplacée hier par le technicien."
    translation = "Conclusion générale\n\nThe pump was replaced yesterday by the technician."
    [found] = copy_findings(source, translation)
    assert found.flag == flags.FRENCH_LEFT
    assert "générale" in str(found)


@pytest.mark.parametrize(
    ("source", "translation", "word"),
    [
        ("Rangez les outils dans la caisse.", "Rangez the tools in the box.", "Rangez"),
        ("Relevés de compteurs à imprimer", "Relevés of meters to print", "Relevés"),
        ("Dossiers à trier", "Un list of folders to sort", "Un"),
        ("Le plancher a été nettoyé à fond.", "The floor was nettoyer thoroughly.", "nettoyer"),
        ("Carrefour a ouvert un magasin.", "Carrefour opened a shop.", ""),
        ("Boulanger de la rue Haute, il ferme.", "Boulanger of Rue Haute closes.", ""),
        ("Banque de France et caisse locale", "Banque de France and local fund", ""),
        ("Autoriser de nouveau", "Un-ban", ""),
        ("Les Échos du matin", "Les Échos in the morning", ""),
        ("Le plancher a été nettoyé.", "The `nettoyer` floor was cleaned.", ""),
    ],
)
def test_french_that_a_model_made_or_left_at_the_start_is_named(source: str, translation: str, word: str) -> None:
    found = [each.evidence for each in copy_findings(source, translation)]
    assert found == ([word] if word else [])


TITLES = """Rapport de visite
Compte rendu de réunion|Fuite de la vanne|Panne du réseau électrique|Demande de congés payés
Mise en service|Contrôle technique annuel|Facture impayée|Travaux de toiture|Remplacement du joint
Bilan de la semaine|Avis de passage|Fiche de renseignements|Inondation du sous-sol|Chute de plain-pied
Retard de livraison|Colis endommagé|Produit défectueux|Entretien de la chaudière|Réclamation d'un client
Absence injustifiée|Suivi du patient|Ordre du jour|Procès-verbal de constat|Relevé des compteurs
Bruit anormal au démarrage|Pièces jointes|Résumé des échanges|Plan de prévention|Départ de feu en cuisine
Vérification des extincteurs|Serrure bloquée|Fenêtre cassée|Câble sectionné|Moteur en surchauffe
Écran noir au démarrage|Mot de passe oublié|Imprimante hors service|Lettre de mise en demeure
Attestation d'assurance"""


def test_copied_titles_are_seen() -> None:
    titles = TITLES.replace("\n", "|").split("|")
    missed = [title for title in titles if not names(title, title)]
    assert len(missed) <= 0.01 * len(titles), missed


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 4, "title": "Sans objet", "text": "Voir pièce jointe"}',
        "Facture F-2024-118",
        "500 mg/jour",
        "Température : 21,5 °C<br/>Humidité : 48 %",
        "<p>Le dossier est <b>clos</b>.</p>",
        "Amaigrissement",
    ],
)
def test_each_string_cell_and_line_of_a_copy_is_looked_at(text: str) -> None:
    assert names(text, text)


@pytest.mark.parametrize(
    ("source", "translation", "left"),
    [
        (
            "Si ``value`` vaut ``4``, le résultat sera ``6``.",
            "If ``value`` is ``4``, the résultat is ``6``.",
            "résultat",
        ),
        ("OpenMRS ne peut pas éditer le fichier", "OpenMRS éditer edit the file", "éditer"),
        ("Un résumé de votre tâche", "A summary of votre task", "votre"),
    ],
)
def test_a_word_that_stayed_french_is_the_evidence(source: str, translation: str, left: str) -> None:
    assert [found.evidence for found in copy_findings(source, translation)] == [left]


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("Heure de l'Est - Indiana - Comté de Switzerland", "Heure de l'Est - Indiana the Comté de Switzerland"),
        ("Erreur durant l'ouverture de l'image FITS", "Erreur durant the de l'image FITS"),
        ("<p>Marquer <b>comme</b> étant <i>susceptible</i> de mise à jour</p>",) * 2,
    ],
)
def test_a_text_of_which_a_word_was_changed_is_still_a_copy(source: str, answer: str) -> None:
    assert names(source, answer)


def test_what_is_left_of_a_longer_source_is_no_copy() -> None:
    assert names("Intergiciels (« Middleware »)", "Middleware") == []
