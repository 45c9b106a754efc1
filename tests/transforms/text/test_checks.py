"""The checks as a whole: what they find in bad translations, and that they leave good ones alone."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.clean_pairs import clean_pairs, held_out, tuned_on
from tests.transforms.text.mutations import MUTATIONS, PROMPT_TEXTS, Fault, faults
from tests.transforms.text.texts import HARD, HUGE, mixtures
from transforms.text import flags
from transforms.text.checks import check, length_flags
from transforms.text.request.source_language import language_of
from transforms.text.stripping.strip import strip
from transforms.text.words.language import _SCRIPTS
from transforms.text.words.language_words import OTHERS

MOST_FALSE = 0.02
LEAST_FOUND_HARD, LEAST_FOUND_SOFT = 0.95, 0.90
LEAST_FOUND = {flags.SENTENCE_MISSING: 0.8, flags.SENTENCE_ADDED: 0.4, flags.FRENCH_LEFT: 0.75}
"""What the words alone can't always show."""

LANGUAGES = {None, *(code for code, _ in _SCRIPTS), *OTHERS, "fr", "en"}
KNOWN = flags.HARD | flags.SOFT


def found(source: str, answer: str) -> tuple[str, ...]:
    text, stripped = strip(answer, source)
    return (*stripped, *check(source, text, PROMPT_TEXTS))


def seen(flag: str, fault: Fault) -> bool:
    """Whether a fault is flagged as what it is, or stripped to the right text."""
    text, _ = strip(fault.answer, fault.source)
    return flag in found(fault.source, fault.answer) or text == fault.pair.english


@cache
def false_flags() -> dict[int, tuple[str, ...]]:
    pairs = {number: found(pair.french, pair.english) for number, pair in enumerate(clean_pairs())}
    return {number: flagged for number, flagged in pairs.items() if flagged}


def test_the_corpus_is_large_and_every_text_in_it_different() -> None:
    pairs = clean_pairs()
    assert len(pairs) >= 600
    assert len({pair.french for pair in pairs}) == len(pairs)
    assert len({pair.domain for pair in pairs}) >= 20
    assert len(tuned_on(pairs)) + len(held_out(pairs)) == len(pairs)


@pytest.mark.parametrize("part", [tuned_on, held_out, list])
def test_good_translations_are_left_alone(part: object) -> None:
    assert callable(part)
    pairs = part(clean_pairs())
    wrong = [pair for pair in pairs if found(pair.french, pair.english)]
    assert len(wrong) <= MOST_FALSE * len(pairs), wrong


@pytest.mark.parametrize("flag", MUTATIONS)
def test_bad_translations_are_found(flag: str) -> None:
    made = list(faults(flag))
    missed = [fault for fault in made if not seen(flag, fault)]
    least = LEAST_FOUND.get(flag, LEAST_FOUND_HARD if flag in flags.HARD else LEAST_FOUND_SOFT)
    assert len(made) >= 40
    assert len(missed) <= (1 - least) * len(made), missed


def test_faults_are_the_same_in_every_run() -> None:
    assert list(faults(flags.REPETITION)) == list(faults(flags.REPETITION))


def test_every_flag_that_texts_can_show_has_faults() -> None:
    from_elsewhere = {
        *(flags.EMPTY_OUTPUT, flags.OUTPUT_TRUNCATED, flags.GENERATION_ABORTED, flags.INPUT_TOO_LONG),
        *(flags.THINK_STRIPPED, flags.GLOSSARY_MISS),
    }
    assert set(MUTATIONS) == KNOWN - from_elsewhere


@pytest.mark.parametrize("answer", ["", " \n", "\u200b"])
def test_nothing_is_no_translation(answer: str) -> None:
    assert check("Le dossier est clos.", answer) == (flags.EMPTY_OUTPUT,)


def test_hard_flags_come_first() -> None:
    source = "Pouvez-vous rappeler le client avant 14 h 30 au sujet de sa facture ? Merci d'avance."
    flagged = check(source, "I'm sorry, but I can't assist with that request.")
    assert flagged[0] == flags.REFUSAL
    assert set(flagged[1:]) <= flags.SOFT


