"""Talk, wrapping, tokens and omissions that no list in the rules has: labels and marks put together by chance."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.fault_sentences import Fault, prose
from tests.transforms.text.clean_pairs import Pair

_LABELS: Final = (
    *("In English", "EN", "Best rendering in English", "Translated passage", "Final English version", "Target"),
    *("Übersetzung", "Traducción al inglés", "Vertaling", "Tłumaczenie", "Traduzione in inglese", "译文", "Перевод"),
    *("The sentence in English", "Result of the translation", "French to English", "Output (English)"),
)
_BEFORE: Final = (
    "{}: ",
    "**{}:** ",
    "[{}] ",
    "## {}\n\n",
    "{}:\n\n",
    "({}) ",
    "--- {} ---\n\n",
    "{} =\n",
    "{} > ",
    "{} → ",
)
_LEADS: Final = (
    *("The sentence means that ", "The text reads: ", "It could be translated as: ", "This says: "),
    *("So the whole translation would be: ", "My best rendering of the phrase is: ", "In English, this reads: "),
)
_AROUND: Final = (
    *("***{}***", "_{}_", "~~{}~~", "[{}]", "({})", "「{}」", "\\boxed{{{}}}", 'print("{}")', "<final>{}</final>"),
    *('""{}""', "<reply lang='en'>{}</reply>", "```english\n{}\n```"),
    *("„{}“", 'const out = "{}";', "[q]{}[/q]", ":::tip\n{}\n:::", "/* {} */"),
)
_NAMES: Final = ("END", "TRANSLATION_END", "turn_over", "reply", "final_text", "eoc", "channel", "out")
_TOKENS: Final = ("<{}>", "</{}>", "<|{}|>", "<{}|>", "[|{}|]", "<<{}>>", "<｜{}｜>")
_INVISIBLE: Final = ("\u200b", "\u00ad", "\ufeff", "\u2060", "\u200e", "\u202e")
_OMITTED: Final = (
    *(
        "...",
        " […]",
        " [text truncated]",
        " (remainder omitted)",
        " etc.",
        " and so on.",
        " -- more --",
        " (",
        " and the",
    ),
    *(" [cut for length]", " (continued below)", " <rest skipped>"),
)
_LEAST_CUT: Final = 120


def label_or_lead(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The translation under a label, or as the object of a clause."""
    for pair in prose(pairs):
        lead = rng.choice(_LEADS) if rng.random() < 0.3 else rng.choice(_BEFORE).format(rng.choice(_LABELS))
        yield Fault(pair.french, lead + pair.english, pair.english)


def wrapped(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The translation within marks."""
    for pair in prose(pairs):
        if pair.french[0].isalpha() and pair.english[0].isalpha():
            yield Fault(pair.french, rng.choice(_AROUND).format(pair.english), pair.english)


def unknown_token(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A token that no model has, before or after the translation, beside it or on a line of its own."""
    for pair in prose(pairs):
        token = rng.choice(_TOKENS).format(rng.choice(_NAMES))
        mark = rng.choice(("", "\n", " "))
        answer = rng.choice((f"{token}{mark}{pair.english}", f"{pair.english}{mark}{token}"))
        yield Fault(pair.french, answer, pair.english)


def invisible(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A character that nobody sees within the translation."""
    for pair in prose(pairs):
        place = rng.randrange(1, len(pair.english))
        answer = pair.english[:place] + rng.choice(_INVISIBLE) + pair.english[place:]
        yield Fault(pair.french, answer, pair.english)


def omitted(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The first part of the translation, and a mark of omission."""
    for pair in prose(pairs):
        if len(pair.english) >= _LEAST_CUT and pair.french[-1] in ".!?" and "…" not in pair.french:
            words = pair.english.split(" ")
            kept = " ".join(words[: int(len(words) * rng.uniform(0.4, 0.85))]).rstrip(".,;: ")
            yield Fault(pair.french, kept + rng.choice(_OMITTED), pair.english)


def said_in_two_ways(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The translation and a variant of it, joined."""
    swapped = {"the": "this", "is": "was", "are": "were", "a": "one", "of": "from", "to": "for", "has": "had"}
    for pair in prose(pairs):
        other = " ".join(swapped.get(word, word) for word in pair.english.split(" "))
        if other != pair.english:
            yield Fault(pair.french, f"{pair.english}{rng.choice((' / ', ' — ', ' or ', ' | '))}{other}", pair.english)
