from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.texts import mixtures
from transforms.text.words import sentences
from transforms.text.words.sentences import sentences_of, split, without_addresses


def test_sentences_and_lines_have_their_end_marks() -> None:
    text = "La pompe fuit. Le joint est usé !\n\nVoir « Le joint. »"
    assert split(text) == ["La pompe fuit.", "Le joint est usé !", "Voir « Le joint.", "»"]


def test_quotations_code_and_addresses_are_left_out() -> None:
    text = "Voir « Le Vent dans les tuiles », `nom du fichier`, aide@exemple.org et https://exemple.org/le/vent ici."
    assert sentences_of(text)[0].split() == ["Voir", ",", ",", "et", "ici."]


@given(st.one_of(mixtures, st.text("ab @/\\.:w\n\t")))
def test_addresses_are_found_word_by_word_as_in_the_whole_text(text: str) -> None:
    pattern = sentences._ADDRESS_OR_MAIL if "@" in text else sentences._ADDRESS
    assert without_addresses(text) == pattern.sub(" ", text)


@given(st.one_of(mixtures, st.text('ab .!?…\n"»)')))
def test_a_sentence_ends_with_a_mark_or_a_line(text: str) -> None:
    ends = re.compile(r"[.!?…][\"'”»)\]]{0,3}\s+|\n+")
    assert [match.span() for match in sentences._SENTENCE_END.finditer(text)] == [
        match.span() for match in ends.finditer(text)
    ]
