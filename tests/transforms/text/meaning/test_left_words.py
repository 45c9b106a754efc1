from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import Finding
from transforms.text.meaning.copies import copy_findings


@pytest.mark.parametrize(
    ("source", "answer", "left"),
    [
        ("Le nombre de pompes augmente chaque mois.", "The number de pumps grows every month.", "de"),
        ("La vanne est livrée avec un joint.", "The valve is delivered avec a gasket.", "avec"),
        ("Les pompes ne sont pas prêtes.", "The pumps are pas ready.", "pas"),
        ("Le réservoir n'est pas accessible.", "Réservoir is not accessible.", "Réservoir"),
        ("Paramètres de la chaudière.", "Boiler paramètres.", "paramètres"),
        ("Ajouter une clé de service", "Ajouter Service Key", "Ajouter"),
        ("Imprimer la facture du mois.", "Imprimer the invoice of the month.", "Imprimer"),
        ("Une panne du réseau est signalée.", "Une network failure is reported.", "Une"),
        ("Raccorder la pompe à une vanne.", "Connect the pump to une valve.", "une"),
        ("Il faut activer le capteur.", "You must activer the sensor.", "activer"),
        ("Un capteur optionnel est livré.", "An optionnel sensor is delivered.", "optionnel"),
        ("La pompe est bruyante.", "This pump est noisy.", "est"),
        ("L'écran reste noir.", "The ecran stays black.", "ecran"),
        ("Il faut créer un compte.", "You must creer an account.", "creer"),
        ("La vanne fuit. Toutes ces pompes sont neuves.", "The valve leaks. Toutes pumps are new.", "Toutes"),
        (
            "Horaires d'ouverture : le guichet ouvre à neuf heures.",
            "Horaires d'ouverture: the counter opens at nine.",
            "Horaires d'ouverture",
        ),
    ],
)
def test_a_french_word_within_english(source: str, answer: str, left: str) -> None:
    assert copy_findings(source, answer) == (Finding(flags.FRENCH_LEFT, left),)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("Boulanger m'a livré une machine.", "Boulanger delivered me a machine."),
        ("Carrefour a fermé son magasin.", "Carrefour closed its shop."),
        ("Charles de Gaulle arrive demain.", "Charles de Gaulle arrives tomorrow."),
        ("Le rapport de Durand et al. est prêt.", "The report by Durand et al. is ready."),
        ("Il mange à la carte au marché.", "He eats à la carte at the market."),
        ("Une valeur au pair, de facto.", "A par value, de facto."),
        ("La loi de Poisson et la moyenne.", "The Poisson law and the mean."),
        ("Voir « Guide de poche » pour la suite.", "See “Guide de poche” for what follows."),
        ("Ils sont partis massivement.", "They left en masse."),
        ("Le format n'est pas conforme.", "The format is not conformant."),
        ("L'éthanol est un solvant.", "Ethanol is a solvent; ethanol burns."),
        ("Le décor du café est neuf.", "The decor of the cafe is new."),
        ("Les props passent au composant.", "The props are passed to the component."),
        ("Du béton pour verser la dalle.", "Concrete to pour the slab."),
        ("Le premier quartile est nul.", "The first quartile is zero."),
        ("Cloner les deux repos.", "Clone the two repos."),
        ("Institut national : le bilan est publié.", "Institut national: the report is published."),
    ],
)
def test_names_and_borrowed_phrases_are_left_alone(source: str, answer: str) -> None:
    assert copy_findings(source, answer) == ()
