"""Signs of markup that the source has nowhere: before, behind or around words of the answer.

Translators add hardly any sign but quotation marks and brackets. A model adds those of Markdown, wikis, forums, LaTeX,
and of lists and notes.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import read

_STRANGE: Final = frozenset("|†‡¶§¹¬¦¯¸·¨´¤♪")
_FIRST: Final = frozenset(">=+~^|/\\—–¶§→»")
_LAST: Final = frozenset("<=+~^|/\\—–¶§→†‡¹²³")
_DASHES: Final = frozenset("–—")
_AROUND: Final = frozenset("=+^|/~#:")
_BRACKETS: Final = frozenset("[{<\\_")
_ODD: Final = _STRANGE | _FIRST | _LAST | _AROUND | _BRACKETS | frozenset("*-_!?")
_WRAPPED = re.compile(r"(?<![\w<>=])(={1,2}|\+{1,2}|\^|\|{1,2}|/|~|#|:{2})[A-Za-z][A-Za-z ]{0,40}\1(?![\w>=])")
_BRACKETED = re.compile(
    r"\[[a-z][a-z ]{1,40}\]|\[/?(?:b|i|u|s|code|quote|url|img|center|size|color)(?:=[^\]\n]{0,40})?\]"
)
_TASK = re.compile(r"\[[ xX]\] |\[\^\d{1,2}\]")
_ATTRIBUTES = re.compile(r"\{[.#:][\w-]{1,30}\}")
_LATEX = re.compile(r"\\[a-z]{2,12}\{|\\[(\[] ")
_DUNDER = re.compile(r"(?<!\w)__[A-Za-z][a-z ]{0,40}__(?!\w)")
_POINTER = re.compile(r"(?:->|=>|--) (?=\w)")
_WIKI = re.compile(r"(?<![\w'])('{2,3})[A-Za-z][A-Za-z ]{0,40}\1(?![\w'])")
_RULE = re.compile(r"(?m)^[ \t]*([-=*_~#+—])(?: ?\1){2,}[ \t]*$")
_LONGEST_PLAIN: Final = 150


def odd_sign_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """markup_mismatch for such a sign."""
    signs = read(translation).signs
    new = (signs & _ODD) - read(source).signs
    sign = _new_sign(source, translation, new) if new else ""
    if not sign and "'" in signs and "''" in translation and len(source) <= _LONGEST_PLAIN and "''" not in source:
        match = _WIKI.search(translation)
        sign = match[0] if match else ""
    if not sign and "\n" in signs and (match := _RULE.search(translation)) and not _RULE.search(source):
        sign = match[0]
    return (finding(flags.MARKUP_MISMATCH, sign),) if sign else ()


def _new_sign(source: str, translation: str, new: frozenset[str]) -> str:
    text = translation.strip()
    if strange := new & _STRANGE:
        return min(strange)
    if text[:1] in new & _FIRST or ("-" in new and _POINTER.match(text) and source.lstrip()[:1] not in _DASHES):
        return text[:8]
    if (text[-1:] in new & _LAST and not (text[-1] == "+" and text[-2:-1].isdigit())) or (
        text[-1:] == "*" and "*" in new and text.count("*") == 1
    ):
        return text[-8:]
    if not new.isdisjoint(_AROUND) and (match := _WRAPPED.search(text)) and match[1][0] in new:
        return match[0]
    return "" if new.isdisjoint(_BRACKETS) else _bracketed(source, text, new)


def _bracketed(source: str, text: str, new: frozenset[str]) -> str:
    patterns = []
    if "[" in new:
        patterns += [_TASK] if "(" in source else [_BRACKETED, _TASK]
    if "{" in new:
        patterns.append(_ATTRIBUTES)
    if "\\" in new:
        patterns.append(_LATEX)
    if "_" in new:
        patterns.append(_DUNDER)
    for pattern in patterns:
        if match := pattern.search(text):
            return match[0]
    return "<!--" if "<" in new and "<!--" in text else ""
