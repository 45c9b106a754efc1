from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.quantities.number_changes import day_added, quantity_changed
from transforms.text.quantities.numbers import number_findings


@pytest.mark.parametrize(
    ("source", "translation", "changed"),
    [
        ("Réunion lundi à 10 h", "Meeting on Tuesday at 10", "monday"),
        ("Fermé les lundis", "Closed on Mondays", ""),
        ("Fermé le lundi de Pentecôte", "Closed on Whit Monday", ""),
        ("Fermé lundi", "Closed the day after Sunday, on Monday", ""),
        ("Des milliers de visiteurs", "Millions of visitors", "milliers"),
        ("Des dizaines de milliers de visiteurs", "Tens of thousands of visitors", ""),
        ("Des centaines de pages", "Many pages", ""),
        ("Un millier de pages", "A million pages", "millier"),
        ("Quelques milliers de pages", "A few million pages", "milliers"),
        ("Des millions de pages, deux milliards de mots", "Thousands of pages, two billion words", "millions"),
        ("Des millions de pages", "Millions of pages", ""),
        ("Ouvert dimanche, puis lundi et dimanche", "Open on Sunday, then Monday and Friday", "friday"),
        ("Ouvert lundi", "Open on Monday, not on Sunday", ""),
        ("Ouvert lundi", "Open", "monday"),
        ("Ouvert lundi", "Open on Mon.", ""),
        ("Ouvert lundi", "Open on Tue.", "monday"),
        ("L'équipe compte vingt-deux techniciens", "The team has thirty-two technicians", "22"),
        ("L'équipe compte vingt-deux techniciens", "The team has 22 technicians and thirty helpers", ""),
        ("Il a quatre-vingt-douze ans", "He is ninety-two", ""),
        ("Soixante-dix personnes", "Seventy people", ""),
        ("Les trois vannes fuient", "The four valves leak", "four"),
        ("Les trois vannes fuient", "The thirty valves leak", "thirty"),
        ("Les deux vannes fuient", "All three valves leak", "three"),
        ("Les deux vannes fuient", "Both valves leak", ""),
        ("Les trois vannes et 4 pompes", "The three valves and four pumps", ""),
        ("La troisième vanne fuit", "The fourth valve leaks", "fourth"),
        ("La troisième vanne fuit", "The third valve leaks", ""),
        ("La moitié du débit", "A quarter of the flow", "quarter"),
        ("Un tiers du débit", "A quarter of the flow", "quarter"),
        ("Une fois par an", "Twice a year", "twice"),
        ("Deux fois par an", "Twice a year", ""),
        ("Plusieurs fois par an", "Twice a year or more", ""),
        ("Trois fois par an", "Twice a year", "twice"),
        ("Une fois ouverte, la vanne sert doublement", "Once open, the valve serves twice", ""),
        ("Le jeu Twelve compte trois vannes", "The game Twelve has three valves", ""),
        ("Le jeu Fifteen compte vingt vannes", "The game Fifteen has 20 valves", ""),
        ("La moitié du débit", "Half of the flow", ""),
        ("Le taux est passé de 3,5 % à 4,2 %", "The rate rose from 4.2% to 3.5%", "3.5"),
        ("Le taux est passé de 3,5 % à 4,2 %", "The rate rose from 3.5% to 4.2%", ""),
    ],
)
def test_quantities_that_became_others(source: str, translation: str, changed: str) -> None:
    assert quantity_changed(source, translation) == changed


def test_a_day_of_the_week_that_is_new() -> None:
    assert day_added("Ouvert le soir", "Open on Friday") == "friday"
    assert day_added("Ouvert en semaine", "Open from Monday to Friday") == ""
    assert number_findings("Ouvert le soir", "Open on Friday")


def test_a_changed_day_is_a_number_that_is_another() -> None:
    found = number_findings("Réunion lundi", "Meeting on Tuesday")
    assert [each.flag for each in found] == [flags.NUMBER_MISSING, flags.NUMBER_ADDED]
