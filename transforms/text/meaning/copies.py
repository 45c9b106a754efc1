"""French that stayed: an answer that is the source again, a line, a word of it.

Stop words show that a sentence is French; titles, tables and single words have none. Here every word counts that the
lexicon knows as French and that is not English, too. Names keep their French: a passage that begins with a capital is
one, unless it is a line of the source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.meaning.left_words import QUOTED, left_word_findings
from transforms.text.meaning.whole_copies import CODE, WORD, whole_copy_findings
from transforms.text.words.code import without_code
from transforms.text.words.french_words import PARTICLES, is_french_in_sentences
from transforms.text.words.lexicon import is_english, is_only_french
from transforms.text.words.reading import is_list, read

_FOLDED = re.compile(r"[\W_]+")
MOST_LINES: Final = 400
COMPARED_LETTERS: Final = 12
LONGEST_NAME: Final = 12
MOST_NEW, HALF = 0.1, 0.6
"""An answer is nearly the source if a word of it at most, or so many of its words, are not the source's, and so many of
the source's are in it."""

MANY_WORDS, LEAST_SHARED = 200, 0.6
"""Of longer texts with fewer of the source's words, only the lines with French words in lower case are looked at."""


def copy_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """Untranslated if the whole answer is the source's French, else french_left for a line or word of it."""
    # Letters in front tell nearly all texts apart, far more cheaply than the texts as a whole.
    if (
        _may_start_alike(source, translation)
        and _start(source) == _start(translation)
        and _folded(source) == _folded(translation)
    ):
        found = whole_copy_findings(translation)
        # A name that lost a capital or a hyphen is a name: "Ille-et-vilaine".
        return whole_copy_findings(source) if found and source != translation else found
    before, here = read(source), read(translation)
    shared = before.low_set & here.low_set
    count = len(here.low_set)
    if count - len(shared) <= max(1, MOST_NEW * count) < count and len(shared) >= HALF * len(before.low_set):
        return whole_copy_findings(translation)
    if is_list(here):
        return ()
    french = frozenset(filter(is_french_in_sentences, shared))
    if french and (found := _left_findings(source, translation)):
        return found
    return left_word_findings(source, translation, shared, french)


def _left_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """french_left for a line or word that stayed as it was."""
    before, here = read(source), read(translation)
    there, written = frozenset(before.words), here.words
    suspects = [word for word in there.intersection(written) if is_french_in_sentences(word.lower())]
    in_lower_case = [word for word in suspects if word.islower()]
    if not in_lower_case:
        line = _copied_line(source, translation) if suspects or any(map(str.isupper, written)) else None
        return (finding(flags.FRENCH_LEFT, line),) if line else ()
    text = translation
    if "\n" in text:
        few = len(written) > MANY_WORDS and sum(map(there.__contains__, written)) < LEAST_SHARED * len(written)
        sought = in_lower_case if few else suspects
        text = "\n".join([line for line in text.split("\n") if any(word in line for word in sought)])
    cleaned = QUOTED.sub(" ", without_code(text, CODE))
    words = WORD.findall(cleaned)
    left = [word for word in words if word in there and is_french_in_sentences(word.lower())]
    if not left:
        return ()
    if line := _copied_line(source, translation):
        return (finding(flags.FRENCH_LEFT, line),)
    word = _left_word(cleaned, source, there)
    return (finding(flags.FRENCH_LEFT, word),) if word else ()


def _may_start_alike(source: str, translation: str) -> bool:
    for length in (1, 4):
        first, other = source[:length], translation[:length]
        if not (first.isalnum() and other.isalnum()):
            return True
        first, other = first.casefold(), other.casefold()
        if first != other and len(first) == len(other):
            return False
    return True


def _start(text: str) -> str:
    start = "".join(filter(str.isalnum, text[: 2 * COMPARED_LETTERS]))
    return start.casefold()[:COMPARED_LETTERS] if len(start) >= COMPARED_LETTERS else _whole_start(text)


def _whole_start(text: str) -> str:
    return "".join(islice(filter(str.isalnum, text), COMPARED_LETTERS)).casefold()[:COMPARED_LETTERS]


def _folded(text: str) -> str:
    return _FOLDED.sub("", text).casefold()


def _copied_line(source: str, translation: str) -> str | None:
    """A line of its own, or a heading, that is the source's, has French words and no English one.

    In whatever case, and whether or not its translation follows in brackets.
    """
    if "\n" not in translation:
        return None
    lines = {bare.casefold(): bare for line in source.split("\n")[:MOST_LINES] if (bare := line.strip(_LINE_MARKS))}
    for line in translation.split("\n")[:MOST_LINES]:
        bare = line.strip(_LINE_MARKS)
        original = lines.get(bare.casefold()) or lines.get(bare.partition(" (")[0].casefold())
        if original:
            words = [word.lower() for word in WORD.findall(without_code(original, CODE))]
            if any(map(is_only_french, words)) and not _is_name(original):
                return bare
    return None


_LINE_MARKS: Final = " \t#*>-_|:"


def _is_name(line: str) -> bool:
    """Whether all its French words are written as names are."""
    words = [word for word in WORD.findall(line) if is_only_french(word.lower())]
    return bool(words) and all(word[0].isupper() and word != words[0] for word in words)


def _left_word(text: str, source: str, there: AbstractSet[str]) -> str | None:
    """A French word in lower case that is not part of a name: of a capitalised passage that stands so in the source."""
    tokens = list(WORD.finditer(text))
    words = [token[0] for token in tokens]
    left = [
        number for number, word in enumerate(words) if word in there and word.islower() and is_french_in_sentences(word)
    ]
    if not left:
        return None
    plain, quoted = _plain(source), " ".join(QUOTED.findall(source))
    return next(
        (words[each] for each in left if words[each] not in quoted and not _in_name(text, plain, words, tokens, each)),
        None,
    )


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'").replace("\u00a0", " ")


def _in_name(text: str, source: str, words: Sequence[str], tokens: Sequence[re.Match[str]], number: int) -> bool:
    """Whether the run of words without an English one around this word holds a capitalised word: a name."""
    first = number
    while (
        first > number - LONGEST_NAME
        and first
        and not _ends_run(words[first - 1])
        and _close(text, tokens[first - 1], tokens[first])
    ):
        first -= 1
        if words[first][0].isupper() and words[first].lower() not in PARTICLES:
            if _plain(text[tokens[first].start() : tokens[number].end()]) in source:
                return True
            break
    last = number
    while (
        last + 1 < min(len(words), number + LONGEST_NAME)
        and not _ends_run(words[last + 1])
        and _close(text, tokens[last], tokens[last + 1])
    ):
        last += 1
        if words[last][0].isupper():
            return _plain(text[tokens[number].start() : tokens[last].end()]) in source
    return False


def _ends_run(word: str) -> bool:
    low = word.lower()
    return word.islower() and low not in PARTICLES and is_english(low)


def _close(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    return after.start() - before.end() <= 2 and not re.search(r"[.!?:;\n,]", text[before.end() : after.start()])
