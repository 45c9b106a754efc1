"""Marks around a whole answer that the source does not have: emphasis, brackets, quotes, code, comments, tags."""

from __future__ import annotations

import re
from typing import Final

from transforms.text.signs.invariants import HTML_TAGS
from transforms.text.stripping.unexplained import explains_nothing
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.reading import read

_EMPHASIS = re.compile(r"([*_~|^]{1,3}|([=+#/%@!$:~-])\2+)\s?(?=\S)(.+)(?<=\S)\s?\1\Z", re.DOTALL)
_LATEX = re.compile(r"\$?\\\w{1,20}\{(.+)\}\$?\Z", re.DOTALL)
_CALL = re.compile(r"[\w.]{1,20}[( ]\s*([\"'`])(.+)\1\s?\);?\Z", re.DOTALL)
_BLOCK = re.compile(
    r"""(?:
      (?P<fence>[:~+=`'"$%\#*-]{3,})[ ]?[\w-]{0,20}\n(?P<fenced>.+)\n[ \t]*(?P=fence)
    | (?:/\*+|<!--+|\{\#|\(\*|\#\||--\[\[)\s*(?P<comment>.+?)\s*(?:\*+/|--+>|\#\}|\*\)|\|\#|\]\])
    | \[(?P<name>[A-Za-z]{1,20})(?:=[^\]\n]{0,40})?\]\s*(?P<tagged>.+?)\s*\[/(?P=name)\]
    | \\begin\{(?P<environment>\w{1,20})\*?\}\s*(?P<within>.+?)\s*\\end\{(?P=environment)\*?\}
    | \{%\s?(?P<block>\w{1,20})\s?%\}\s*(?P<template>.+?)\s*\{%\s?end\w*\s?%\}
    )\Z""",
    re.DOTALL | re.VERBOSE,
)
_INNER: Final = ("fenced", "comment", "tagged", "within", "template")
_BLOCK_STARTS: Final = frozenset(":~+=`'\"$%#*-/<{([\\")
_CODE = re.compile(
    r"""(?P<before>[^\n"“]{1,40}[\s=:(\[])(?P<quote>["`]|')(?P<inner>.+)(?P=quote)\s?[)\]};,>]{0,4}\Z""", re.DOTALL
)
"""return "…"; msgstr "…"; const text = "…";"""
_QUOTATION = re.compile(r"[\"'`«“„‘](?<![\w)].)")
"""Where a quotation begins."""
_PAIRS: Final = {'"': '"', "“": "”", "«": "»", "'": "'", "‘": "’", "„": "“", "`": "`"}
_ANY_QUOTE = frozenset("\"“”«»'‘’„`—–-")
_FENCE = re.compile(r"```[\w-]{0,20}[ \t]*\n(.*?)\n?[ \t]*```\Z", re.DOTALL)
_WRAPPER = re.compile(r"<([A-Za-z][\w-]{0,20})(?: [^<>\n]{0,60})?>\s*(.*?)\s*</\1>\Z", re.DOTALL)
_HTML_AROUND: Final = HTML_TAGS - {"body", "article", "option", "title", "p", "div", "q", "html", "main"}
"""Tags that a part of the source may have become; the others can only be a model's around all of it."""
_BRACKETS: Final = {
    "(": ")",
    "[": "]",
    "{": "}",
    "<": ">",
    "‹": "›",
    "「": "」",
    "『": "』",
    "【": "】",
    "《": "》",
    "〈": "〉",
    "⟨": "⟩",
    "⟦": "⟧",
    "'": "'",
    '"': '"',
    "`": "`",
    "‚": "‘’‚",
    "„": "”“„",
    "”": "”",
    "’": "’",
    "»": "«",
    "›": "‹",
    "″": "″",
    "′": "′",
    "´": "´",
    "＂": "＂",
    "〝": "〞〟",
    "❝": "❞",
    "❛": "❜",
}
"""What may close each mark; French and English quotation marks are looked at elsewhere."""
_TWO_PARTS: Final = (("``", "''"), ("``", '"'), ("`", "'"), (",,", "''"), ('"', "''"), ("''", "''"))
_QUOTES: Final = frozenset("'\"`‚„”’»›″′´＂〝❝❛,")
_SOURCE_QUOTES: Final = _QUOTES | frozenset("«“‘„»")
_FIRST: Final = frozenset("*_~|^=+#/%@!$:-\\") | _BRACKETS.keys()
_MARKS: Final = _FIRST | _BLOCK_STARTS
_ENDS_OF_CODE: Final = frozenset("\"'`”»)]};,>")
_ONE_SIDED: Final = frozenset('"“”«»„')
_TICKS: Final = "```"
_LEAST_WRAPPED: Final = 3
_LEAST_COVERED: Final = 0.5


def without_wrapping(text: str, source: str) -> str:
    """``text`` without a fence, a tag, bold marks or quotation marks around it, if the source has none of them."""
    first, last = text[0], text[-1]
    if first == "`" and last == "`" and "`" not in source and (match := _FENCE.match(text)) and "```" not in match[1]:
        return match[1]
    if (
        first == "<"
        and last == ">"
        and (match := _WRAPPER.match(text))
        and match[1].lower() not in _HTML_AROUND
        and f"<{match[1].lower()}" not in source.lower()
    ):
        return match[2]
    if text.startswith("**") and text.endswith("**") and text.count("**") == 2 and "**" not in source:
        return text[2:-2]
    if _PAIRS.get(first) == last and len(text) > 2 and not _quoted(source) and _is_one_quotation(text):
        return text[1:-1]
    return text


