from __future__ import annotations

import random

from tests.transforms.text.mutations import many_words, pool
from transforms.text import flags
from transforms.text.checks import check
from transforms.text.findings import Finding, names
from transforms.text.meaning.content import content_findings

FRENCH = [
    "Le technicien a remplacé la vanne du bâtiment nord.",
    "La pression est revenue à la normale dans la journée.",
    "Le client a payé sa facture hier matin.",
    "Une nouvelle visite est prévue en octobre.",
]
ENGLISH = [
    "The technician replaced the valve of the north building.",
    "The pressure returned to normal within the day.",
    "The client paid his bill yesterday morning.",
    "A new visit is planned in October.",
]
OTHER = [
    "My grandmother bakes delicious cakes with chocolate.",
    "Elephants dance in the garden at night.",
    "The football team won its match against Italy.",
    "Stars are shining brightly over the sea.",
]


def found(*sentences: str) -> tuple[Finding, ...]:
    return content_findings(" ".join(FRENCH), " ".join(sentences))


def test_a_whole_translation_has_all_the_content() -> None:
    assert found(*ENGLISH) == ()


def test_a_sentence_that_is_missing_is_the_evidence() -> None:
    (missing,) = found(*ENGLISH[:2])
    assert missing.flag == flags.SENTENCE_MISSING
    assert missing.evidence in FRENCH[2:]


def test_a_sentence_twice_is_the_evidence() -> None:
    assert found(ENGLISH[0], *ENGLISH) == (Finding(flags.SENTENCE_REPEATED, ENGLISH[0]),)


def test_another_text_is_no_translation() -> None:
    assert names(found(*OTHER)) == (flags.CONTENT_MISMATCH,)


def test_a_translation_of_the_context_shown_is_seen() -> None:
    rng = random.Random(1)
    seen = made = 0
    for pair in pool():
        before = rng.choice(pool())
        if before == pair or not many_words(before.english, 8):
            continue
        made += 1
        answer = f"{before.english} {pair.english}"
        seen += flags.PROMPT_LEAK in check(pair.french, answer, context=before.french)
    assert made > 100
    assert seen >= 0.8 * made


def test_a_translated_context_is_seen_before_a_text_of_few_words() -> None:
    context, answer = "Le gardien ferme la grille du jardin.", "The caretaker closes the gate of the garden."
    assert names(content_findings("Vérifier les pneus.", f"{answer} Check the tyres.", context)) == (flags.PROMPT_LEAK,)
    assert content_findings("Vérifier les pneus.", "Check the tyres.", context) == ()


def test_a_translation_of_the_text_alone_is_no_leak_of_its_context() -> None:
    rng = random.Random(2)
    leaks = [
        pair for pair in pool() if flags.PROMPT_LEAK in check(pair.french, pair.english, (), rng.choice(pool()).french)
    ]
    assert len(leaks) <= 0.01 * len(pool())


def test_sentences_that_became_one_are_not_missing() -> None:
    source = (
        "La cabane du bûcheron est terminée. Un bûcheron va maintenant commencer à abattre des arbres. "
        "Notre approvisionnement en bois est donc assuré pour le moment."
    )
    free = (
        "The lumberjack's hut is done. A lumberjack will now start chopping down trees, "
        "so our log income is secured for now."
    )
    assert check(source, free) == ()
    assert check(source, "The lumberjack's hut is done. A lumberjack will now start.") != ()


def test_a_short_free_title_is_not_another_text() -> None:
    assert check("Système de contrôle de versions", "VCS") == (flags.LENGTH_RATIO,)


def test_a_free_translation_between_two_close_ones_is_no_other_text() -> None:
    free = "By evening the gauge read what it always reads."
    assert found(ENGLISH[0], free, *ENGLISH[2:]) == ()


LONGER = [
    FRENCH[0],
    "La pression du réservoir principal est revenue à la valeur normale dans la journée de jeudi.",
    *FRENCH[2:],
]


def test_another_sentence_between_two_close_ones_is_the_evidence() -> None:
    answer = " ".join((ENGLISH[0], OTHER[1], *ENGLISH[2:]))
    assert content_findings(" ".join(LONGER), answer) == (Finding(flags.CONTENT_MISMATCH, OTHER[1]),)


def test_a_sentence_is_missing_though_another_one_was_halved() -> None:
    answer = " ".join((ENGLISH[0], "Yesterday morning the client came.", "He paid his bill.", ENGLISH[3]))
    assert names(content_findings(" ".join(LONGER), answer)) == (flags.SENTENCE_MISSING,)
