"""Whether the answer says what the source says: another text, a sentence that is missing, added or another one.

The words' coverage of whole texts costs little and is always looked at. Sentences are aligned where their numbers
differ, or where one has few of its words in the answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.meaning.foreign_passages import foreign_passage_findings
from transforms.text.meaning.loops import doubled_passage
from transforms.text.meaning.said_again import said_again
from transforms.text.meaning.sentence_alignment import WEAK, align, belong_together
from transforms.text.words.alignment import (
    LEAST_ADDED,
    LEAST_MISSING,
    AnswerSentence,
    SourceSentence,
    Word,
    contradicting,
    coverage,
    english_sentences,
    explained,
    french_sentences,
    keys_of,
    source_keys,
    surely_covered,
    union_of,
    words_of,
)
from transforms.text.words.other_languages import hardly_english

MANY_WORDS, SOME_WORDS, FEW_WORDS = 10, 6, 4
LEAST_COVERED, LEAST_COVERED_SHORT = 0.32, 0.17
"""Another text covers less than this of the source's ten content words and more, or of six to nine; of four and five,
none. Measured on pairs of human translators: 0.2 to 0.3 % of good translations, 90 to 98 % of other texts."""

LEAST_NEW, LEAST_CONTRADICTING = 2, 4
"""Known words of both texts without counterpart that tell another text from a free translation: two of the answer's,
and of texts of four words four in all. Measured: 0.03 % of the translations of four words, 95 % of other texts."""

LEAST_ENGLISH: Final = 0.34
"""The same for an answer whose words are hardly English."""

LEAST_CONTEXT_WORDS, CONTEXT_EXPLAINED, CONTEXT_OTHERWISE = 3, 0.45, 0.34

LEAST_PAIR: Final = 0.15
"""Measured: with 0.2, 49 instead of 38 of 16,300 human translations are flagged, and 79 instead of 78 % of the replaced
sentences."""

LEAST_OUTER_PAIR: Final = 0.3
"""The same for a first or last sentence, which has one neighbour only: what has less is looked at closely."""

MISSING_COVERED, ADDED_EXPLAINED = 0.3, 0.25
"""A sentence without counterpart has less than this of its words anywhere near."""

LEAST_OWN: Final = 3
MERGED_RATIO: Final = 0.7
"""Two sentences that became one are shorter by less than this, unless one of them is missing."""

COMPLETE_RATIO: Final = 0.8
"""With more characters around it than this share of the source's, no sentence is missing, but rendered freely."""

Group = tuple[int, int, int, int]
"""First and last + 1 sentence of the source, and of the answer."""

_REPEATABLE: Final = 15
_FOLDED = re.compile(r"[\W_]+")


def content_findings(source: str, translation: str, context: str = "") -> tuple[Finding, ...]:
    """At most one each of content_mismatch, sentence_missing, sentence_added and sentence_repeated."""
    there = french_sentences(source)
    if not there or (len(there) == 1 and len(there[0].words) < 2):
        return ()
    here = english_sentences(translation)
    if not context and _correspond(there, here):
        return repeated(source, translation, here)
    words, keys = words_of(source), keys_of(translation)
    if not surely_covered(words, keys, LEAST_ENGLISH):
        covered = coverage(words, keys)
        if (len(words) >= FEW_WORDS and covered < _least(len(words)) and _contradicts(words, keys, translation)) or (
            covered < LEAST_ENGLISH and hardly_english(translation, source)
        ):
            return (Finding(flags.CONTENT_MISMATCH),)
    if len(here) > 1 and (foreign := foreign_passage_findings(source, translation)):
        return foreign
    if context and (leaked := _of_context(context, there, here)):
        return (finding(flags.PROMPT_LEAK, leaked),)
    if len(words) < FEW_WORDS or (len(there) == 1 and len(translation) < 1.2 * len(source) and not context):
        return ()
    found = repeated(source, translation, here)
    if not here or (len(there) == 1 and len(here) == 1):
        return found
    return (*found, *_aligned(there, here))


