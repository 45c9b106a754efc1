from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.meaning import several_versions
from transforms.text.meaning.several_versions import option_findings, two_versions
from transforms.text.words.reading import read, spoken

SOURCE = "Le colis a été livré à la mauvaise adresse."
TEXT = "The parcel was delivered to the wrong address."


@pytest.mark.parametrize(
    ("source", "answer", "several"),
    [
        (SOURCE, TEXT, False),
        (SOURCE, f"Option 1: {TEXT}\nOption 2: {TEXT}", True),
        (SOURCE, f'It can be translated as: "{TEXT}"', True),
        ("RAS", "RAS stands for “nothing to report”.", True),
        ("Option 1 : réparer.\nOption 2 : remplacer.", "Option 1: repair.\nOption 2: replace.", False),
        ("Deux versions : la bleue et la rouge.", "Two versions: the blue one and the red one.", False),
    ],
)
def test_several_versions(source: str, answer: str, several: bool) -> None:
    assert names(option_findings(source, answer)) == ((flags.MULTIPLE_OPTIONS,) if several else ())


@given(st.text("option versa:12 )\n-", max_size=60))
def test_options_begin_a_line(text: str) -> None:
    text = f"Version 1: a\n{text}\nOr: b"
    assert [match.span() for match in several_versions._numbered_options(text)] == [
        match.span() for match in several_versions.OPTION.finditer(text)
    ]


@pytest.mark.parametrize(("words", "passages", "pattern"), several_versions._SEVERAL)
@given(data=st.data())
@settings(max_examples=15)
def test_whatever_a_pattern_matches_has_a_word_in_a_passage_that_it_is_asked_for_by(
    words: list[str], passages: list[str], pattern: re.Pattern[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    there = [word for word in words if word in read(text).low_set]
    assert any(f" {passage.format(word)}" in spoken(text) for word in there for passage in passages), text


@pytest.mark.parametrize("between", [" / ", "; ", " OR ", " – ", " \\ ", "\n", " (", " [alt: ", ", i.e. ", " → "])
def test_two_versions_are_seen_whatever_stands_between_them(between: str) -> None:
    other = "The package was brought to a wrong address."
    assert two_versions(SOURCE, f"{TEXT.rstrip('.')}{between}{other}")
    assert two_versions("Créer un colis", f"Create parcel{between}Make a parcel")


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (SOURCE, TEXT),
        ("Colis livré / colis perdu", "Parcel delivered / parcel lost"),
        ("Colis (paquet)", "Parcel (small parcel)"),
        ("Colis moyen", "Average (mean) parcel"),
        ("La livraison. La livraison du colis.", "The delivery; the delivery of the parcel, of all things"),
        ("<b>%s</b> livré", "<b>%s</b> was delivered to the customer"),
    ],
)
def test_one_version_is_enough(source: str, answer: str) -> None:
    assert two_versions(source, answer) == ""
