"""What a translation must keep as it is: addresses, placeholders, markup, lines, questions.

Multisets of what a pattern finds are compared, source against answer, so a text without any of it costs nearly nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from transforms.text import flags

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'«»“”\]|`]+")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_AFTER_URL = ".,;:!?…)*_"

_PLACEHOLDER = re.compile(
    r"""\$?\{{1,2}[ ]?[\w.:|!<>-]{1,60}[ ]?\}{1,2}    # {nom}, {{ client.nom }}, ${date}, {heure:>10}
    | %\(\w{1,60}\)[a-z]                               # %(nom)s
    | (?<![\d\u00a0\u202f])(?<!\d[ ])%[sdif](?![\w'’])     # %s, not 15 %d'intérêts
    | </?\d{1,3}/?> | ⟦\d{1,3}⟧                        # <0>, </0>, <0/>
    """,
    re.VERBOSE,
)
_BRACE_SPACE = re.compile(r"(?<=\{) | (?=\})")
_CODE_NAME = re.compile(r"(?<![\w-])[A-Z]{2,10}-[A-Z0-9-]{0,20}\d{2}[A-Z0-9-]{0,20}(?![\w-])")

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})(?:[\s/][^<>]{0,500})?>")
_CODE = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")
_HEADING = re.compile(r"(?m)^#{1,6} ")
_BULLET = re.compile(r"(?m)^[ \t]{0,20}(?:[-*+•] |\d{1,3}[.)] )")
_CELLS = re.compile(r"(?m)^[ \t]{0,8}\|.*\|[ \t]*$")

_ENDS_SENTENCE: Final = '.!?…:;»”"|>)'
_QUESTION = re.compile(r"\?(?=[\s»”\"')\]*_]|$)")
_AFTER_QUESTION = re.compile(r"[\s»”\"')\]*_!?…]{0,20}\Z")


def address_flags(source: str, translation: str) -> tuple[str, ...]:
    """url_mismatch: a web or mail address was lost, changed or made up."""
    if not any(mark in text for text in (source, translation) for mark in ("://", "@", "www.")):
        return ()
    same = _addresses(source) == _addresses(translation)
    return () if same else (flags.URL_MISMATCH,)


def _addresses(text: str) -> set[str]:
    found = {address.rstrip(_AFTER_URL) for address in _URL.findall(text)}
    return found | set(_EMAIL.findall(_URL.sub(" ", text))) if "@" in text else found


def placeholder_flags(source: str, translation: str) -> tuple[str, ...]:
    """placeholder_mismatch: other placeholders than in the source, or a code such as INC-2024-007 that is gone.

    A code in other case is the same; one that the answer adds shows as a number.
    """
    if any(mark in text for text in (source, translation) for mark in "{%<⟦"):
        there, here = (
            sorted(_BRACE_SPACE.sub("", found) for found in _PLACEHOLDER.findall(t)) for t in (source, translation)
        )
        if there != here:
            return (flags.PLACEHOLDER_MISMATCH,)
    if "-" in source and (codes := _CODE_NAME.findall(source)):
        folded = translation.casefold()
        if not all(code.casefold() in folded for code in codes):
            return (flags.PLACEHOLDER_MISMATCH,)
    return ()


def markup_flags(source: str, translation: str) -> tuple[str, ...]:
    """markup_mismatch: other HTML tags, code, headings, bullets, table rows or bold passages than in the source."""
    for mark, signs in _MARKUP:
        if (mark in source or mark in translation) and signs(source) != signs(translation):
            return (flags.MARKUP_MISMATCH,)
    if "\n" in source and _marked_lines(source) != _marked_lines(translation):
        return (flags.MARKUP_MISMATCH,)
    return ()


def _marked_lines(text: str) -> tuple[int, int]:
    return len(_HEADING.findall(text)), len(_BULLET.findall(text))


_MARKUP: Final = (
    ("<", lambda text: sorted(tag.lower() for tag in _TAG.findall(text))),
    ("`", lambda text: (text.count("```"), sorted(_CODE.findall(text)))),
    ("**", lambda text: text.count("**")),
    ("](", lambda text: text.count("](")),
    ("|", lambda text: [row.count("|") for row in _CELLS.findall(text)]),
)


def line_flags(source: str, translation: str) -> tuple[str, ...]:
    """line_count: lines were merged, split, lost or added; blank ones don't count.

    A source that was cut in mid-sentence, as by OCR, may come back with fewer line breaks, but with one for each
    line that ends where a sentence may.
    """
    if "\n" not in source and "\n" not in translation:
        return ()
    here, there = _lines(translation), _lines(source)
    if len(here) == len(there):
        return ()
    whole = sum(_begins_anew(before, line) for before, line in pairwise(there)) + 1
    return () if whole <= len(here) <= len(there) else (flags.LINE_COUNT,)


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.split("\n")) if line]


def _begins_anew(before: str, line: str) -> bool:
    return before[-1] in _ENDS_SENTENCE or not line[0].islower()


def question_flags(source: str, translation: str) -> tuple[str, ...]:
    """question_lost: the source asks and the answer does not, so it may be an answer.

    At the end of the source, or anywhere: a translator may turn one of several questions into a statement.
    """
    if "?" not in source:
        return ()
    asked = len(_QUESTION.findall(source))
    if not asked:
        return ()
    kept = len(_QUESTION.findall(translation))
    if kept == 0 or (kept < asked and _ends_asking(source) and not _ends_asking(translation)):
        return (flags.QUESTION_LOST,)
    return ()


def _ends_asking(text: str) -> bool:
    last = _AFTER_QUESTION.search(text)
    return last is not None and "?" in last[0]