def _correspond(there: Sequence[SourceSentence], here: Sequence[AnswerSentence]) -> bool:
    """Whether there are as many sentences, and each has its words in the other one: so it is nearly always.

    A free translation of one sentence between two close ones hides nothing. Two in a row may be a sentence that is gone
    and one that was halved.
    """
    if len(there) != len(here):
        return False
    for sentence, other in zip(there, here, strict=True):
        if not surely_covered(sentence.words, other.keys, WEAK):
            break
    else:
        return True
    total = found = 0.0
    weak_before = False
    for place, (sentence, other) in enumerate(zip(there, here, strict=True), 1):
        words = sentence.words
        share = coverage(words, other.keys)
        weak = share < WEAK and len(words) >= LEAST_MISSING and not belong_together(sentence, other)
        if weak and (weak_before or share < (LEAST_PAIR if 1 < place < len(there) else LEAST_OUTER_PAIR)):
            return False
        weak_before = weak
        total += len(words)
        found += share * len(words)
    return found >= LEAST_ENGLISH * total


def _contradicts(words: Sequence[Word], keys: AbstractSet[str], translation: str) -> bool:
    """Whether known words without a counterpart are many: in short texts a free translation has none by chance."""
    lost, new = contradicting(words, keys, translation)
    if len(words) >= SOME_WORDS:
        return new >= LEAST_NEW
    least = LEAST_CONTRADICTING if len(words) == FEW_WORDS else LEAST_CONTRADICTING - 1
    return (new >= LEAST_NEW and lost + new >= least) or (new == 1 and lost + new > least)


def _of_context(context: str, there: Sequence[SourceSentence], here: Sequence[AnswerSentence]) -> str:
    """A first sentence of the answer that translates the text shown before, not the source; "" if there is none."""
    before = source_keys(french_sentences(context))
    keys = source_keys(there)
    for sentence in here[:2]:
        if len(sentence.words) < LEAST_CONTEXT_WORDS:
            continue
        own, shown = explained(sentence, keys), explained(sentence, before)
        if own < CONTEXT_OTHERWISE and shown >= max(CONTEXT_EXPLAINED, 2 * own):
            return sentence.text
    return ""


def _least(words: int) -> float:
    if words >= MANY_WORDS:
        return LEAST_COVERED
    return LEAST_COVERED_SHORT if words >= SOME_WORDS else 0.01


def repeated(source: str, translation: str, here: Sequence[AnswerSentence]) -> tuple[Finding, ...]:
    """sentence_repeated: a sentence that stands there more often than any of the source's does."""
    said = _repeated_sentence(source, here) or doubled_passage(source, translation) or said_again(source, translation)
    return (finding(flags.SENTENCE_REPEATED, said),) if said else ()


def _repeated_sentence(source: str, here: Sequence[AnswerSentence]) -> str:
    if len(here) < 2 or len({sentence.keys for sentence in here}) == len(here):
        return ""
    alike = Counter(sentence.keys for sentence in here)
    texts = Counter(sentence.text for sentence in here if alike[sentence.keys] > 1)
    counts: Counter[str] = Counter()
    for text, count in texts.items():
        if len(folded := _folded(text)) >= _REPEATABLE:
            counts[folded] += count
    if not counts or len(counts) == sum(counts.values()):
        return ""
    doubled = sum(count - 1 for count in counts.values())
    there = french_sentences(source)
    if doubled <= len(there) - len({sentence.text for sentence in there}):
        return ""
    original = Counter(_folded(sentence.text) for sentence in there)
    if doubled <= sum(count - 1 for count in original.values()):
        return ""
    most = counts.most_common(1)[0][0]
    return next(each.text for each in here if _folded(each.text) == most)


def _folded(text: str) -> str:
    return _FOLDED.sub(" ", text).strip().casefold()