@pytest.mark.parametrize(
    ("source_chars", "chars", "flag"),
    [
        (10, 120, ()),
        (10, 121, (flags.LENGTH_RATIO_HARD,)),
        (50, 7, (flags.LENGTH_RATIO_HARD,)),
        (50, 16, (flags.LENGTH_RATIO,)),
        (50, 20, ()),
        (50, 110, ()),
        (50, 111, (flags.LENGTH_RATIO,)),
        (50, 201, (flags.LENGTH_RATIO_HARD,)),
        (200, 69, (flags.LENGTH_RATIO_HARD,)),
        (200, 109, (flags.LENGTH_RATIO,)),
        (200, 110, ()),
        (200, 301, (flags.LENGTH_RATIO,)),
        (200, 441, (flags.LENGTH_RATIO_HARD,)),
    ],
)
def test_length_limits(source_chars: int, chars: int, flag: tuple[str, ...]) -> None:
    assert length_flags("mot " * (source_chars // 4) + "m" * (source_chars % 4), "w" * chars) == flag


def test_dot_leaders_may_be_of_any_length() -> None:
    source = "Total " + "." * 200 + " 120 €\nTVA " + "." * 200 + " 24 €"
    assert check(source, "Total ........ €120\nVAT ........ €24") == ()


NASTY = [
    *HARD.values(),
    *(text[:40] for text in HUGE.values()),
    *(
        "I can't ",
        "translate ",
        "the text seems ",
        "option 1 ",
        "here is ",
        "\nNote: ",
        "ignore the ",
        "1/2 ",
        "1 h 30 ",
    ),
    *(
        "1 234 ",
        "1,",
        "{{ ",
        "%(",
        "<p ",
        "| a ",
        "`",
        "“",
        '"',
        "** ",
        "? ",
        "milliard ",
        "XVI ",
        "deux cents ",
        "ABC-1",
    ),
]


@given(
    st.one_of(mixtures, st.sampled_from(NASTY)),
    st.one_of(mixtures, st.sampled_from(NASTY)),
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_any_text_is_judged(source: str, answer: str, times: int, more_times: int) -> None:
    source, answer = (source * times)[:25_000], (answer * more_times)[:25_000]
    text, stripped = strip(answer, source)
    assert set(stripped) <= flags.SOFT
    assert bool(text) == bool(answer.strip())
    assert set(check(source, text, PROMPT_TEXTS)) <= KNOWN
    assert len(set(check(source, text))) == len(check(source, text))
    assert language_of(source) in LANGUAGES


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", NASTY)
def test_time_is_in_proportion_to_the_texts(unit: str) -> None:
    """A quadratic pattern would take minutes."""
    text = unit * (50_000 // len(unit))
    for source, answer in ((text, text[1:]), ("Le dossier est clos.", text)):
        stripped, _ = strip(answer, source)
        check(source, stripped, PROMPT_TEXTS)
    language_of(text)


@pytest.mark.parametrize(
    ("end", "answer", "found"),
    [
        ("Il est en service.", "It is in", True),
        ("Il est en service.", "It is in,", True),
        ("Il est en service. »", "It is in the", True),
        ("Il est en service.", "It is in service.", False),
        ("Il est en service", "It is in", False),
        ("Il est en…", "It is in", False),
        ("Il est en service :", "It is in", False),
    ],
)
def test_an_answer_that_breaks_off_within_a_sentence_is_unfinished(end: str, answer: str, found: bool) -> None:
    french = "Le technicien a remplacé la pompe de la chaudière, contrôlé la pression et vidangé le circuit. "
    english = "The technician replaced the boiler's pump, checked the pressure and drained it. "
    assert (flags.UNFINISHED in check(french + end, english + answer)) == found
    assert flags.UNFINISHED not in check(end, answer)
    assert flags.UNFINISHED not in check(french, english.rstrip(". ") + " " * 3 + "of the heating system")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("The pump is ready to be replac", True),
        ("The pump is ready to be replaced", False),
        ("The pump comes from the Durtal", False),
        ("replac", False),
    ],
)
def test_an_answer_that_ends_within_a_word_is_unfinished(answer: str, found: bool) -> None:
    assert (flags.UNFINISHED in check("La pompe du Durtal est prête à être remplacée.", answer)) == found
