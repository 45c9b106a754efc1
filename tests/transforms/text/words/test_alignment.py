from __future__ import annotations

from tests.transforms.text.meaning.test_content import ENGLISH, FRENCH
from transforms.text.meaning.sentence_alignment import align
from transforms.text.words.alignment import english_keys, english_sentences, french_sentences, french_word


def test_a_word_and_its_translation_share_a_key() -> None:
    word = french_word("vannes")
    assert word is not None
    assert english_keys("valves") & word.keys
    assert not english_keys("elephants") & word.keys


def test_a_compound_translates_each_of_its_parts() -> None:
    for form in ("fichier", "système"):
        word = french_word(form)
        assert word is not None
        assert english_keys("filesystems") & word.keys


def test_sentences_are_aligned_one_by_one() -> None:
    blocks = align(french_sentences(" ".join(FRENCH)), english_sentences(" ".join(ENGLISH)))
    assert blocks == [(number, number + 1, number, number + 1) for number in range(4)]


def test_a_sentence_that_is_missing_has_no_partner() -> None:
    blocks = align(french_sentences(" ".join(FRENCH)), english_sentences(" ".join([*ENGLISH[:2], ENGLISH[3]])))
    assert (2, 3, 2, 2) in blocks
    assert (3, 4, 2, 3) in blocks