def _quoted(source: str) -> bool:
    """Whether the source begins or ends with a quotation mark, or begins with a dash, as dialogue does."""
    trimmed = source.strip()
    return trimmed[:1] in _ANY_QUOTE or trimmed[-1:] in _PAIRS.values() if trimmed else True


def _is_one_quotation(text: str) -> bool:
    """Whether the first mark is closed by the last one, and not before: “A” and “B” are two quotations."""
    start, end = text[0], text[-1]
    if start == end:
        return text.count(start) % 2 == 0 and not _begins_closed(text[1:-1], start)
    depth = 0
    for mark in text[1:-1]:
        depth += (mark == start) - (mark == end)
        if depth < 0:
            return False
    return True


def without_wrapping_marks(text: str, source: str) -> str:
    """``text`` without marks around all of it, if the source has none of them."""
    first, last = text[0], text[-1]
    if first in _MARKS and (text in source or (first == "{" and text[: len(text) - len(text.lstrip("{"))] in source)):
        return text
    if first in _BLOCK_STARTS and (match := _BLOCK.match(text)) and not source.lstrip().startswith(text[:2]):
        return str(next(filter(None, map(match.group, _INNER))))
    if last == ")" and (match := _CALL.match(text)) and "(" not in source:
        return match[2]
    if (inner := _of_code(text, source)) or (inner := _without_one_sided(text, source)):
        return inner
    if first not in _FIRST:
        return text
    if first == "\\" or text[:2] == "$\\":
        match = _LATEX.match(text) if "\\" not in source else None
        return match[1] if match else text
    if first not in _BRACKETS:
        match = _EMPHASIS.match(text) if source.lstrip()[:1] != first and source.rstrip()[-1:] != first else None
        return match[3] if match and match[1] not in match[3] else text
    for opening, closing in _TWO_PARTS:
        if text.startswith(opening) and text.endswith(closing) and source.lstrip()[:1] not in _SOURCE_QUOTES:
            inner = text[len(opening) : -len(closing)]
            return inner if " " in inner and opening not in inner else text
    if last not in _BRACKETS[first] or len(text) < _LEAST_WRAPPED or source.lstrip()[:1] == first:
        return text
    if first in _QUOTES and source.lstrip()[:1] in _SOURCE_QUOTES:
        return text
    inner = text[1:-1]
    while inner[:1] == first and inner[-1:] == last and len(inner) > 1:
        inner = inner[1:-1]
    return inner if " " in inner and _is_balanced(inner, first, last) else text


def may_be_wrapped(text: str) -> bool:
    """Whether a text that begins with a word may have been put into a line of code, or have a mark at its end only."""
    return text[-1] in _ENDS_OF_CODE and (text[-1] == "`" or _has_odd_quotes(text) or bool(_CODE.match(text)))


def _has_odd_quotes(text: str) -> bool:
    return sum(map(text.count, _ONE_SIDED)) % 2 == 1


def _of_code(text: str, source: str) -> str:
    """What stands between the quotation marks of a line of code; "" if there is none."""
    if text[-1] not in _ENDS_OF_CODE or not (match := _CODE.match(text)):
        return ""
    before, inner = match["before"], match["inner"]
    own = _QUOTATION.search(source) is not None and _QUOTATION.search(inner) is None
    quoted = own or source.rstrip(" ;,)")[-1:] in _SOURCE_QUOTES or _begins_closed(inner, match["quote"])
    if quoted or before in source or not explains_nothing(before, source):
        return ""
    return inner if coverage(words_of(source), keys_of(inner)) >= _LEAST_COVERED else ""


def _begins_closed(inner: str, quote: str) -> bool:
    """Whether the first mark within closes what the one before it opened: "A" or "B" are two quotations."""
    place = inner.find(quote)
    return place > 0 and not (inner[place - 1].isspace() or inner[place - 1] in "([{=\\")


def _without_one_sided(text: str, source: str) -> str:
    """The text without a quotation mark or fence at one end that has no other one; "" if there is none."""
    signs = read(text).signs
    if "`" in signs and text.count(_TICKS) == 1 and _TICKS not in source:
        return text.removesuffix(_TICKS) if text.endswith(_TICKS) else text.removeprefix(_TICKS)
    ends = _ONE_SIDED.intersection((text[0], text[-1]))
    if not ends or not _has_odd_quotes(text) or _has_odd_quotes(source):
        return ""
    if text[0] in ends and source.lstrip()[:1] not in _SOURCE_QUOTES:
        return text[1:]
    if text[-1] in ends and source.rstrip()[-1:] not in _SOURCE_QUOTES:
        return text[:-1]
    return ""


def _is_balanced(inner: str, first: str, last: str) -> bool:
    """Whether the marks around are one pair: none within, or only pairs of brackets."""
    if first == last:
        return first not in inner
    depth = 0
    for mark in inner:
        depth += (mark == first) - (mark == last)
        if depth < 0:
            return False
    return depth == 0
