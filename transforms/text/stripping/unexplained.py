"""A first or last clause, line or sentence of an answer of which the source explains no word.

Whatever a model says before or after a translation, in whatever language, translates nothing: "TL;DR:", "Roger.",
"Klar! Hier ist sie:", "EN >", "# done". What is left has the words that the source begins or ends with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from transforms.text.stripping.labels import begins_with_label
from transforms.text.stripping.new_signs import DASHES, END_SIGNS, SENTENCE_ENDS, START_SIGNS, new_signs
from transforms.text.stripping.task_talk import PLAIN_WORDS, SEVERAL, SPEECH, TASK_LETTERS, TASK_STARTS, speaks
from transforms.text.words.alignment import Word, coverage, english_keys, keys_of, words_of
from transforms.text.words.english import is_english_word, unknown
from transforms.text.words.word_sets import word_set

_REACH: Final = 200
"""Characters of the answer in which a first part ends."""
_PARTS: Final = 5
_END = re.compile(r"[:…!?.>=|→⇒➜\n)\]}»】–—-](?:(?<=\n)\s*|[*_\"'”»)\]]{0,3}\s+)")
_START = re.compile(
    r"""[\n\#|→⇒~;/\[({<–—.!?…](?:
      (?<=[.!?…])["'”»)\]]{0,2}(?=\s+\S) | (?<=\n)\s*(?=\S) | (?<=\s[\[({<]) | (?<=\s[–—])(?=\s)
    | (?<=\s[\#|→⇒~;])(?=[\#|→⇒~;]{0,3}\s) | (?<=\s/)(?=[/*]\s) )""",
    re.VERBOSE,
)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_OPENING: Final = frozenset("([{«【")
_CLAUSE_END = re.compile(r"[,:;!?…\n]|[.–—-](?=[*_\"'»)]{0,3}\s)")
_BRACKETS: Final = {")": "(", "]": "[", "}": "{", "»": "«", "】": "【"}
_DASH = re.compile(r"[-–—]\s")
_CODES: Final = word_set("en EN fr FR")
"""Codes of languages, of which French has words, too."""
_SPEAKER: Final = word_set("i me my")
_FRENCH_SPEAKER = re.compile(r"(?i)\b(?:j['’]|je\b|me\b|m['’]|mon\b|ma\b|mes\b|moi\b|nous\b|nos\b|notre\b|on\b)")
_VERSION = re.compile(
    r"(?i)\W{0,20}(?:(?:literal|formal|informal|idiomatic|casual|alternative)(?:ly)?"
    r"|(?:option|version|translation|variant|choice|traduction)\s*(?:n°|no\.?)?\s*(?:[1-9]|[a-d]))\b"
)
"""One of several versions: nothing to strip, something to flag."""
_MANY_WORDS: Final = 6
_MOST_IN_PART: Final = 0.34
_SORRY: Final = word_set("sorry apologies apologize apologise forgive pardon excuse hopefully mistakes")
_UNSURE: Final = word_set(
    """approximate approximately approx unsure uncertain sic guess unverified literal literally draft rough roughly
    tentative unclear illegible legible garbled typo translation translated machine confidence scan quality sorry"""
)
_DONE: Final = word_set(
    """task job request work processing conversion output result done complete completed finished fulfilled success
    successful successfully processed generated converted ready"""
)
"""What a report is made of: "Task completed.", "Conversion finished successfully."."""
_DOUBTS: Final = frozenset(
    f"{before}{marks}{after}" for before, after in ("()", "[]") for marks in ("?", "??", "???", "!")
)
_INTERJECTIONS: Final = word_set("hmm uh um oh ah ok okay yes yep hi so well aha ugh right")
_LONGEST_REMARK: Final = 140
_SHORT: Final = 2
_FEW: Final = 2
_RULE = re.compile(r"\n[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*\Z")
_QUOTED = re.compile(r'"[^"\n]{1,200}"|“[^”\n]{1,200}”|«[^»\n]{1,200}»')
_WORD = re.compile(r"[^\W\d_]+")
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")
_LETTERS_OF_WORD: Final = 5
_TOKEN = re.compile(r"\w+")
_LEAST_ABBREVIATED: Final = 4
_LEAST_REST: Final = 0.34
_LEAST_CLAUSE: Final = 0.5
_NEAR_WORDS: Final = 6
_BY_CHANCE: Final = 0.34
_FIRST_WORDS: Final = 3


def has_unexplained_end(text: str, source: str) -> bool:
    """Whether the source explains nothing of a first or last part of ``text``."""
    if not new_signs(text, source) and text[:1] not in _OPENING:
        return False
    return bool(_unexplained_start(text, source) or _unexplained_end(text, source))


def without_unexplained_start(text: str, source: str) -> str:
    """``text`` without what stands before the translation and translates nothing; see the module."""
    end = _unexplained_start(text, source)
    return text[end:] if end else text


def _unexplained_start(text: str, source: str) -> int:
    """Where a first part ends of which the source explains nothing; 0 if there is none."""
    new = new_signs(text, source)
    if END_SIGNS.isdisjoint(new) and text[:1] not in _OPENING:
        return 0
    match = _END.search(text, 1, _REACH)
    if not match:
        return 0
    words = words_of(source)
    for _ in range(_PARTS):
        if not match or match.end() == len(text):
            return 0
        sign = "\n" if "\n" in match[0] else match[0][0]
        ends_sentence = sign in SENTENCE_ENDS
        if sign in new or (ends_sentence and "." in new) or (sign in DASHES and "-" in new) or sign in _BRACKETS:
            part, rest = text[: match.end()], text[match.end() :]
            content = _unexplained_words(part, words, 0.0 if ends_sentence else _BY_CHANCE)
            if content < 0 and ends_sentence:
                return 0
            if (
                content >= 0
                and _ends_a_part(part, sign, rest, content, source)
                and _is_all(rest, part, sign, words, source)
            ):
                return match.end()
        match = _END.search(text, match.end(), _REACH)
    return 0


def without_unexplained_end(text: str, source: str) -> str:
    """``text`` without what stands after the translation and translates nothing; see the module."""
    start = _unexplained_end(text, source)
    return without_rule(text[:start].rstrip()) if start else text


def without_rule(text: str) -> str:
    """``text`` without a rule that parted a remark from it."""
    return _RULE.sub("", text)


def _unexplained_end(text: str, source: str) -> int:
    """Where a last part begins of which the source explains nothing; 0 if there is none."""
    new = new_signs(text, source)
    if START_SIGNS.isdisjoint(new):
        return 0
    starts = list(_START.finditer(text, max(1, len(text) - _LONGEST_REMARK)))
    words: Sequence[Word] = ()
    for match in starts[: -_PARTS - 1 : -1]:
        sign = match[0][0]
        if sign not in new and not (sign in SENTENCE_ENDS and "." in new) and not (sign in DASHES and "-" in new):
            continue
        words = words or words_of(source)[::-1]
        start = match.end() if sign in SENTENCE_ENDS else match.start()
        part = text[start:]
        content = _unexplained_words(part, words, 0.0)
        if content < 0:
            return 0
        if _begins_a_part(part, sign, content, source) and _has_end(text[:start], words):
            return start
    return 0


def _begins_a_part(part: str, sign: str, content: int, source: str) -> bool:
    """Whether a sign begins something of its own: the source has none there."""
    core = part.strip()
    if part.count('"') % 2 or source.endswith(core[-3:]):
        return False
    if sign in SENTENCE_ENDS or sign in DASHES:
        return content > 0 and len(core) <= _LONGEST_REMARK and _apologizes(core, source)
    if not content and not (_is_new(core, source) or core in _DOUBTS):
        return False
    if sign in _CLOSING:
        return core[-1] == _CLOSING[sign] and (core in _DOUBTS or (content > 0 and _is_remark(core)))
    return sign != "\n" or not core[0].islower()


def _is_remark(core: str) -> bool:
    """Whether a passage in brackets says something of the translation: "[TN: …]", "(not sure)"."""
    words = set(_WORD.findall(core.lower()))
    if ":" in core or not _UNSURE.isdisjoint(words):
        return True
    return len(words) > 1 and _is_own(core)


def _apologizes(sentence: str, source: str) -> bool:
    """Whether a last sentence is a model's: it speaks of itself where the source does not, or in another language."""
    words = frozenset(_WORD.findall(sentence.replace("'", " ").lower()))
    if not _FRENCH_SPEAKER.search(source) and not (_SPEAKER | _SORRY).isdisjoint(words):
        return True
    long = frozenset(word for word in words if len(word) > _SHORT)
    return len(long) >= _FEW and len(unknown(long, 1)) > len(long) // 2


def _has_end(rest: str, words: Sequence[Word]) -> bool:
    """Whether the rest has what the source ends with, and enough of it all."""
    if not words or not rest.strip():
        return False
    keys = keys_of(rest)
    return any(not word.keys.isdisjoint(keys) for word in words[:_FIRST_WORDS]) and coverage(words, keys) >= _LEAST_REST


def explains_nothing(part: str, source: str) -> bool:
    """Whether no word of a source explains one of a short part of the answer."""
    return _unexplained_words(part, words_of(source), 0.0) >= 0


def _unexplained_words(part: str, words: Sequence[Word], chance: float) -> int:
    """How many content words a part has; -1 if the words of the source near it explain more than chance does."""
    near = words[: len(part) // _LETTERS_OF_WORD + _NEAR_WORDS]
    content = explained = 0
    if '"' in part or "“" in part or "«" in part:
        part = _QUOTED.sub(" ", part)
    for match in _LONG_WORD.finditer(part):
        word = match[0]
        if word.lower() not in PLAIN_WORDS:
            keys = english_keys(word)
            content += 1
            for other in near:
                if not other.keys.isdisjoint(keys):
                    explained += 1
                    break
            if explained > chance * (content + 2):
                return -1
    return content if explained <= chance * content else -1


def _is_subject(low: str) -> bool:
    """Whether one English word, which is not one of a model's, names what a text is on: "Burns: hand"."""
    return low.isalpha() and low not in SPEECH and low[:TASK_LETTERS] not in TASK_STARTS and is_english_word(low)


_COMPARING: Final = frozenset("<>!=")
"""What stands before the sign in <=, which ends nothing."""


def _ends_a_part(part: str, sign: str, rest: str, content: int, source: str) -> bool:
    """Whether the last sign of a part ends something of its own, not a word or a phrase: the source has none there."""
    core = part.strip(" \n*_:")
    if part.count('"') % 2 or not core or (not content and not _is_new(core, source)):
        return False
    begins = not rest[0].islower() or source.lstrip()[:1].islower()
    if sign in SENTENCE_ENDS:
        if core.rstrip(".!?…").lower() in _INTERJECTIONS:
            return begins and _is_new(core, source)
        if content == 1 and " " not in core:
            return begins and len(core.rstrip(".!?…")) >= _LEAST_ABBREVIATED
        return begins and content > 0 and (sign != "." or _is_own(part))
    if sign == "\n":
        return begins and (content != 1 or " " not in core)
    if sign in _BRACKETS:
        return part[0] == _BRACKETS[sign] and part[0] not in source
    if sign in DASHES:
        if not content and not _CODES.issuperset(_TOKEN.findall(core)):
            return False
        return part.rstrip()[-2:-1].isspace() and not _DASH.search(source)
    if sign == "=" and part.rstrip()[-2:-1] in _COMPARING:
        return False
    if sign == ":" and content == 1 and _is_subject(core.lower()) and not begins_with_label(part):
        return False
    return not (sign == ">" and "<" in part)


def _is_own(part: str) -> bool:
    """Whether a sentence is a model's, and not a free translation: it speaks of somebody, or is in another language."""
    words = frozenset(_WORD.findall(part.lower()))
    return not (SPEECH | _UNSURE).isdisjoint(words) or words <= _DONE or bool(unknown(words, 1))


def _is_new(core: str, source: str) -> bool:
    """Whether what has no content word is not of the source either: "TL;DR", and not "%s" or "A1"."""
    said = set(_TOKEN.findall(core))
    return bool(said) and '"' not in core and (said - _CODES).isdisjoint(_TOKEN.findall(source))


def _is_all(rest: str, part: str, sign: str, words: Sequence[Word], source: str) -> bool:
    """Whether the rest has what the source begins with, and enough of it all."""
    bare = rest.strip(" \"'.\n")
    if (
        SEVERAL.search(part)
        or _VERSION.match(part)
        or not words
        or (bare in source and len(bare) < len(source.strip()) - 2)
    ):
        return False
    keys = keys_of(rest)
    if coverage(words, keys_of(part)) > _MOST_IN_PART or (
        len(words) < _MANY_WORDS and speaks(rest[:_REACH]) and not speaks(part)
    ):
        return False
    if all(word.keys.isdisjoint(keys) for word in words[:_FIRST_WORDS]) or coverage(words, keys) < _LEAST_REST:
        return False
    head = source.strip()
    clause = _CLAUSE_END.search(head, 1, 2 * len(part) + 30)
    if not clause or clause.end() == len(head):
        return True
    alike = sign in SENTENCE_ENDS and clause[0] in SENTENCE_ENDS and 0.4 * len(part) < clause.start() < 2.5 * len(part)
    if alike and 1 + sum(map(rest.count, SENTENCE_ENDS)) <= sum(map(source.count, SENTENCE_ENDS)):
        return False
    first = head[: clause.start()]
    words = words_of(first)
    if (coverage(words, keys) >= _LEAST_CLAUSE) if words else first.strip() in rest:
        return True
    return not _SPEAKER.isdisjoint(part.replace("'", " ").lower().split()) and not _FRENCH_SPEAKER.search(source)
