from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.texts import mixtures
from transforms.text.words.reading import is_list, letter_words, passages, read, search_sentences, spoken

KNOWN = {bytes((byte,)).decode("cp1252", "replace") for byte in range(256)}
LETTERS = "aZéÉœŒÿŠªº²½µß’'-_ 09\u202f\u00a0€…“Ω客\u0660\U0001d400"


@given(st.one_of(mixtures, st.text(LETTERS)))
def test_words_and_numbers_are_those_of_the_patterns(text: str) -> None:
    reading = read(text)
    assert reading.words == letter_words(text) == re.findall(r"[^\W\d_]+", text)
    assert reading.lows == [word.lower() for word in reading.words]
    assert reading.signs == {sign for sign in text if not (sign.isalpha() and sign in KNOWN)}
    assert reading.latin == all(sign <= "\xff" for sign in text)
    assert reading.numbers == reading.digits.split() == re.findall(r"\d+", text)
    assert len(reading.letters) == len(text)
    assert len(reading.digits) == (len(text) if reading.numbers else 0)


def test_a_reading_has_each_word_as_it_stands_and_in_lower_case() -> None:
    reading = read("L'Œuvre de 1900, l'œuvre")
    assert reading.words == ["L", "Œuvre", "de", "l", "œuvre"]
    assert reading.lows == ["l", "œuvre", "de", "l", "œuvre"]
    assert reading.low_set == {"l", "œuvre", "de"}
    assert reading.numbers == ["1900"]
    assert not read("deux").numbers


def test_codes_and_syllables_without_white_space_are_a_list() -> None:
    assert is_list(read("prefix=Agla|Amphi|A|Ca|Del|Der|Di|El|Ga|Je|Leu|Li|Lo|Ma"))
    assert not is_list(read("Le technicien a remplacé la pompe de la chaudière du bâtiment nord ce matin."))
    assert not is_list(read("a|b"))


def test_words_are_looked_for_in_a_row() -> None:
    assert " de l eau " in spoken("Un verre\nde  l'eau, fraîche")
    assert " de eau " not in spoken("de l'eau")


@given(st.text("aab b.!?\n:İ"), st.sampled_from([r"a\s+b\b", r"(?:b\s+)?ab\b", r"\ba\W*(?:\Z|:)", r"(?i)[^.!?\n]?A\b"]))
def test_a_search_of_sentences_finds_what_a_search_of_the_text_finds(text: str, pattern: str) -> None:
    found, expected = search_sentences(re.compile(pattern), text, ["a"]), re.search(pattern, text)
    assert (found and found.span()) == (expected and expected.span())


@given(st.text("ab.@ \n\u00a0\u3000"))
def test_passages_are_those_that_have_a_sign(text: str) -> None:
    for sign in ("@", r"\.\S"):
        found = [text[start:end] for start, end in passages(text, re.compile(sign))]
        assert found == [passage for passage in text.split() if re.search(sign, passage)]
