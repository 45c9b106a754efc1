from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.quantities.numbers import number_findings

MISSING, ADDED = flags.NUMBER_MISSING, flags.NUMBER_ADDED
BOTH = (MISSING, ADDED)


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("12\u202f500,50 €", "€12,500.50"),
        ("1\u00a0200 m", "1,200 m"),
        ("12 480,00 €", "€12,480"),
        ("à 14 h 30", "at 2:30 p.m."),
        ("à 14h30", "at 2.30 pm"),
        ("de 14 h à 15 h 30", "from 2 to 3:30 pm"),
        ("à 0 h 15 puis à 12 h 05", "at 12:15 am, then at 12:05 pm"),
        ("à 10 h 00", "at 10 a.m."),
        ("à 12 h", "at noon"),
        ("le 1er mai", "on the first of May"),
        ("au 3e étage", "on the third floor"),
        ("le 07/08/1954", "on 7 August 1954"),
        ("le 04.05.24", "on 4 May 2024"),
        ("XIXe siècle", "19th century"),
        ("1,8 milliard", "1.8 billion"),
        ("2,5 M€", "€2,500,000"),
        ("12 k€", "€12,000"),
        ("TA 13/8", "BP 130/80"),
        ("TA 13,5/8", "BP 135/80"),
        ("douze lits, vingt-deux chaises", "12 beds, 22 chairs"),
        ("quatre-vingt-dix pages", "90 pages"),
        ("deux cents personnes", "200 people"),
        ("7 voix", "seven votes"),
        ("1 h 30", "an hour and a half"),
        ("1 h 30", "90 minutes"),
        ("2 h 30", "2½ hours"),
        ("06 39 98 12 34", "+33 6 39 98 12 34".removeprefix("+33 ")),
        ("087 432 km", "87,432 km"),
        ("v. 3.0.2", "v. 3.0.2"),
        ("6,850 kg", "6.850 kg"),
        ("lots 3,4", "lots 3 and 4"),
        ("au vingt et unième étage", "on the 21st floor"),
        ("la cinquième et la neuvième", "the 5th and the 9th"),
        ("le quatre-vingt-troisième jour", "the 83rd day"),
        ("un identifiant nul", "an id of 0"),
        ("des poids différents de 0", "nonzero weights"),
        ("affiché 11:02:04 PM", "shown as 11:02:04 PM"),
        ("de 0 à 1, par pas de 0,5", "on [0,1] in steps of 0.5"),
    ],
)
def test_the_same_number_in_two_ways(french: str, english: str) -> None:
    assert names(number_findings(french, english)) == ()


@pytest.mark.parametrize(
    ("french", "english", "found"),
    [
        ("12 lits", "15 beds", BOTH),
        ("au vingt et unième étage", "on the 22nd floor", (ADDED,)),
        ("de 0 à 1, par pas de 0,5", "from 0 to 1 in steps of 0.5, not 0.1", (ADDED,)),
        ("12,5 mm", "125 mm", BOTH),
        ("6,850 kg", "6,850 kg", BOTH),
        ("3 sacs de 20 kg", "20 kg bags", (MISSING,)),
        ("des sacs", "3 bags", (ADDED,)),
        ("à 14 h 30", "at 4:30 pm", BOTH),
        ("1,8 milliard", "1.8 million", BOTH),
        ("3 millions", "3 billion", BOTH),
        ("le 12 mars", "on 13 March", BOTH),
        ("1 200 €", "€1.200", BOTH),
    ],
)
def test_other_numbers(french: str, english: str, found: tuple[str, ...]) -> None:
    assert names(number_findings(french, english)) == found


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Chicago : 7,000,000", "Chicago: 7,000,000"),
        ("20'000 mots de passe", "20,000 passwords"),
        ("des valeurs [0 ; 1]", "values (0,1)"),
        ("des tuples binaires", "2-tuples"),
        ("l'internationalisation", "i18n"),
        ("Le guichet est ouvert vingt-quatre heures sur vingt-quatre.", "The counter is open 24/7."),
    ],
)
def test_the_same_numbers_in_other_forms(french: str, english: str) -> None:
    assert number_findings(french, english) == ()
