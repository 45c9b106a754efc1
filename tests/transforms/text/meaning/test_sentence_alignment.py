from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.clean_pairs import clean_pairs
from transforms.text.meaning.sentence_alignment import Group, align, belong_together
from transforms.text.words.alignment import english_sentences, french_sentences

PAIRS = [
    pair
    for pair in clean_pairs()
    if len(french_sentences(pair.french)) == len(english_sentences(pair.english)) == 1
    and pair.french[-1] in ".!?"
    and pair.english[-1] in ".!?"
    and len(pair.french) > 50
]
numbers = st.lists(st.integers(0, len(PAIRS) - 1), min_size=1, max_size=40)


def groups_of(there: list[int], here: list[int]) -> list[Group]:
    french = french_sentences("\n\n".join(PAIRS[number].french for number in there))
    return align(french, english_sentences("\n\n".join(PAIRS[number].english for number in here)))


@given(numbers, numbers)
def test_groups_take_each_sentence_once_and_in_order(there: list[int], here: list[int]) -> None:
    groups = groups_of(there, here)
    if not groups:
        assert abs(len(there) - len(here)) > 30
        return
    assert groups[0][0] == groups[0][2] == 0
    assert groups[-1][1] == len(there)
    assert groups[-1][3] == len(here)
    assert all(before[1] == after[0] and before[3] == after[2] for before, after in pairwise(groups))


@given(st.lists(st.integers(0, len(PAIRS) - 1), min_size=4, max_size=60, unique=True), st.data())
def test_a_sentence_that_was_dropped_is_nearly_always_the_one_alone(there: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(there) - 1))
    groups = groups_of(there, [*there[:place], *there[place + 1 :]])
    apart = [group for group in groups if group[1] - group[0] != group[3] - group[2]]
    assert apart
    assert any(first - 1 <= place <= last for first, last, _, _ in apart)


def test_long_texts_are_parted_where_sentences_belong_together() -> None:
    there = list(range(0, len(PAIRS), 2))
    groups = groups_of(there, there)
    assert sum(last - first == end - begin == 1 for first, last, begin, end in groups) > 0.9 * len(there)


def test_another_number_of_sentences_by_far_is_not_aligned() -> None:
    assert groups_of(list(range(60)), [1, 2]) == []


def test_sentences_belong_together_by_the_words_of_both() -> None:
    french, english = french_sentences(PAIRS[0].french)[0], english_sentences(PAIRS[0].english)[0]
    assert belong_together(french, english)
    assert not belong_together(french, english_sentences(PAIRS[1].english)[0])
