"""Answers that are the source again."""

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.meaning.whole_copies import is_shouted, whole_copy_findings


def names(text: str) -> list[str]:
    return [found.flag for found in whole_copy_findings(text)]


@pytest.mark.parametrize(
    "text",
    [
        "La taverne du charbonnier",
        "HAUTEUR x LARGEUR",
        "<nouvelle colonne>",
        "Cr&eacute;er un dossier",
        "Voir aussi :setting:`NUMBER_GROUPING`, :setting:`DECIMAL_SEPARATOR` et :setting:`USE_THOUSAND_SEPARATOR`.",
        "options d'exportation incorrectes",
        "Salon",
        "Recharger",
        "Garer dans le _hangar",
        "C_oudre",
        "Co&udre",
        "_Non-fumeur",
        "grand-mère",
    ],
)
def test_a_copy_of_french_is_seen_whatever_stands_around_it(text: str) -> None:
    assert names(text)


@pytest.mark.parametrize(
    "title",
    [
        "Nouvelle Image",
        "Premier Ministre %s",
        "Arabe (Syrie)",
        "Fichier Ledger",
        "Thèmes de Gajim",
        "Gajim - Erreur",
        "L'Effondrement",
        "Redémarrage d’Evolution",
        "Préfecture de Seine-Maritime",
        "7.2. Le menu « Décalage »",
        "Date    Passerelle    Version",
        "M_odifier l’adoption",
        "Nom global",
        "Source ou citation",
        "En mode grille",
        "Options de l'exportation GeneWeb",
        "Impossible d'analyser la base TLS",
    ],
)
def test_titles_of_words_that_english_has_too_are_seen_but_not_rejected(title: str) -> None:
    assert names(title) == [flags.FRENCH_LEFT]


@pytest.mark.parametrize(
    "text",
    [
        "Boulangerie Martin",
        "Rue de la Gare",
        "Musée Rodin",
        "Pierre Dupont",
        "PIERRE DUPONT",
        "Hélène Petit",
        "Château de Versailles",
        "Crédit Agricole",
        "Curaçao",
        "Version description",
        "Le Monde",
        "nom_fichier",
        "_nom",
        "parabar-lit",
        "Seine-Maritime",
        "Nice Côte d'Azur",
        "Fattal et al. 2002",
        "incompatible options",
        "Interaction mode",
        "Sans serif",
        "Bat Mitzvah",
        "Manuel Ferrand",
        "The gendarmerie is one of the forces of this country.",
        "fr_FR, de_DE, es_ES, it_IT, nl_NL, pl_PL, pt_PT",
    ],
)
def test_names_codes_and_english_are_right_as_they_are(text: str) -> None:
    assert names(text) == []


def test_one_word_that_only_the_dictionary_knows_is_no_reason_to_reject() -> None:
    assert names("bisque (taverne)") == [flags.FRENCH_LEFT]
    assert names("taverne et charbonnier") == [flags.UNTRANSLATED]


def test_single_letters_do_not_tell_whether_a_text_is_in_capitals() -> None:
    assert is_shouted(["HAUTEUR", "x", "LARGEUR"])
    assert not is_shouted(["Hauteur"])
    assert not is_shouted(["x"])


def test_a_particle_alone_is_no_title() -> None:
    assert names("Avec") == [flags.FRENCH_LEFT]
