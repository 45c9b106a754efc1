"""Taking away what a model wrote around the translation: only what is certainly not part of it.

Preambles, notes and wrapping quotes are the commonest fault of all, and the translation inside is good. Whatever the
source has an analogue of stays: a text that begins with "Voici la traduction :" keeps its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from transforms.text import flags
from transforms.text.signs.emoji import FIRST_EMOJI, without_emoji_tail
from transforms.text.stripping.control_tokens import (
    MARKED,
    begins_with_role,
    may_have_tokens,
    without_json,
    without_tokens,
)
from transforms.text.stripping.echoes import repeats_source, without_echo
from transforms.text.stripping.extra_paragraphs import without_extra_paragraphs
from transforms.text.stripping.labels import begins_with_label, without_label
from transforms.text.stripping.notes import bracketed, without_notes
from transforms.text.stripping.task_talk import (
    MOST_EXPLAINED,
    SEVERAL,
    explained_share,
    explaining_keys,
    may_speak,
    speaks,
    speaks_apart,
)
from transforms.text.stripping.unexplained import (
    has_unexplained_end,
    without_rule,
    without_unexplained_end,
    without_unexplained_start,
)
from transforms.text.stripping.wrappings import may_be_wrapped, without_wrapping, without_wrapping_marks
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.reading import read

_PREAMBLE_LINE = re.compile(
    r"""[#*_>\s]{0,6}(?:(?:sure|certainly|of\s+course|absolutely|okay|ok|great|understood|yes|bien\s+sûr|certainement
    | d['’]accord|avec\s+plaisir|voilà)\b[^\w\n]{0,6}(?:thing\b[^\w\n]{0,4})?)?
    (?:(?:here(?:['’]s|\s+is|\s+are|\s+you\s+go|\s+it\s+is)|below\s+is|this\s+is|the\s+following\s+is|i(?:['’]ve|\s+have)\s+translated|voici|ci-dessous|la\s+traduction|ma\s+traduction)
      \b[^\n:.(]{0,120}(?:translat|english|version|tradu|anglais)[^\n:.(]{0,80}
    | the\s+(?:\w+\s+){0,2}(?:translation|translated\s+(?:text|version|sentence)|english\s+version)\b[^\n:.(]{0,80}
    | here\s+you\s+go | here\s+it\s+is
    | (?:(?:english|final|the|my|suggested|direct|french\s+to\s+english)\s+){0,2}(?:translation|version|text)
      (?:\s+(?:in|to|into)\s+english|\s+of\s+[^\n:]{1,60})?
    | english | traduction(?:\s+(?:en\s+anglais|anglaise|proposée))? | anglais | output | answer | result | response)
    [*_]{0,3}\s*:(?!:)[*_]{0,3}[^\S\n]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""Up to its colon: "Sure! Here is the English translation:", "**Translation:**", "Voici la traduction en anglais :"."""

_INTERJECTION = re.compile(
    r"(?i)(?:sure|certainly|of course|absolutely|okay|great|understood|here you go|bien sûr|certainement|d['’]accord"
    r"|avec plaisir|happy to help|i['’]d be happy to (?:help|translate)[^\n]{0,60}|voici la traduction[^\n]{0,60}"
    r"|here(?:['’]s| is) (?:the|your|my) [^\n.:]{0,40}translation[^\n]{0,60}"
    r"|[#*_ ]{1,8}(?:english )?(?:translation|english)[*_ ]{0,4})"
    r"(?:[^\w\n]{0,3}(?:thing|here you go|no problem))?[!.:…]*[ \t]*\n+"
)
"""A line of its own."""

_SAYS_TRANSLATION = re.compile(
    r"(?i)tradu|anglais|english|translat|version|\A\W*(?:voici|voilà|ci-|résultat|réponse|sortie|texte)"
)
_SAYS_YES = re.compile(
    r"(?i)bien s[uû]r|certain|d['’]accord|entendu|oui\b|\bok|volontiers|plaisir|parfait|super|voil[aà]|évidem"
)
_LABELLED = re.compile(r"\s*(\w+)\s*:")
_HEAD = 120

_ROUNDS = 4


def strip(answer: str, source: str) -> tuple[str, tuple[str, ...]]:
    """The translation in ``answer``, and flags for what was taken away.

    Preambles before it and notes after it (``preamble_stripped``); quotes, code fences and tags around it
    (``quotes_stripped``). Nothing is taken that would leave nothing.

    Args:
        answer: Without thoughts and delimiters of the prompt, as ``cleaning.clean`` leaves it.
        source: The text that was sent.
    """
    text = answer.strip()
    if _is_bare(text) and not (
        may_be_wrapped(text)
        or has_unexplained_end(text, source)
        or (len(text) > len(source) and repeats_source(text, source))
    ):
        return text, ()
    found: dict[str, None] = {}
    for unwrap, flag in _ONCE:
        less = unwrap(text, source).strip()
        if less != text and (less or (flag == flags.TOKENS_STRIPPED and not _is_translation(text, source))):
            text = less
            found[flag] = None
    for _ in range(_ROUNDS if text else 0):
        before = text
        for step, flag in _STEPS:
            less = step(text, source).strip()
            if less and less != text:
                text = less
                found[flag] = None
        if text == before:
            break
    return text, tuple(found)


def _is_translation(token: str, source: str) -> bool:
    """Whether what looks like a token or a role says what the source says: "Output:" for "Sortie"."""
    words = words_of(source)
    return bool(words) and coverage(words, keys_of(token)) > 0


_AROUND: Final = frozenset(f":\n{''.join(MARKED)}")
_COLON: Final = frozenset(":")
_CLOSED: Final = frozenset(")]*_:\u200d\ufe0f")


def _is_bare(text: str) -> bool:
    """Whether nothing stands around a translation: it has none of the signs and words that each step here looks for."""
    if not text or not text[0].isalnum() or text[-1] in _CLOSED or text[-1] >= FIRST_EMOJI:
        return False
    around = _AROUND & read(text).signs
    if may_speak(text) or may_have_tokens(text) or not around <= _COLON or " ##" in text or "@@ " in text:
        return False
    return not around or not (_PREAMBLE_LINE.match(text) or begins_with_role(text) or begins_with_label(text))


def _without_preamble(text: str, source: str) -> str:
    head = source[:_HEAD]
    match = _PREAMBLE_LINE.match(text)
    if match and SEVERAL.search(match[0]):
        return text
    if match and not _SAYS_TRANSLATION.search(head):
        own = _LABELLED.match(head)
        return text if own and own[1].lower() == match[0].strip("#*_:> \n\t").lower() else text[match.end() :]
    if not match and (match := _INTERJECTION.match(text)) and not _SAYS_YES.search(head):
        return text if _SAYS_TRANSLATION.search(head) else text[match.end() :]
    return text


_SENTENCE = re.compile(r"[.!?…:][\"'”»)\]*_]{0,3}\s+|\n+")
_LONGEST_TALK: Final = 600


def _without_first_talk(text: str, source: str) -> str:
    """Without a first line, clause or sentence in which the model speaks of its task."""
    if not may_speak(text) or not (match := _SENTENCE.search(text, 1, _LONGEST_TALK)):
        return text
    first = text.find("\n")
    ends = [match.end()] if first in (-1, match.start()) or first > _LONGEST_TALK else [first + 1, match.end()]
    if second := _SENTENCE.search(text, match.end(), _LONGEST_TALK):
        ends.append(second.end())
    if not speaks_apart(text[: max(ends)]):  # then no part of it does
        return text
    for end in ends:
        part = text[:end]
        announces = part.rstrip()[-1:] == ":" or part.endswith("\n\n")
        if _may_go(part, text[end:], text, source, speaks_apart if announces else speaks):
            return text[end:]
    return text


def _without_last_talk(text: str, source: str) -> str:
    """Without a last paragraph, line, passage in brackets or sentence in which the model speaks of its task."""
    longer = text.count("\n") > source.strip().count("\n")
    if not longer and not bracketed(text) and not may_speak(text):
        return text
    first = max(0, len(text) - _LONGEST_TALK)
    last = max((match.end() for match in _SENTENCE.finditer(text, first)), default=0)
    places = (text.rfind("\n\n"), text.rfind("\n"), bracketed(text), last)
    starts = [start for start in places if max(1, first) <= start < len(text)]
    if not starts or not speaks_apart(text[min(starts) :]):  # then no part of it does
        return text
    for start in starts:
        apart = text[start] in "([" or (longer and text[start] == "\n")
        speaking = speaks_apart if apart else speaks
        if _may_go(text[start:], text[:start], text, source, speaking, apart):
            return without_rule(text[:start].rstrip())
    return text


def _may_go(part: str, rest: str, text: str, source: str, speaking: Callable[[str], bool], apart: bool = False) -> bool:
    """Whether ``part`` is a model's own talk, and ``rest`` says what the source says no worse than both together."""
    if len(part) > _LONGEST_TALK or not rest.strip() or not speaking(part):
        return False
    if _LABEL.match(source) and part.rstrip()[-1:] == ":" and not _LABEL.match(rest):
        return False
    explained = explained_share(part, explaining_keys(source))
    if SEVERAL.search(part) or explained >= MOST_EXPLAINED:
        return False
    # With as many sentences as the source, none is the model's own.
    own = not explained and part.count(" ") > _FEW_WORDS
    if not apart and not own and _sentences(text) <= _sentences(source):
        return False
    words = words_of(source)
    covered = coverage(words, keys_of(rest))
    return covered >= LEAST_REST and covered >= coverage(words, keys_of(text)) - 0.05


def _sentences(text: str) -> int:
    return len(_SENTENCE.findall(text.strip())) + 1


LEAST_REST: Final = 0.34
_FEW_WORDS: Final = 2
_LABEL = re.compile(r"[^\W\d_][^\n:.!?]{1,40}:\s")
"""A text that begins with one is translated to one that does: "Attention : …", "Please note: …"."""

_LEADING_MARK = re.compile(
    r"""(?!%[ ]of\b|[#][ ]of\b|[<>=~≥≤±+-]+[ ]\d)
    [^\w\s"'“”„‚‘’«»‹›`<(\[{$\\&]{1,6}[ \t]+(?=\S) | [\#*_=~-]{1,20}[ \t]*\n\s*""",
    re.VERBOSE,
)
"""Also arrows and signs of comments, but no sign that stands for a word: "# of items", "> 5"."""
_MARKS_OF_WORDS: Final = frozenset("%?+^:@")
"""Signs that may stand for a word of a sentence, where they need not be first: "opérateur %", "% operator"."""
_MARKS_OF_LINES: Final = frozenset("#>-*•+–—|=~→;/.…!?:,@^%‣◦▪·")


def _without_leading_mark(text: str, source: str) -> str:
    """Without the mark of a heading, quotation, list or comment that no line of the source begins with."""
    match = _LEADING_MARK.match(text)
    if not match or source.lstrip()[:1] in _MARKS_OF_LINES | {match[0][0]} or f"\n{match[0][0]}" in source:
        return text
    if match[0][0] in _MARKS_OF_WORDS and match[0].strip() in source:
        return text
    if match[0][0] == ">" and ">" not in source:
        return re.sub(r"(?m)^>[ \t]?", "", text)
    return text[match.end() :]


def _without_emoji(text: str, source: str) -> str:
    """Without emoji at the end that the source does not have there."""
    if text.isascii() or without_emoji_tail(source) != source:
        return text
    return without_emoji_tail(text)


_ONCE: Final = ((without_json, flags.QUOTES_STRIPPED), (without_tokens, flags.TOKENS_STRIPPED))
_STEPS: Final = (
    (without_echo, flags.PREAMBLE_STRIPPED),
    (_without_preamble, flags.PREAMBLE_STRIPPED),
    (without_label, flags.PREAMBLE_STRIPPED),
    (without_wrapping, flags.QUOTES_STRIPPED),
    (without_wrapping_marks, flags.QUOTES_STRIPPED),
    (without_unexplained_start, flags.PREAMBLE_STRIPPED),
    (without_unexplained_end, flags.PREAMBLE_STRIPPED),
    (_without_first_talk, flags.PREAMBLE_STRIPPED),
    (without_notes, flags.PREAMBLE_STRIPPED),
    (_without_last_talk, flags.PREAMBLE_STRIPPED),
    (without_extra_paragraphs, flags.PREAMBLE_STRIPPED),
    (_without_leading_mark, flags.QUOTES_STRIPPED),
    (_without_emoji, flags.EMOJI_MISMATCH),
)
