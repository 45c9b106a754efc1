"""What a translation must keep as it is: markup, lines.

Multisets of what a pattern finds are compared, source against answer, so a text without any of it costs nearly nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.lexicon import is_known, is_only_french
from transforms.text.words.word_sets import word_set

_HTML: Final = word_set(
    """a abbr article aside b big blockquote body br button caption center col dd del dfn div dl dt em fieldset
    figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr html i iframe img input ins kbd li nav ol p pre q s
    samp small span strike strong sub sup table tbody td textarea tfoot th thead tr tt u ul var video"""
)
_ALSO_WORDS: Final = word_set("""head link label section title option select form main meta legend mark cite code""")
"""Tags only if they are closed: other words in angle brackets, as "<fichier>", may be translated."""
HTML_TAGS: Final = _HTML | _ALSO_WORDS

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})(?:[\s/][^<>]{0,500})?>")
_CODE = re.compile(r"`(?<!``)([^`\n]{1,200})`(?![`_])")
_WORD_TAG = re.compile(r"</?[A-Za-z_][\w-]{0,30}>")
_HEADING = re.compile(r"(?m)^[ \t]{0,8}#{1,6} .*(?:\n[ \t]{0,8}#{1,6} .*)*")
_BULLET = re.compile(r"(?m)^[ \t]{0,20}(?:[-*+•–—−·◦▪‣][ \u00a0]|\d{1,3}[.)][ \u00a0])")
_POINT = re.compile(r"[ \t]{0,20}(?:[-*+•–—−·◦▪‣]|\d{1,3}[.)])")
"""A bullet, also without a blank after it, as wikis have it."""
_CELLS = re.compile(r"(?m)^[ \t]{0,8}\|.*\|[ \t]*$")

MANY_CODES: Final = 3
"""Of so many pieces of code, a translator may add or leave one."""

LEAST_WRAPPED: Final = 40
_FEW_SHORT: Final = 5
_MOST_WRAPPED: Final = 100
"""Characters of a line after which no text is wrapped."""
_QUOTED_LINE = re.compile(r"(?m)^>")
_LINK = re.compile(r"\[[^\]\n]*\][\[(]")
_CONTINUES: Final = ":`(&"
_ENDS_SENTENCE: Final = '.!?…:;»”"|>)'


def markup_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """markup_mismatch: other HTML tags, code, headings, bullets, table rows or bold passages than in the source.

    A bullet is a bullet, whatever its character, and code may be translated where the number of pieces is the same.
    """
    for mark, signs in _MARKUP:
        if (mark in source or mark in translation) and (there := signs(source)) != (here := signs(translation)):
            if mark == "<" and signs(_without_foreign_words_marked(source, translation)) == here:
                continue
            return (finding(flags.MARKUP_MISMATCH, f"{mark} {_difference(there, here)}"),)
    if "<" in translation and "<" not in source and (tag := _new_tag(source, translation)):
        return (finding(flags.MARKUP_MISMATCH, tag),)
    if "`" in source:
        there_code, here_code = (text.count("```") + len(_CODE.findall(text)) for text in (source, translation))
        most = max(there_code, here_code)
        if there_code != here_code and (most < MANY_CODES or abs(there_code - here_code) > 1):
            return (finding(flags.MARKUP_MISMATCH, f"` {there_code}: {here_code}"),)
    if "\n" in source:
        there_lines, here_lines = _marked_lines(source), _marked_lines(translation)
        if there_lines != here_lines and _marked_lines(source, _POINT) != _marked_lines(translation, _POINT):
            return (finding(flags.MARKUP_MISMATCH, "headings or bullets"),)
    return ()


def _difference(there: object, here: object) -> str:
    if isinstance(there, list) and isinstance(here, list):
        changed = (Counter(there) - Counter(here)) + (Counter(here) - Counter(there))
        return " ".join(map(str, list(changed)[:3]))
    return f"{there}: {here}"


def _new_tag(source: str, translation: str) -> str:
    """A tag, but no target of reStructuredText that the source names alone: `plan` and `the plan <plan>`.

    DocBook has a tag for quotation marks.
    """
    match = _WORD_TAG.search(translation if "«" not in source else _QUOTE_TAG.sub(" ", translation))
    if not match or (translation[match.end() : match.end() + 1] == "`" and match[0][1:-1] in source):
        return ""
    return match[0]


_QUOTE_TAG = re.compile("</?quote>")
_FOREIGN = re.compile(r"<(?:(i|em)|(\w+) [^<>]{0,80}\blang=[^<>]{2,80})>([^<>]{2,80})</(?:\1|\2)>")
_NO_LETTER = re.compile(r"\W+")
_WORD = re.compile(r"[^\W\d_]{2,}")


def _without_foreign_words_marked(source: str, translation: str) -> str:
    """The source without italics, or a mark of their language, around foreign words that the answer has as they are.

    French sets English words and names in italics; in English, they are words like others.
    """
    letters = _NO_LETTER.sub("", translation.lower())

    def unmarked(match: re.Match[str]) -> str:
        low = match[3].lower()
        words = _WORD.findall(low)
        is_foreign = not all(map(is_known, words)) and not any(map(is_only_french, words))
        is_unmarked = match[0] not in translation and _NO_LETTER.sub("", low) in letters
        return match[3] if is_foreign and is_unmarked else match[0]

    return _FOREIGN.sub(unmarked, source)


def _marked_lines(text: str, bullet: re.Pattern[str] = _BULLET) -> tuple[int, int]:
    """How many blocks of headings, or of comments, and how many bullets there are."""
    headings = len(_HEADING.findall(text)) if "#" in text else 0
    # Line by line, as the pattern would be tried at each character.
    return headings, sum(map(bool, map(bullet.match, text.split("\n"))))


def _tags(text: str) -> list[str]:
    if "`" in text:
        text = _CODE.sub(" ", text.replace("``", "`"))
    low = text.lower()
    tags = map(str.lower, _TAG.findall(text))
    return sorted(tag for tag in tags if tag in _HTML or (tag in _ALSO_WORDS and f"</{tag}>" in low))


_MARKUP: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("<", _tags),
    ("**", lambda text: text.count("**") - text.count("****")),
    ("](", lambda text: text.count("](")),
    ("|", lambda text: [row.count("|") for row in _CELLS.findall(text)]),
)
MARKUP_SIGNS: Final = frozenset(("`", "\n", *(mark[0] for mark, _ in _MARKUP)))
"""Without one of them, a text has no markup."""


def line_flags(source: str, translation: str) -> tuple[str, ...]:
    """line_count: lines were merged, split, lost or added; blank ones don't count.

    A source that was cut in mid-sentence, as by OCR, may come back with fewer line breaks, but with one for each
    line that ends where a sentence may.
    """
    if "\n" not in source and "\n" not in translation:
        return ()
    if _same_lines(source, translation):
        return ()
    if _DEEP in source and _same_lines(_CONTINUATION.sub(" ", source), _CONTINUATION.sub(" ", translation)):
        return ()
    there, here = _joined_items(source), _joined_items(translation)
    if (there != source or here != translation) and _same_lines(there, here):
        return ()
    return (flags.LINE_COUNT,)


def _joined_items(text: str) -> str:
    """The text with each item of a list on one line: indented lines without a bullet continue it.

    Without the signs of a quotation, each line of which has one.
    """
    lines: list[str] = []
    is_item = False
    for line in (_QUOTED_LINE.sub("", text) if text[:2] == "> " else text).split("\n"):
        if _BULLET.match(line):
            is_item = True
        elif is_item and line[:1] in (" ", "\t") and line.strip():
            lines[-1] = f"{lines[-1]} {line.strip()}"
            continue
        elif line.strip():
            is_item = False
        lines.append(line)
    return "\n".join(lines)


def _same_lines(source: str, translation: str) -> bool:
    here, there = _lines(translation), _lines(source)
    if len(here) == len(there) or (len(there) == 1 and _is_wrapped(translation, here)):
        return True
    if len(here) == 1 and _is_wrapped(source, there) and not any(line[-1] in _ENDS_SENTENCE for line in there[:-1]):
        return True
    fewest_there = sum(_begins_anew(before, line) for before, line in pairwise(there)) + 1
    if fewest_there > len(here):
        return False
    width = max(map(len, here)) if translation.count("\n\n") <= source.count("\n\n") else 0
    return 1 + sum(
        _begins_anew(before, line) and not _is_wrap(before, line, width) for before, line in pairwise(here)
    ) <= len(there)


def _is_wrapped(text: str, lines: Sequence[str]) -> bool:
    """Whether one paragraph was written in several long lines, without bullets."""
    return (
        "\n\n" not in text
        and sum(len(line) < LEAST_WRAPPED for line in lines[:-1]) <= len(lines) // _FEW_SHORT
        and not _BULLET.search(text)
        and not _HEADING.search(text)
    )


_DEEP: Final = " " * 8
_CONTINUATION = re.compile(rf"\n{_DEEP} *(?=[^\s*•+#|–—-])")
"""Deep under the text of the line before, as in lists of options, a line continues it."""


def _lines(text: str) -> list[str]:
    return [line for line in (each.strip(" \t\r\u00a0#") for each in text.split("\n")) if line]


def _is_wrap(before: str, line: str, width: int) -> bool:
    """Whether a line was broken because its next word had no room: it would be longer than the longest one."""
    if not LEAST_WRAPPED <= width <= _MOST_WRAPPED or before[-1] in _ENDS_SENTENCE or _BULLET.match(line):
        return False
    return len(before) + 1 + len(line.partition(" ")[0]) > width


def _begins_anew(before: str, line: str) -> bool:
    if before[-1] in _ENDS_SENTENCE:
        return True
    return not (line[0].islower() or line[0] in _CONTINUES or (line[0] == "[" and _LINK.match(line)))
