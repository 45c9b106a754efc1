from __future__ import annotations

import pytest

from transforms.text.quantities.months_and_scales import month_changed, scale_changed

NUMBER_WORDS = frozenset(("two", "three"))


@pytest.mark.parametrize(
    ("french", "english", "changed"),
    [
        ("1,8 milliard d'euros", "1.8 billion euros", ""),
        ("1,8 milliard d'euros", "1,800,000,000 euros", ""),
        ("1,8 milliard d'euros", "1.8 million euros", "1,8 milliard"),
        ("12 mille euros, 3 millions de vis", "12 billion euros, 3 million screws", "12 mille"),
        ("12 mille euros, 3 millions de vis", "12 thousand euros, 3 million screws", ""),
        ("le pilote partman-md", "the driver partman-md", ""),
        ("deux millions de clients", "two million customers", ""),
        ("deux millions de clients", "2m customers", ""),
        ("deux millions de clients", "two billion customers", "millions"),
        ("deux cents clients", "two thousand customers", "two thousand"),
        ("2 000 clients", "two thousand customers", ""),
        ("des tas de clients", "a thousand customers", ""),
        ("12 lits", "12 beds", ""),
    ],
)
def test_a_word_of_scale_that_became_another_one(french: str, english: str, changed: str) -> None:
    assert scale_changed(french, english, NUMBER_WORDS) == changed


@pytest.mark.parametrize(
    ("french", "english", "changed"),
    [
        ("le 12 mars", "on 12 March", ""),
        ("le 12 mars", "on 12 May", "mars"),
        ("en août et en juin", "in June and August", ""),
        ("en août et en juin", "in June and July", "août"),
        ("en août", "in summer", "août"),
        ("en août", "in 8/2020", ""),
        ("le 12 avril", "el 12 de abril", "avril"),
        ("déc. de rotation", "rotation", ""),
        ("la vanne", "the October valve", "october"),
        ("la vanne 10", "the October valve", ""),
        ("|", "names for October", ""),
        ("la vanne fermera", "the valve may close", ""),
        ("Réunion juin 2024", "Meeting July 2024", "juin"),
        ("en août", "in Aug.", ""),
        ("Bilan juil - déc", "January to December report", "juillet"),
        ("Bilan juil. - déc.", "July to December report", ""),
        ("le 3 sept. 2021", "in May", ""),
        ("la planète Mars", "in May", ""),
        ("Bilan mars 2024", "May 2024 report", "mars"),
        ("le 22 octobre", "on Feb. 22", "octobre"),
        ("le 22 octobre", "on Oct. 22", ""),
        ("1er avr. - 31 octobre", "Apr 1 - December 31", "octobre"),
        ("de sept. à octobre", "from Sept. to the 10th month", ""),
    ],
)
def test_a_month_that_became_another_one(french: str, english: str, changed: str) -> None:
    assert month_changed(french, english) == changed
