"""Signs of code that were torn from their names, doubled, escaped, or left with nothing between them.

A model changes a placeholder or a name in few ways, whatever their syntax: "% s" and "_ _name__", "%s%s", "\\%s", "``".
What the source has itself is none of them.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.reading import read

SIGNS: Final = frozenset("_\\{}&%@$/-`<[=.")
"""Without one of them, neither text has code."""
_BESIDE_BLANK: Final = ("_ ", " _", "\\ ", "{ ", "& ", "@ ", "$ ", "% ", "- -", "/ /", " - ", " . ")
_TORN = re.compile(
    r"""(\w[\w.]*_|\w*\\|[{&@$%]|-(?=[ ]-)|/(?=[ ]/)|_(?=[ ]_)|[a-z]\w*[ ]-|\d+[ ]\.)
    [ ]([_{/-]*\w+|\(\w+\)|\{)""",
    re.VERBOSE,
)
_TORN_BEFORE = re.compile(r"(\w+) (_\w+)")
_ESCAPED = re.compile(r"\\[%{}$:\[\]&@_<>#~]")
_CODE: Final = (
    r"\$\{[\w.]{1,40}\}|\{\{[^{}\n]{1,40}\}\}|\{\w{0,40}\}|%\(\w{1,40}\)[a-z]|%\d{1,2}(?!\d)|%(?:\d\$)?[sdifuc]|%%"
    r"|&\w{2,40};|\[\[[\w:-]{1,40}\]\]|__[A-Za-z]\w{0,40}?__|<(?!br\b)/?[\w -]{1,40}/?>"
)
_TWICE = re.compile(rf"({_CODE})\1")
_TWICE_SIGNS: Final = ("}", "%", ";", "]]", "__", ">")
_EMPTY: Final = ("````", "<>", "[]", "{{}}", "${}")
_EMPTY_ROLE = re.compile(r":[a-z]{2,20}:``(?![`\w])")
_DASHED = re.compile(r"(?<![\w–—-])(?:[-–—]|- -)[ ]?([a-z][\w-]*)")
_OPTION = re.compile(r"-(?<![\w-]-)-([a-z][\w-]*)")
_POINTS = re.compile(r"\w\.\.[^\W\d]|[^\W\d]\.\.\d|\d\.\.\d+\.\d")
_FIRST_OPTION = re.compile(r"\s*(-{1,2}[A-Za-z])(?![a-z])")


def sign_change_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """placeholder_mismatch: a placeholder or a name of code whose signs are torn, doubled, escaped, lost or empty."""
    changed = (
        _torn(source, translation)
        or _escaped(source, translation)
        or _doubled(source, translation)
        or _emptied(source, translation)
        or _other_dashes(source, translation)
    )
    return (finding(flags.PLACEHOLDER_MISMATCH, changed),) if changed else ()


def _torn(source: str, translation: str) -> str:
    """A sign with a blank behind it that the source does not have there."""
    if not any(map(translation.__contains__, _BESIDE_BLANK)):
        return ""
    for pattern in (_TORN, _TORN_BEFORE):
        for left, right in pattern.findall(translation):
            written, name = f"{left} {right}", f"{left}{right}".replace(" ", "")
            if (
                name in source
                and written not in source
                and ("_" in name or source.count(name) > translation.count(name))
            ):
                return written
    return ""


def _escaped(source: str, translation: str) -> str:
    """A sign with a backslash before it, more often than in the source."""
    if "\\" not in read(translation).signs:
        return ""
    found = set(_ESCAPED.findall(translation))
    return next((sign for sign in sorted(found) if translation.count(sign) > source.count(sign)), "")


def _doubled(source: str, translation: str) -> str:
    """A placeholder or a tag twice in a row."""
    if not any(sign in translation for sign in _TWICE_SIGNS):
        return ""
    return next((match[0] for match in _TWICE.finditer(translation) if match[0] not in source), "")


def _emptied(source: str, translation: str) -> str:
    """Marks with nothing between them."""
    for empty in _EMPTY:
        if empty in translation and empty not in source:
            return empty
    match = _EMPTY_ROLE.search(translation) if ":``" in translation else None
    return match[0] if match else ""


def _other_dashes(source: str, translation: str) -> str:
    """An option with one dash, or a long one, for its two, or the first option of a line without its dash."""
    if "--" in source:
        for name in _DASHED.findall(translation):
            option = f"--{name}"
            if option in source and source.count(option) > translation.count(option):
                return option
    if "-" in source[:4] and (match := _FIRST_OPTION.match(source)) and match[1] not in translation[: match.end() + 4]:
        return match[1]
    if ".." in translation and ".." not in source and (match := _POINTS.search(translation)):
        return match[0]
    return ""
