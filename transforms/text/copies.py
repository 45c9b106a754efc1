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
from transforms.text.english import is_english_word
from transforms.text.findings import Finding, finding
from transforms.text.language_words import FRENCH, NAME_PARTICLES
from transforms.text.lexicon import is_english, is_only_french
from transforms.text.reading import is_list, read
from transforms.text.words import word_set

_LETTERS = re.compile(r"[^\W\d_]+")
_CODE = re.compile(
    r"https?://\S+|www\.\S+|(?<!\S)\S{1,80}@\S{1,80}|</?[A-Za-z][^<>\n]{0,200}>|``[^`\n]{1,200}``|`[^`\n]{1,200}`|[$%@&\\#]\{?\(?[\w.:-]+|(?<![\w)])/[\w./:-]+"
    r"|\{[^{}\n]{0,80}\}|(?<![\w-])[-\w]{0,60}_[-\w]*|(?<!\w)\w{1,60}\.\w+|(?<![\w-])--?\w[\w-]*|(?<!\w)\w{1,60}\(\)|&\w{1,30};"
    r"|(?<![\w-])[A-Z]{1,5}-\d[\w-]*|(?<!\w)\w{0,60}\d\w*"
)
"""Addresses, markup, code and names of files: their words are no words."""

_PARTICLES: Final = word_set(
    """de du des la le les un une et en au aux pour par sur dans avec sans est sont que qui ne pas il elle"""
)
_TITLE_PARTICLES: Final = word_set("de du des la le les au aux")
_QUOTED = re.compile(r"«[^«»\n]{1,80}»|“[^“”\n]{1,80}”|\"[^\"\n]{1,80}\"|‘[^‘’\n]{1,80}’|(?<!\w)'[^'\n]{1,80}'(?!\w)")
_FOLDED = re.compile(r"[\W_]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n|>•*»”\"-])\s*\Z")
MOST_LINES: Final = 400
COMPARED_LETTERS: Final = 12
LONGEST_NAME: Final = 12
LEAST_UNKNOWN: Final = 6
"""Letters of a word whose ending may show that it is French."""

LEAST_STOP_WORD: Final = 4
SOME_CAPITALS: Final = 2
"""A French title may have a name in it."""

LONGEST_ACRONYM: Final = 5
FEW_WORDS, LEAST_CERTAIN = 4, 2
"""Of longer copies, one French word is not enough to reject them: it may be a name."""

MANY_WORDS, LEAST_SHARED = 200, 0.6
"""Of longer texts with fewer of the source's words, only the lines with French words are looked at."""


def copy_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """Untranslated if the whole answer is the source's French, else french_left for a line or word of it."""
    # Letters in front tell nearly all texts apart, far more cheaply than the texts as a whole.
    if (
        _may_start_alike(source, translation)
        and _start(source) == _start(translation)
        and _folded(source) == _folded(translation)
    ):
        return _whole_copy(translation)
    here = read(translation)
    if not any(map(_is_french, read(source).low_set & here.low_set)) or is_list(here):
        return ()
    there, written = frozenset(read(source).words), here.words
    suspects = [word for word in there.intersection(written) if _is_french(word.lower())]
    in_lower_case = [word for word in suspects if word.islower()]
    if not in_lower_case:
        line = _copied_line(source, translation) if suspects else None
        return (finding(flags.FRENCH_LEFT, line),) if line else ()
    text = translation
    if len(written) > MANY_WORDS and sum(map(there.__contains__, written)) < LEAST_SHARED * len(written):
        text = "\n".join(line for line in text.split("\n") if any(word in line for word in in_lower_case))
    cleaned = _QUOTED.sub(" ", _CODE.sub(" ", text))
    words = _LETTERS.findall(cleaned)
    left = [word for word in words if word in there and _is_french(word.lower())]
    if not left:
        return ()
    english = sum(is_english(word.lower()) and word.lower() not in _PARTICLES for word in words if word not in there)
    kept = sum(word in there for word in words)
    lower = [word for word in left if word.islower()]
    if len(lower) >= 2 and kept >= 0.85 * len(words) and english <= 0.1 * len(words):
        return (finding(flags.UNTRANSLATED, translation),)
    if line := _copied_line(source, translation):
        return (finding(flags.FRENCH_LEFT, line),)
    word = _left_word(cleaned, source, there)
    return (finding(flags.FRENCH_LEFT, word),) if word else ()


def _may_start_alike(source: str, translation: str) -> bool:
    first, other = source[:4], translation[:4]
    if not (first.isalnum() and other.isalnum()):
        return True
    first, other = first.casefold(), other.casefold()
    return first == other or len(first) != len(other)


def _start(text: str) -> str:
    start = "".join(filter(str.isalnum, text[: 2 * COMPARED_LETTERS]))
    return start.casefold()[:COMPARED_LETTERS] if len(start) >= COMPARED_LETTERS else _whole_start(text)


def _whole_start(text: str) -> str:
    return "".join(islice(filter(str.isalnum, text), COMPARED_LETTERS)).casefold()[:COMPARED_LETTERS]


def _folded(text: str) -> str:
    return _FOLDED.sub("", text).casefold()


