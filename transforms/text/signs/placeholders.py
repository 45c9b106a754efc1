"""Placeholders, escapes and codes of the source that an answer must have, whatever their syntax.

Multisets are compared, in one form: ``%1$s`` is ``%s``, and spaces in braces don't count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import read

_PLACEHOLDER = re.compile(
    r"""\$\{[\w.:|!<>-]{1,60}\}                        # ${date}
    | \{\{(?!\w+:[\w.:!<>-]*\|)[ ]?[\w.:|!<>-]{1,60}[ ]?\}\}      # {{ client.nom }}, but not {{GENDER:|il|elle}}
    | @\{\w{1,40}\}                                     # @{nom}
    | (?<![{\w])\{[ ]?(?!(?:et|ou|and|or)[ ])[A-Za-z_0-9][\w.:!<>-]{0,60}[ ]?\}(?!\})   # {nom}, {0}, {heure:>10}
    | %\(\w{1,60}\)[a-z]                               # %(nom)s
    | (?!%\d{1,2}[xX]%)(?:(?<![\w%])|(?<=\b[xX])|(?<=%[sdif][xX]))%(?:\d{1,2}\$)?[-+#0]?\d{0,3}(?:\.\d{1,3}|\.\*)?
      (?:hh|h|ll|l|z|j|t)?[sdifuxXgcqQ]
      (?![A-WYZa-wyzÀ-ÖØ-öø-ÿ]|[xX](?!%))             # also of %dx%d
    | (?<![\w$])\$[A-Za-z_]\w{1,40}(?![\w(])           # $HOME
    | (?<![\w$:])\$\d(?!\w|[.,]\d)                     # $1, but not the one in {{GENDER:$1|il|elle}}
    | (?<!\b[A-Z])</?\d{1,3}/?> | ⟦\d{1,3}⟧            # <0>, </0>, <0/>, but not the bold 0 of a manual: B<0>
    | (?<![\w%])%[A-Z][A-Z_]{2,30}%                    # %CHEMIN%
    | (?<![\w%])%\d{1,2}(?![%$.*#+-]|\w\w)            # %1 of Qt, also with a unit: %1p
    | (?<![{\w])\{\}(?!\})                            # {}
    | \[\[[\w:][\w.:-]{1,40}\]\]                      # [[page]]
    | (?<![\w./@])@[A-Za-z_]\w{1,40}(?![\w{])                  # @name
    """,
    re.VERBOSE,
)
_MARKS: Final = frozenset("{%<⟦$[@")
_MARK = re.compile(f"[{re.escape(''.join(sorted(_MARKS)))}]")
PLACEHOLDER_SIGNS: Final = _MARKS | {"-", "&"}
"""Without one of them, a text has neither placeholders nor codes."""
_POSITION = re.compile(r"%\d{1,2}\$")
_MARKED: Final = "@{}"
"""An argument that is named in a text, which may have another name in English."""
_LENGTH_NUMBERED: Final = 3
_NUMBERED = re.compile(r"%\d[a-z]")
"""%1 of Qt before the sign of a unit, as in "%1s", which French sets apart: "%1 s"."""
_BRACE_SPACE = re.compile(r"(?<=\{) | (?=\})")
_PERCENT = re.compile(r"%(?<=(?<![A-Za-z_])\d[ \u00a0\u202f]%)[sdifc]")
_CODE_NAME = re.compile(r"[A-Z](?<![\w-][A-Z])[A-Z]{1,9}-[A-Z0-9-]{0,20}\d{2}[A-Z0-9-]{0,20}(?![\w-])")
_SEPARATORS = re.compile(r"[ _./-]")
_CHOICES: Final = ("plural,", "select,", "selectordinal,")
_CHOICE_OR_BRACE = re.compile(rf"\{{\s*\w+,\s*(?:{'|'.join(_CHOICES)})|[{{}}]")


def placeholder_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """placeholder_mismatch: other placeholders than in the source, or a code such as INC-2024-007 that is gone.

    A code in other case is the same; one that the answer adds shows as a number. A word in braces may be translated
    if it has a space, and "15 % d'intérêts" is none.
    """
    if not (_MARKS.isdisjoint(read(source).signs) and _MARKS.isdisjoint(read(translation).signs)):
        there_listed, here_listed = _placeholders(source), _placeholders(translation)
        if there_listed != here_listed:
            there, here = Counter(there_listed), Counter(here_listed)
            changed = [*(there - here), *(here - there)]
            # A variable may be named once more or less, and each language has its own number of plurals.
            is_free = "{" in source and (_has_choice(source) or _has_choice(translation))
            changed = [
                each
                for each in changed
                if not (is_free or each[0] == "$" or each == _MARKED) or each not in there or each not in here
            ]
            # Glued to a word in one text only, as in %dkB and %d Ko, or "Exemple {colon}" and "Example{colon}".
            changed = [
                each for each in changed if each[0] not in "%{" or _written(source, each) != _written(translation, each)
            ]
            if changed:
                return (finding(flags.PLACEHOLDER_MISMATCH, changed[0]),)
    if lost := _lost_escape(source, translation):
        return (finding(flags.PLACEHOLDER_MISMATCH, lost),)
    if "-" in source and read(source).numbers:
        changed = [code for code in _CODE_NAME.findall(source) if code not in translation]
        if changed:
            folded = _SEPARATORS.sub("", translation).casefold()
            if gone := [code for code in changed if _SEPARATORS.sub("", code).casefold() not in folded]:
                return (finding(flags.PLACEHOLDER_MISMATCH, gone[0]),)
    return ()


_DOUBLED: Final = "%%"
_BREAK: Final = "\\n"
_JOINED_NAME = re.compile(r"&(?<=[A-Z]&)[A-Z](?!\w)")

_KEY = re.compile(r"&\w")
_ACCELERATOR = re.compile(r"&(?<![\w&]&)[A-Za-zÀ-ÿ](?!\w*;)")
# Not of a manual page, B<name>, nor the target of a link in reStructuredText.
_NAMED = re.compile(r"(?<!\w)<[a-zà-ÿ][\wà-ÿ-]{2,30}>(?!`)")


def _lost_escape(source: str, translation: str) -> str:
    """A per cent sign that is no longer doubled, a written line break that is gone, AT&T as ATT; "" if none is."""
    if _DOUBLED in source and _DOUBLED not in translation and "%" in translation:
        return _DOUBLED
    if _BREAK in source and _BREAK not in translation and translation.count("\n") <= source.count("\n"):
        return _BREAK
    if "&" in source and (match := _JOINED_NAME.search(source)):
        name = source[match.start() - 1 : match.end()]
        if name not in translation and name.replace("&", "") in translation:
            return name
    if (
        "&" in source
        and ("&" not in translation or ("& " in translation and not _KEY.search(translation)))
        and (match := _ACCELERATOR.search(source))
    ):
        return match[0]
    named = "<" in source and "</" not in source and "<" not in translation and "&lt;" not in translation
    if named and (match := _NAMED.search(source)):
        return match[0]
    if (
        "$" in source
        and "%" in source
        and 0 < len(_POSITION.findall(translation)) < len(own := _POSITION.findall(source))
    ):
        return str(own[0])
    return ""


def _has_choice(text: str) -> bool:
    return any(map(text.__contains__, _CHOICES))


def _without_choices(text: str) -> str:
    """A message of ICU without the braces around the cases of its choices: "{n, plural, one {jour} other {jours}}".

    What stands in these braces is text. The braces in it are those of placeholders or of other choices.
    """
    opened: list[str] = []
    pieces: list[str] = []
    end = 0
    for match in _CHOICE_OR_BRACE.finditer(text):
        brace = match[0]
        if brace == "}":
            shown = brace if not opened or opened.pop() == "{" else " "
        else:
            is_case = brace == "{" and opened[-1:] == ["choice"]
            opened.append("case" if is_case else "{" if brace == "{" else "choice")
            shown = brace if opened[-1] == "{" else " "
        pieces += (text[end : match.start()], shown)
        end = match.end()
    return "".join((*pieces, text[end:]))


def _placeholders(text: str) -> list[str]:
    if "{" in text and _has_choice(text):
        text = _without_choices(text)
    matches = list(_matches(text))
    if not matches:
        return []
    percent = set(map(re.Match.start, _PERCENT.finditer(text)))
    return [_in_one_form(match[0]) for match in matches if match.start() not in percent]


def _in_one_form(placeholder: str) -> str:
    if placeholder[0] == "%":
        plain = _POSITION.sub("%", placeholder)
        return plain[:2] if len(plain) == _LENGTH_NUMBERED and _NUMBERED.match(plain) else plain
    return _MARKED if placeholder[:2] == "@{" else _BRACE_SPACE.sub("", placeholder)


def _written(text: str, placeholder: str) -> int:
    """How often a placeholder stands there, within words, too."""
    return _POSITION.sub("%", _BRACE_SPACE.sub("", text)).count(placeholder)


def _matches(text: str) -> Iterator[re.Match[str]]:
    """What the pattern finds. It is only tried where it may begin, which takes a tenth of the time in long texts."""
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() >= end and (match := _PLACEHOLDER.match(text, mark.start())):
            yield match
            end = match.end()
