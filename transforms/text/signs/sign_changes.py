"""Signs of code that were torn from their names, doubled, escaped, or left with nothing between them.

A model changes a placeholder or a name in few ways, whatever their syntax: "% s" and "_ _name__", "%s%s", "\\%s", "``".
What the source has itself is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import places, read

_BESIDE_BLANK: Final = {
    "_": ("_ ", " _"),
    "\\": ("\\ ",),
    "{": ("{ ",),
    "&": ("& ",),
    "@": ("@ ",),
    "$": ("$ ",),
    "%": ("% ",),
}
"""Signs, and how they stand beside a blank that is new."""
_OWN_MARKS: Final = (" - ", "% ", "& ")
"""Marks that prose has, too: a source with one of them tells nothing."""
_SLASHES: Final = ("/ /",)
_DASHES: Final = ("- -", " - ", *_SLASHES)
_BLANK_SIGNS: Final = frozenset(_BESIDE_BLANK)
_CODE_SIGNS: Final = frozenset("_\\{}&@$%`<[")
"""Without one of them, an answer has no code but names with points and dashes."""
_LEFT = re.compile(r"(?:\w[\w.]*_|\w*\\|[{&@$%]|-|/|_|[a-z]\w* -|\w+)\Z")
_RIGHT = re.compile(r"[_{/-]*\w+|\(\w+\)|\{")
_LONGEST_LEFT: Final = 40
_ESCAPED = re.compile(r"\\[%{}$:\[\]&@_<>#~]")
_CODE: Final = (
    r"\$\{[\w.]{1,40}\}|\{\{[^{}\n]{1,40}\}\}|\{\w{0,40}\}|%\(\w{1,40}\)[a-z]|%\d{1,2}(?!\d)|%(?:\d\$)?[sdifuc]|%%"
    r"|&\w{2,40};|\[\[[\w:-]{1,40}\]\]|__[A-Za-z]\w{0,40}?__|<(?!br\b)/?[\w -]{1,40}/?>"
)
_TWICE = re.compile(rf"({_CODE})\1")
_JOINS: Final = {
    "{": re.compile(r"\}(?=\$?\{)"),
    "[": re.compile(r"\]\]\[\["),
    "_": re.compile("____"),
    "<": re.compile("><"),
    "&": re.compile(";&"),
    "%": re.compile("%(?<=[a-z%0-9]%)"),
}
"""What a doubled piece has in its middle, by a sign of it."""
_JOINED: Final = frozenset(_JOINS)
_EMPTY: Final = ("````", "<>", "[]", "{{}}", "${}")
_EMPTY_ROLE = re.compile(r":(?<!`:)[a-z]{2,20}:``(?![`\w])")
_DASHED = re.compile(r"(?<![\w–—-])(?:[-–—]|- -)[ ]?([a-z][\w-]*)")
_OPTION = re.compile(r"-(?<![\w-]-)-([a-z][\w-]*)")
_POINTS = re.compile(r"\w\.\.[^\W\d]|[^\W\d]\.\.\d|\d\.\.\d+\.\d")
_LONGEST_FIRST: Final = 6
_FIRST_OPTION = re.compile(r"\s*(-[A-Za-z])(?![A-Za-z])")


def sign_change_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """placeholder_mismatch: a placeholder or a name of code whose signs are torn, doubled, escaped, lost or empty."""
    changed = "" if _CODE_SIGNS.isdisjoint(read(translation).signs) else _code_changed(source, translation)
    changed = changed or _other_dashes(source, translation)
    return (finding(flags.PLACEHOLDER_MISMATCH, changed),) if changed else ()


def _code_changed(source: str, translation: str) -> str:
    """The first change that is found of those of code with signs."""
    return (
        _torn(source, translation)
        or _escaped(source, translation)
        or _doubled(source, translation)
        or _emptied(source, translation)
    )


def _torn(source: str, translation: str) -> str:
    """A sign with a blank beside it that the source does not have there."""
    for sign in _BLANK_SIGNS & read(translation).signs & read(source).signs:
        if written := _torn_sign(source, translation, _BESIDE_BLANK[sign]):
            return written
    return ""


def _torn_sign(source: str, translation: str, marks: Iterable[str]) -> str:
    for mark in marks:
        if mark not in translation or (mark in _OWN_MARKS and mark in source):
            continue
        for place in places(translation, mark):
            if written := _torn_at(source, translation, translation.index(" ", place + (mark == " - "))):
                return written
    return ""


def _torn_at(source: str, translation: str, blank: int) -> str:
    """What stands around a blank, if the source has it without."""
    right = _RIGHT.match(translation, blank + 1)
    if not right or translation[blank - 1] + right[0] not in source:
        return ""
    left = _LEFT.search(translation[max(0, blank - _LONGEST_LEFT) : blank])
    if not left or not _is_code(left[0], right[0]):
        return ""
    written, name = f"{left[0]} {right[0]}", f"{left[0]}{right[0]}".replace(" ", "")
    if name not in source or written in source:
        return ""
    return written if "_" in name or source.count(name) > translation.count(name) else ""


def _is_code(left: str, right: str) -> bool:
    """Whether a sign on one side belongs to a piece of code with the other."""
    last = left[-1]
    if last in "-/" and len(left) == 1:
        return right[0] == last
    if last == "_" and len(left) == 1:
        return right[0] == "_"
    return last in "_\\{&@$%-" or right[0] == "_"


def _escaped(source: str, translation: str) -> str:
    """A sign with a backslash before it, more often than in the source."""
    found = set(_ESCAPED.findall(translation)) if "\\" in translation else ()
    return next((sign for sign in sorted(found) if translation.count(sign) > source.count(sign)), "")


def _doubled(source: str, translation: str) -> str:
    """A placeholder or a tag twice in a row."""
    signs = read(translation).signs
    present = _JOINED & signs
    if not present or not any(_JOINS[sign].search(translation) for sign in present):
        return ""
    return next((match[0] for match in _TWICE.finditer(translation) if match[0] not in source), "")


def _emptied(source: str, translation: str) -> str:
    """Marks with nothing between them."""
    signs = read(translation).signs
    for empty in _EMPTY:
        if empty[-1] in signs and empty in translation and empty not in source:
            return empty
    match = _EMPTY_ROLE.search(translation) if ":``" in translation else None
    return match[0] if match else ""


def _other_dashes(source: str, translation: str) -> str:
    """An option with one dash, or a long one, for its two, or the first option of a line without its dash."""
    if ".." in translation and ".." not in source and (match := _POINTS.search(translation)):
        return match[0]
    if "-" not in read(source).signs:
        return _torn_sign(source, translation, _SLASHES) if "://" in source else ""
    if ("- " in translation or "/ " in translation) and (written := _torn_sign(source, translation, _DASHES)):
        return written
    if "--" in source:
        for name in _DASHED.findall(translation):
            option = f"--{name}"
            if option in source and source.count(option) > translation.count(option):
                return option
    if (
        "-" in source[:4]
        and (match := _FIRST_OPTION.match(source))
        and match[1] not in translation.lstrip()[:_LONGEST_FIRST].replace("--", "")
    ):
        return match[1]
    return ""
