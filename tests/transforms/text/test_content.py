"""Answers that say what the source does not: the context shown, another text, a sentence less."""

from __future__ import annotations

import random

from tests.transforms.text.mutations import many_words, pool
from transforms.text import flags
from transforms.text.checks import check


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
