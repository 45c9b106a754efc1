"""Questions that are none any more, and questions that nobody asked: the answer may be a reply, not a translation."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.words.alignment import coverage, keys_of, words_of

_QUESTION = re.compile(
    r"\?(?:(?<=[^\s(,;*/|«“-]\?)|(?<=[^\s(,;*/|«“][ \u00a0\u202f]\?)|(?<=[^\s(,;*/|«“][ \u00a0\u202f]{2}\?))"
    r"(?![ \u00a0\u202f]{1,2}:)(?=[\s»”’\"')\]*_<%!]|$)"
)
_QUOTED = re.compile(r"\?[ \u00a0\u202f]{0,2}[»”]")
_OPENING: Final = "«“"
_ASKING = re.compile(r"(?i)(?:\W{0,3}|[^.!?\n]{1,60}: )(?:what|how|who|whom|whose|where|when|why|which)\b")
_ASKING_OR_NOT = re.compile(
    r"(?i)(?:\W{0,3}|[^.!?\n]{1,60}: )(?:is|are|was|were|do(?! not)|does|did|has|have|had|can|could|may|will|would"
    r"|should)\b"
)
_WHETHER = re.compile(r"(?i)\W{0,3}(?:if|whether)\b")
"""How an answer begins that asks without a mark."""

_ASKING_FRENCH = re.compile(
    r"""(?i)(?:\A|[.:;!\n])\W*(?:qu[ie]|quoi|quell?e?s?|où|quand|comment|pourquoi|combien|lequel|laquelle)\b
    | \b(?:est|qu)[ '’-](?:ce|est)\b | [？؟]
    | [^\W\d_]-(?:t-)?(?:tu|ils?|elles?|on|je)\b
    | \b(?:avez|êtes|seriez|auriez|pouvez|pourriez|voulez|voudriez|savez|allez|devez|faites|connaissez)[ -]vous\b
    | \b(?:as|es|peux|veux|sais|dois|vas)\ tu\b
    """,
    re.VERBOSE,
)
"""A question of somebody who does not write the mark: "pouvez vous me rappeler", a title as "Comment faire"."""

_AFTER_QUESTION = re.compile(r"[\s»”’\"')\]*_!?…]{0,20}\Z")
_ENDED: Final = (".", "!", "…", ":", ";")

LONGEST_HEADING: Final = 120
LONGEST_ASKING: Final = 60
MEDIUM_TEXT: Final = 100
LONG_TEXT: Final = 300
LEAST_COVERED: Final = 0.3


def question_flags(source: str, translation: str) -> tuple[str, ...]:
    """question_lost: the source asks and the answer does not, so it may be an answer. question_added: the reverse.

    A translator may ask what a heading or a label names, and the other way round: "Définition du pilote", "What is a
    driver?". In longer texts, one may turn a question among statements into a statement, and a statement into a
    question. A question that is quoted within a text is a name.
    """
    if "?" not in source:
        asks = _ends_asking(translation) or (len(source) < LONG_TEXT and _QUESTION.search(translation))
        if not asks or _ASKING_FRENCH.search(source) or _is_label(source, translation):
            return ()
        return (flags.QUESTION_ADDED,)
    asked = len(_QUESTION.findall(source)) - _quoted(source)
    if asked <= 0:
        return ()
    kept = len(_QUESTION.findall(translation))
    if kept == 0:
        stated = asked == 1 and _is_stated(source, translation)
        return () if stated or _asks_without_mark(source, translation) else (flags.QUESTION_LOST,)
    return (flags.QUESTION_LOST,) if kept < asked and _ends_asking(source) and not _ends_asking(translation) else ()


def _is_stated(source: str, translation: str) -> bool:
    """Whether the answer has the words of the question, which stands among statements."""
    if len(source) < MEDIUM_TEXT or _ends_asking(source):
        return False
    match = _QUESTION.search(source)
    end = match.start() if match else 0
    start = max(source.rfind(mark, 0, end) for mark in ".!?\n") + 1
    return coverage(words_of(source[start:end]), keys_of(translation)) >= LEAST_COVERED


def _is_label(text: str, other: str) -> bool:
    """Whether a text is a heading or a label, without an end of a sentence, of which the other says the same."""
    plain = text.strip()
    if len(plain) > LONGEST_HEADING or "\n" in plain or plain.endswith(_ENDED) or ". " in plain:
        return False
    return coverage(words_of(text), keys_of(other)) >= LEAST_COVERED


def _asks_without_mark(source: str, translation: str) -> bool:
    """Whether the answer asks by its words, or is a label for a label with a question mark, "Écraser le fichier ?"."""
    if _WHETHER.match(translation) or (len(translation) < LONGEST_ASKING and _ASKING.match(translation)):
        return True
    if translation.rstrip().endswith(_ENDED):
        return False
    return _ASKING_OR_NOT.match(translation) is not None or (
        len(translation) < LONGEST_ASKING and not _ASKING_FRENCH.search(source) and _is_label(source, translation)
    )


def _quoted(text: str) -> int:
    """How many questions are quoted within a text that does not begin with a quotation."""
    return 0 if text.lstrip()[:1] in _OPENING else len(_QUOTED.findall(text))


def _ends_asking(text: str) -> bool:
    last = _AFTER_QUESTION.search(text)
    return last is not None and "?" in last[0]