def _whole_copy(text: str) -> tuple[Finding, ...]:
    """A copy is right if its words are English, too, or no words but names, numbers and codes.

    Looked at by sentences, cells, tags and strings, each of which begins anew.
    """
    if is_list(read(text)):
        return ()
    shouted = not any(map(str.islower, text))
    left = [found for part in _PARTS.split(text) if part.strip() and (found := _copied_part(part, shouted))]
    certain = [word for found in left if found.flag == flags.UNTRANSLATED for word in found.evidence.split()]
    words = _LETTERS.findall(text)
    acronym = shouted and len(words) == 1 and len(words[0]) <= LONGEST_ACRONYM
    particles = sum(word.lower() in _PARTICLES and (shouted or word.islower()) for word in words)
    enough = len(certain) >= (1 if len(words) <= FEW_WORDS else LEAST_CERTAIN) or particles >= LEAST_CERTAIN
    if certain and enough and not acronym:
        return (finding(flags.UNTRANSLATED, " ".join(certain)),)
    return (finding(flags.FRENCH_LEFT, text),) if left else ()


_PARTS = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|[\n|\"{}\[\]]|(?:[:;!?]|(?<=[a-zà-ÿ]{4})\.)(?=\s)")
_FRENCH_ENDING = re.compile(
    r"(?:issement|[^m]ement|ectomie|algie|logie|graphie|atrice|euse|eux|aux|ature|ateur|oire|aire|nel|tif|iel|[tf]ique|guer|quer|ifier)s?\Z"
)
"""Words that end so are French if they are not English ones."""


def _looks_french(word: str) -> bool:
    low = word.lower()
    if _is_french(low):
        return True
    return len(low) > LEAST_UNKNOWN and bool(_FRENCH_ENDING.search(low)) and not is_english_word(low)


def _copied_part(text: str, shouted: bool) -> Finding | None:
    """What is French in a part of a copy. French titles have one capital, their first; with more it is a name."""
    words = _LETTERS.findall(_CODE.sub(" ", text))
    french = [word for word in words if _looks_french(word)]
    if not french:
        first = words[:1]
        particles = [
            word for word in words if word.lower() in _PARTICLES and (word.islower() or shouted or [word] == first)
        ]
        title = _is_french_title(text, words) or (len(particles) >= 2 and _mostly_lower(words))
        return finding(flags.FRENCH_LEFT, text) if title else None
    if any(shouted or word.islower() for word in french):
        return finding(flags.UNTRANSLATED, " ".join(french))
    capitals = sum(word[0].isupper() and (len(word) == 1 or not word.isupper()) for word in words)
    described = any(word.islower() and len(word) >= LEAST_STOP_WORD and is_english(word) for word in words)
    return (
        finding(flags.FRENCH_LEFT, text)
        if words[0] in french and (capitals == 1 or (described and capitals == SOME_CAPITALS))
        else None
    )


_ELIDED = re.compile(r"(?<!\w)[dl]['’](?=[a-zà-ÿ])")


def _is_french_title(text: str, words: Sequence[str]) -> bool:
    """Whether all words but the first are in lower case, with a French particle between them: no name is written so."""
    if len(words) < 3 or not words[0][0].isupper() or not all(map(str.islower, words[1:])):
        return False
    return bool(_ELIDED.search(text)) or any(word in _TITLE_PARTICLES for word in words[1:-1])


def _mostly_lower(words: Sequence[str]) -> bool:
    return sum(map(str.islower, words)) >= 0.5 * len(words)


def _copied_line(source: str, translation: str) -> str | None:
    """A line of its own, or a heading, that is the source's, has French words and no English one."""
    if "\n" not in translation:
        return None
    lines = {line.strip(" \t#*>-_|:") for line in source.split("\n")[:MOST_LINES]} - {""}
    for line in translation.split("\n")[:MOST_LINES]:
        bare = line.strip(" \t#*>-_|:")
        if bare in lines:
            words = [word.lower() for word in _LETTERS.findall(_CODE.sub(" ", bare))]
            if any(map(is_only_french, words)) and not _is_name(bare):
                return bare
    return None


def _is_name(line: str) -> bool:
    """Whether all its French words are written as names are."""
    words = [word for word in _LETTERS.findall(line) if is_only_french(word.lower())]
    return bool(words) and all(word[0].isupper() and word != words[0] for word in words)


def _left_word(text: str, source: str, there: AbstractSet[str]) -> str | None:
    """A French word in lower case that is not part of a name: of a capitalised passage that stands so in the source."""
    tokens = list(_LETTERS.finditer(text))
    words = [token[0] for token in tokens]
    left = [number for number, word in enumerate(words) if word in there and word.islower() and _is_french(word)]
    if not left:
        return None
    plain, quoted = _plain(source), " ".join(_QUOTED.findall(source))
    return next(
        (words[each] for each in left if words[each] not in quoted and not _in_name(text, plain, words, tokens, each)),
        None,
    )


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'").replace("\u00a0", " ")


def _is_french(word: str) -> bool:
    if is_only_french(word):
        return True
    return len(word) >= LEAST_STOP_WORD and word in FRENCH and word not in NAME_PARTICLES and not is_english(word)


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
        if words[first][0].isupper() and words[first].lower() not in _PARTICLES:
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
    return word.islower() and low not in _PARTICLES and is_english(low)


def _close(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    return after.start() - before.end() <= 2 and not re.search(r"[.!?:;\n,]", text[before.end() : after.start()])