def _aligned(there: Sequence[SourceSentence], here: Sequence[AnswerSentence]) -> list[Finding]:
    """What the alignment shows: the worst of each kind."""
    missing: list[tuple[float, str]] = []
    added: list[tuple[float, str]] = []
    other: list[tuple[float, str]] = []
    groups = _joined(align(there, here))
    for number, (first, last, begin, end) in enumerate(groups):
        if begin == end or last - first > end - begin:
            group = here[max(0, begin - 1) : end + 1] if begin == end else here[begin:end]
            keys = union_of(group)
            if _shorter(there, here, groups[max(0, number - 1) : number + 2]) and (
                begin == end or _too_short(there[first:last], group)
            ):
                for place in range(first, last):
                    share = _own_share(there, place, keys)
                    if share is not None and share < _missing(len(there[place].words)):
                        missing.append((share, there[place].text))
        elif first == last:
            near = source_keys(there[max(0, first - 2) : last + 2])
            for sentence in here[begin:end]:
                told = explained(sentence, near)
                if len(sentence.words) >= LEAST_ADDED and told < ADDED_EXPLAINED:
                    added.append((told, sentence.text))
        if begin < end and first < last:
            words, keys = there[first].words, here[begin].keys
            if last - first > 1 or end - begin > 1:
                words = [word for sentence in there[first:last] for word in sentence.words]
                keys = union_of(here[begin:end])
            if (
                len(words) >= SOME_WORDS
                and not surely_covered(words, keys, LEAST_PAIR)
                and (covered := coverage(words, keys)) < LEAST_PAIR
            ):
                other.append((covered, here[begin].text))
    found = []
    if missing:
        found.append(finding(flags.SENTENCE_MISSING, min(missing)[1]))
    if added:
        found.append(finding(flags.SENTENCE_ADDED, min(added)[1]))
    if other:
        found.append(finding(flags.CONTENT_MISMATCH, min(other)[1]))
    return found


def _joined(groups: Sequence[Group]) -> list[Group]:
    """The groups, but a sentence missing beside one added makes a pair: a free translation, or another sentence."""
    joined: list[Group] = []
    for first, last, begin, end in groups:
        if joined:
            first_before, last_before, begin_before, end_before = joined[-1]
            alone = first_before == last_before, begin_before == end_before
            if (alone[0] and begin == end) or (alone[1] and first == last):
                joined[-1] = (first_before, last, begin_before, end)
                continue
        joined.append((first, last, begin, end))
    return joined


def _shorter(there: Sequence[SourceSentence], here: Sequence[AnswerSentence], groups: Sequence[Group]) -> bool:
    """Whether the answer is shorter than the source around a sentence that is missing."""
    size = sum(len(sentence.text) for sentence in there[groups[0][0] : groups[-1][1]])
    written = sum(len(sentence.text) for sentence in here[groups[0][2] : groups[-1][3]])
    return written < COMPLETE_RATIO * size


def _own_share(there: Sequence[SourceSentence], number: int, keys: AbstractSet[str]) -> float | None:
    """How much of a sentence is covered, by the words that its neighbours do not have; None if it has too few."""
    sentence = there[number]
    if len(sentence.words) < LEAST_MISSING:
        return None
    neighbours = source_keys([*there[max(0, number - 1) : number], *there[number + 1 : number + 2]])
    own = [word for word in sentence.words if word.keys.isdisjoint(neighbours)]
    return min(coverage(own, keys) if len(own) >= LEAST_OWN else 1.0, coverage(sentence.words, keys))


def _too_short(source: Sequence[SourceSentence], answer: Sequence[AnswerSentence]) -> bool:
    written, size = sum(len(sentence.text) for sentence in answer), sum(len(sentence.text) for sentence in source)
    return written < MERGED_RATIO * size


def _missing(words: int) -> float:
    return MISSING_COVERED if words < MANY_WORDS else MISSING_COVERED + 0.08
