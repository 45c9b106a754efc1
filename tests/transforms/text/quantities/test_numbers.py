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
        ("2 millions de vis, 13 000 vannes", "2 million screws, 13.000 valves", BOTH),
        ("12 k€", "€12,000,000", BOTH),
        ("vannes de 2002-2005", "valves of 2002-2006", (ADDED,)),
        ("vannes de 2002, 2003 et 2005", "valves of 2002", (MISSING,)),
        ("vannes de 2005-2006", "valves of 2005-07", (ADDED,)),
        ("vannes 2 et 8", "valves 1-9", BOTH),
        ("un débit de 0 ou 10", "a flow of 0.11", BOTH),
        ("voir vanne 12 https://example.org/", "see valve https://example.org/", (MISSING,)),
        ("fermé en 2 tours", "closed", (MISSING,)),
        ("version 2.5.0", "version 2.4.0", BOTH),
    ],
)
def test_other_numbers(french: str, english: str, found: tuple[str, ...]) -> None:
    assert names(number_findings(french, english)) == found


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Chicago : 7,000,000", "Chicago: 7,000,000"),
        ("7.120,0 puis 7.120,0", "7.120,0, then 7.120,0"),
        ("compteur : 07 120 m³", "meter: 07,120 m³"),
        ("20'000 mots de passe", "20,000 passwords"),
        ("des valeurs [0 ; 1]", "values (0,1)"),
        ("des tuples binaires", "2-tuples"),
        ("l'internationalisation", "i18n"),
        ("Le guichet est ouvert vingt-quatre heures sur vingt-quatre.", "The counter is open 24/7."),
        ("voir [Vanne](https://fr.example.org/S%C3%A9rie_12)", "see [Valve](https://en.example.org/Series)"),
        ("{{PLURAL:$1|0=Aucune vanne|1=Une vanne|$1 vannes}}", "{{PLURAL:$1|One valve|$1 valves}}"),
        ("{n, plural, =0 {aucune vanne} other {# vannes}}", "{n, plural, other {# valves}}"),
        ("fermé{{GENDER:$2||e}}", "closed"),
        ("{{PLURAL:$1|Vanne|Vannes}}", "{{PLURAL:$1|Valve|$1 valves}}"),
        ("[8 mars](/plans/2022/03/08)", "[8 March](https://example.org/plans/2022/03/08)"),
        ("un débit de 0, 1 ou 2", "a flow of 0,1,2"),
        ("une couleur de 255, 0, 0, 40", "a colour of 255,0,0,40"),
        ("un débit de +/-[0,127]", "a flow of +/-[0,127]"),
        ("=DÉBIT(4;10;0,5) donne {1;2,5}", "=FLOW(4,10,0.5) gives {1,2.5}"),
        ("de (0 ; 10) à (30 ; 400)", "from (0,10) to (30,400)"),
        ("1.234,56 €", "€1,234.56"),
        ("environ 20,000 vannes", "about 20,000 valves"),
        ("un débit de 0,875", "a flow of .875"),
        ("vannes de 2002, 2003, 2004 et 2005", "valves of 2002-2005"),
        ("vannes de 2005-2006", "valves of 2005-06"),
        ("vannes 1, 2 et 3", "valves 1-3"),
        ("30 mm^2", "30 sq. mm"),
        ("du CO2", "CO₂"),
        ("½ tour", "1/2 turn"),
        ("un tiers de tour", "1/3 turn"),
        ("au milieu des années 90", "in the mid-nineties"),
        ("vanne à 3 états", "tri-state valve"),
        ("le nombre de 1", "the number of ones"),
        ("remettre à 0", "reset"),
        ("toutes les heures", "every 1 hour"),
        ("un débit négatif", "a flow < 0"),
        ("un bit de longueur unitaire", "a bit of length 1"),
    ],
)
def test_the_same_numbers_in_other_forms(french: str, english: str) -> None:
    assert number_findings(french, english) == ()
