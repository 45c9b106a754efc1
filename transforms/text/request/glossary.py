"""Glossaries of French terms and their English translations: parse them, find their terms, and check their use.

Inflected forms of a term are found, too. Rules derive them from the term's words when the glossary is read, without a
dictionary. Finding terms is therefore one look-up per word of a text: the time grows with the text, not with the
glossary.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from transforms.errors import UsageError
from transforms.text.words.inflections import english_forms, french_forms

COLUMNS: Final = ("source", "target", "case", "note")
_DELIMITERS = ("\t", ";", ",")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")

_TOKEN = re.compile(
    r"""[^\W_]+
    | (?<!\w)['’ʼ]                          # other apostrophes join words: l'eau, boiler's
    | (?<!\w)[-\u2010\u2011] | [-\u2010\u2011](?!\w)    # so do other hyphens
    | \n[^\S\n]*\n                          # a paragraph's end interrupts terms
    | [^\w\s'’ʼ\u2010\u2011-] | _           # so do other characters, except in terms that contain them: R&D
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a glossary.

    Attributes:
        source: The French term as written in the glossary.
        target: The English term; equal to ``source`` if the term must not be translated.
        exact_case: Whether the case of ``source`` must match in a text, and that of ``target`` in a translation.
        note: A comment for the glossary's maintainers, neither sent nor part of a digest.
    """

    source: str
    target: str
    exact_case: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether the term must not be translated. Such terms are names and codes, without inflected forms."""
        return self.source == self.target


@dataclass(eq=False, slots=True)
class _Node:
    """Trie node for a prefix of terms.

    Attributes:
        ends: The terms that end here, each with its words.
        following: Child nodes by a form of the next word.
        by_forms: The same child nodes by the set of all forms of the next word.
    """

    ends: list[tuple[tuple[str, ...], Term]] = field(default_factory=list)
    following: dict[str, list[_Node]] = field(default_factory=dict)
    by_forms: dict[frozenset[str], _Node] = field(default_factory=dict)

    def add(self, term: Term, words: Sequence[str], forms_of_words: Iterable[frozenset[str]]) -> None:
        """Add a term to the trie of which this node is the root."""
        node = self
        for forms in forms_of_words:
            child = node.by_forms.get(forms)
            if child is None:
                child = node.by_forms[forms] = _Node()
                for form in forms:
                    node.following.setdefault(form, []).append(child)
            node = child
        node.ends.append((tuple(words), term))

    def matches(self, tokens: Sequence[str]) -> Iterator[_Match]:
        """Yield all matches of the trie of which this node is the root."""
        if self.following.keys().isdisjoint(tokens):
            return
        for start, token in enumerate(tokens):
            nodes = self.following.get(token, ())
            stop = start + 1
            while nodes:
                for words, term in (end for node in nodes for end in node.ends):
                    yield _Match(start, stop, term, words == tuple(tokens[start:stop]))
                if stop == len(tokens):
                    break
                nodes = [child for node in nodes for child in node.following.get(tokens[stop], ())]
                stop += 1


@dataclass(frozen=True, slots=True)
class _Match:
    """A term at tokens ``start`` to ``stop`` of a text; ``literal`` if the text does not inflect it."""

    start: int
    stop: int
    term: Term
    literal: bool

    def rank(self) -> tuple[int, int, bool]:
        """Return a sort key: longest first, then leftmost, then literal before inflected."""
        return self.start - self.stop, self.start, not self.literal


@dataclass(frozen=True)
class Glossary:
    """The terms of a glossary, with distinct sources."""

    terms: tuple[Term, ...]

    def digest(self) -> str:
        """Return 64 hexadecimal digits that identify the terms, regardless of their order and notes."""
        return _digest(self.terms)

    def found_in(self, text: str) -> tuple[Term, ...]:
        """Return the terms that occur in a French text, each once, in order of first appearance.

        The longest of overlapping terms wins: "pompe à chaleur" hides "pompe". Apostrophes, hyphens and spaces may
        differ, and so may case without ``exact_case``. Each word may be in the plural or the feminine.
        """
        if not self.terms:
            return ()
        tokens = _tokens(text)
        # Exact matches go first: the sort is stable and keeps them before others of the same rank.
        matches = list(self._exact.matches(tokens)) if self._exact.following else []
        if self._folded.following:
            matches += self._folded.matches(list(map(str.casefold, tokens)))
        matches.sort(key=_Match.rank)
        taken = bytearray(len(tokens))
        first: dict[int, Term] = {}
        for match in matches:
            # Longer matches came earlier, so one that overlaps this match covers its start or its end.
            if not taken[match.start] and not taken[match.stop - 1]:
                taken[match.start : match.stop] = b"\x01" * (match.stop - match.start)
                first[match.start] = match.term
        return tuple(dict.fromkeys(first[start] for start in sorted(first)))

    @cached_property
    def _exact(self) -> _Node:
        return _index(((term, term.source) for term in self.terms if term.exact_case), french_forms)

    @cached_property
    def _folded(self) -> _Node:
        return _index(((term, term.source) for term in self.terms if not term.exact_case), french_forms)


def parse_glossary(text: str, name: str) -> Glossary:
    """Parse a glossary.

    Columns are separated by tabs, semicolons or commas, whichever the first line uses. That line may be a header with
    the names ``source``, ``target`` and optionally ``case`` and ``note``, in any order. Without a header, the columns
    are source and target. A term with an empty target is not translated. ``case`` is ``exact`` or empty. Fields may be
    quoted as usual in CSV. Blank lines and lines that begin with ``#`` are ignored.

    Args:
        text: The content of the file.
        name: The file's name, for error messages.

    Raises:
        UsageError: The glossary is invalid; the message names the line.
    """
    rows = _rows(text, name)
    number, first = next(rows, (1, []))
    if not first:
        raise UsageError(f'{name}: no terms found; expected lines "source,target"')
    header = [cell.lower() for cell in first]
    if "source" in header and "target" in header:
        _check_header(header, f"{name}, line {number}")
    else:
        header, rows = ["source", "target"], itertools.chain([(number, first)], rows)
    terms: dict[tuple[bool, tuple[str, ...]], tuple[int, Term]] = {}
    for number, cells in rows:
        term = _term(header, cells, f"{name}, line {number}")
        key = term.exact_case, tuple(map(_fold(term), _tokens(term.source)))
        earlier_number, earlier = terms.setdefault(key, (number, term))
        if earlier.target != term.target and not (earlier.kept and term.kept):
            raise UsageError(
                f"{name}, line {number}: {term.source!r} is {_describe(term)} here, but {_describe(earlier)} in line "
                f"{earlier_number}: remove one of the two lines"
            )
    if not terms:
        raise UsageError(f"{name}: no terms found below the header")
    return Glossary(tuple(term for _, term in terms.values()))


def prompt_lines(terms: Sequence[Term]) -> str:
    """Return the instructions for a text's terms, for the prompt; empty without terms."""
    translated = "; ".join(f'"{term.source}" = "{term.target}"' for term in terms if not term.kept)
    kept = ", ".join(f'"{term.source}"' for term in terms if term.kept)
    sentences = [
        f"Use these translations: {translated}." if translated else "",
        f"Keep unchanged: {kept}." if kept else "",
    ]
    return " ".join(filter(None, sentences))


def reference_lines(terms: Sequence[Term]) -> str:
    """Return the instructions in the wording that Hy-MT2 was trained on. A kept term translates to itself."""
    lines = [f"{term.source} translates to {term.source if term.kept else term.target}" for term in terms]
    return "\n".join(["Reference the following translations:", *lines]) if lines else ""


def misses(terms: Iterable[Term], translation: str) -> tuple[Term, ...]:
    """Return the terms whose target does not occur in the translation.

    Each word of a target may be a plural, a possessive, or a form in -ed or -ing. Case may differ unless ``exact_case``
    is set. Terms that must not be translated must occur uninflected.
    """
    terms = tuple(terms)
    tokens = _tokens(translation)
    exact = _index(((term, term.target) for term in terms if term.exact_case), english_forms)
    folded = _index(((term, term.target) for term in terms if not term.exact_case), english_forms)
    present = {match.term for match in exact.matches(tokens)}
    present |= {match.term for match in folded.matches(list(map(str.casefold, tokens)))}
    return tuple(term for term in terms if term not in present)


def subset_digest(terms: Iterable[Term]) -> str:
    """Return 16 hexadecimal digits that identify the terms of a text, for its memory key; empty without terms."""
    terms = tuple(terms)
    return _digest(terms)[:16] if terms else ""


def _digest(terms: Iterable[Term]) -> str:
    lines = sorted(json.dumps([term.source, term.target, term.exact_case]) for term in terms)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _index(terms: Iterable[tuple[Term, str]], forms_of: Callable[[str], frozenset[str]]) -> _Node:
    """Return the root of a trie over the texts to look for, each given with its term."""
    root = _Node()
    for term, text in terms:
        fold, words = _fold(term), _tokens(text)
        root.add(term, tuple(map(fold, words)), [_forms(term, word, fold, forms_of) for word in words])
    return root


def _fold(term: Term) -> Callable[[str], str]:
    return str if term.exact_case else str.casefold


def _forms(
    term: Term, word: str, fold: Callable[[str], str], forms_of: Callable[[str], frozenset[str]]
) -> frozenset[str]:
    folded = fold(word)
    if term.kept:
        return frozenset((folded,))
    if len(word) > 1 and word.isupper():  # an acronym
        return frozenset((folded, f"{folded}s"))
    return forms_of(folded)


def _tokens(text: str) -> list[str]:
    """Return words and other characters, without the white space, hyphens and apostrophes that join words."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return _TOKEN.findall(text.replace("œ", "oe").replace("Œ", "Oe"))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number (from 1) and the stripped cells of each line that is not empty."""
    lines = [
        "" if line.lstrip().startswith("#") else line
        for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n")
    ]
    number, first = next(((number, line) for number, line in enumerate(lines, 1) if line.strip()), (1, ""))
    delimiter = next(
        (each for each in _DELIMITERS if len(_cells(first, each, f"{name}, line {number}", False)) > 1), ""
    )
    if first and not delimiter:
        raise UsageError(
            f"{name}, line {number}: no columns found: separate source and target with a tab, a semicolon or a comma "
            "(leave the target empty for a term that must not be translated: 'SIRET,')"
        )
    for number, line in enumerate(lines, 1):
        cells = _cells(line, delimiter, f"{name}, line {number}", True) if line.strip() else []
        if any(cells):
            yield number, cells


def _cells(line: str, delimiter: str, place: str, strict: bool) -> list[str]:
    try:
        return [" ".join(cell.split()) for cell in next(csv.reader([line], delimiter=delimiter, strict=strict), [])]
    except csv.Error as error:
        raise UsageError(
            f"{place}: {error}; close a quoted field on its own line, and double the quotes inside it"
        ) from None


def _check_header(header: Sequence[str], place: str) -> None:
    unknown = [cell for cell in header if cell not in COLUMNS]
    if unknown or len(set(header)) < len(header):
        what = f"unknown column {unknown[0]!r}" if unknown else "a column is named twice"
        raise UsageError(f"{place}: {what}; allowed columns: {', '.join(COLUMNS)}")


def _term(header: Sequence[str], cells: Sequence[str], place: str) -> Term:
    if any(cells[len(header) :]):
        raise UsageError(
            f"{place}: found {len(cells)} columns, expected {len(header)}: quote fields that contain the separator, "
            "and name further columns in a header"
        )
    values = dict(zip(header, cells, strict=False))
    source, target, case = values["source"], values.get("target", ""), values.get("case", "").lower()
    if not _tokens(source):
        raise UsageError(f"{place}: the source is empty")
    if case not in ("", "exact"):
        raise UsageError(f"{place}: case is {values['case']!r}, but must be exact or empty")
    return Term(source, target if _tokens(target) else source, case == "exact", values.get("note", ""))


def _describe(term: Term) -> str:
    return "not translated" if term.kept else repr(term.target)
