"""A glossary of French terms and their English translations: reading it, finding its terms, and checking their use.

A term is found in its inflected forms. They are made from the term's words by rule (there is no dictionary here), so
that finding them is a look-up for each word of a text: the time grows with the text, not with the glossary.
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
from transforms.text.inflections import english_forms, french_forms

COLUMNS: Final = ("source", "target", "case", "note")
_DELIMITERS = ("\t", ";", ",")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")

_TOKEN = re.compile(
    r"""[^\W_]+
    | (?<!\w)['’ʼ]                          # other apostrophes join words: l'eau, boiler's
    | (?<!\w)[-\u2010\u2011] | [-\u2010\u2011](?!\w)    # so do other hyphens
    | \n[^\S\n]*\n                          # no term goes over the end of a paragraph
    | [^\w\s'’ʼ\u2010\u2011-] | _           # nor over other signs, unless they are its own: R&D
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a glossary.

    Attributes:
        source: French, as it stands in the glossary.
        target: English; the same as ``source`` if it is not to be translated.
        exact_case: Whether capitals must be as in ``source``, and in ``target``.
        note: For the people who keep the glossary; it is neither sent nor part of a digest.
    """

    source: str
    target: str
    exact_case: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether it stays as it is. Such terms are names and codes: they have no inflected forms."""
        return self.source == self.target


@dataclass(eq=False, slots=True)
class _Node:
    """Where one gets by the first words of some terms.

    Attributes:
        ends: The terms that end here, each with its words.
        following: By a form of the next word.
        by_forms: The same nodes by all forms of the next word.
    """

    ends: list[tuple[tuple[str, ...], Term]] = field(default_factory=list)
    following: dict[str, list[_Node]] = field(default_factory=dict)
    by_forms: dict[frozenset[str], _Node] = field(default_factory=dict)

    def add(self, term: Term, words: Sequence[str], forms_of_words: Iterable[frozenset[str]]) -> None:
        """Adds a term below this node, which is the root."""
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
        """Everything that matches, from this node, which is the root."""
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
    """A term at tokens ``start`` to ``stop`` of a text; ``literal`` if it is not inflected there."""

    start: int
    stop: int
    term: Term
    literal: bool

    def rank(self) -> tuple[int, int, bool]:
        """The lowest comes first: the longest, then the first, then the one that fits best."""
        return self.start - self.stop, self.start, not self.literal


@dataclass(frozen=True)
class Glossary:
    """The terms of a glossary, each source once."""

    terms: tuple[Term, ...]

    def digest(self) -> str:
        """64 hexadecimal digits for what the terms say, in whatever order they stand; notes do not matter."""
        return _digest(self.terms)

    def found_in(self, text: str) -> tuple[Term, ...]:
        """The terms that occur in a French text, each once, in the order in which they first appear.

        Where terms overlap, the longest counts: "pompe à chaleur" hides "pompe". Apostrophes, hyphens, spaces and
        capitals may differ (capitals not for ``exact_case``), and each word may be a plural or a feminine.
        """
        if not self.terms:
            return ()
        tokens = _tokens(text)
        # Exact ones first: they stay before others of the same rank.
        matches = list(self._exact.matches(tokens)) if self._exact.following else []
        if self._folded.following:
            matches += self._folded.matches(list(map(str.casefold, tokens)))
        matches.sort(key=_Match.rank)
        taken = bytearray(len(tokens))
        first: dict[int, Term] = {}
        for match in matches:
            # Longer ones were before, so that one that overlaps this one covers an end of it.
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
    """Reads a glossary.

    The columns are separated by tabs, semicolons or commas; the first line tells. It may be a header with the names
    ``source``, ``target``, ``case`` and ``note``, the latter two optional, in any order; without it, the columns are
    source and target. A term with an empty target is not translated. ``case`` is ``exact``, or empty. Fields may be
    quoted as usual in CSV. Blank lines and those that begin with ``#`` are passed over.

    Args:
        text: The content of the file.
        name: The file's, for messages.

    Raises:
        UsageError: If something is wrong; it tells the line.
    """
    rows = _rows(text, name)
    number, first = next(rows, (1, []))
    if not first:
        raise UsageError(f"{name}: there are no terms in it; a line is source,target")
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
                f"{name}, line {number}: {term.source!r} is {_told(term)} here, but {_told(earlier)} in line "
                f"{earlier_number}: keep one of them"
            )
    if not terms:
        raise UsageError(f"{name}: there are no terms below the header")
    return Glossary(tuple(term for _, term in terms.values()))


def prompt_lines(terms: Sequence[Term]) -> str:
    """What a model is told about the terms of a text; empty if there are none."""
    translated = "; ".join(f'"{term.source}" = "{term.target}"' for term in terms if not term.kept)
    kept = ", ".join(f'"{term.source}"' for term in terms if term.kept)
    sentences = [
        f"Use these translations: {translated}." if translated else "",
        f"Keep unchanged: {kept}." if kept else "",
    ]
    return " ".join(filter(None, sentences))


def reference_lines(terms: Sequence[Term]) -> str:
    """The same in the words that Hy-MT2 was trained on; a term that is kept translates to itself."""
    lines = [f"{term.source} translates to {term.source if term.kept else term.target}" for term in terms]
    return "\n".join(["Reference the following translations:", *lines]) if lines else ""


def misses(terms: Iterable[Term], translation: str) -> tuple[Term, ...]:
    """Those of the terms whose target does not occur in the translation.

    Each word of a target may be an English plural, a possessive, or a form with -ed or -ing, and capitals may differ
    unless ``exact_case`` is set. A term that is not to be translated must stand there as it is.
    """
    terms = tuple(terms)
    tokens = _tokens(translation)
    exact = _index(((term, term.target) for term in terms if term.exact_case), english_forms)
    folded = _index(((term, term.target) for term in terms if not term.exact_case), english_forms)
    there = {match.term for match in exact.matches(tokens)}
    there |= {match.term for match in folded.matches(list(map(str.casefold, tokens)))}
    return tuple(term for term in terms if term not in there)


def subset_digest(terms: Iterable[Term]) -> str:
    """16 hexadecimal digits for the terms found in a text, for the key of its translation; empty if there are none."""
    terms = tuple(terms)
    return _digest(terms)[:16] if terms else ""


def _digest(terms: Iterable[Term]) -> str:
    lines = sorted(json.dumps([term.source, term.target, term.exact_case]) for term in terms)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _index(terms: Iterable[tuple[Term, str]], forms_of: Callable[[str], frozenset[str]]) -> _Node:
    """The root of the words of some terms, each with the text of its own that is looked for."""
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
    """Words and signs; the white space, hyphens and apostrophes that join words are left out."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return _TOKEN.findall(text.replace("œ", "oe").replace("Œ", "Oe"))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that holds any, without white space around them, and the line's number from 1."""
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
            f"{name}, line {number}: there are no columns: separate source and target by a tab, a semicolon or a comma "
            "(a term to be kept as it is has an empty target: 'SIRET,')"
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
            f"{place}: {error}; a field with quotes ends on its line, and has its own quotes twice"
        ) from None


def _check_header(header: Sequence[str], place: str) -> None:
    unknown = [cell for cell in header if cell not in COLUMNS]
    if unknown or len(set(header)) < len(header):
        what = f"the column {unknown[0]!r} is unknown" if unknown else "a column is named twice"
        raise UsageError(f"{place}: {what}, there are {', '.join(COLUMNS)}")


def _term(header: Sequence[str], cells: Sequence[str], place: str) -> Term:
    if any(cells[len(header) :]):
        raise UsageError(
            f"{place}: it has {len(cells)} columns, and there should be {len(header)}: quote a field that contains the "
            "separator, and name more columns in a header"
        )
    values = dict(zip(header, cells, strict=False))
    source, target, case = values["source"], values.get("target", ""), values.get("case", "").lower()
    if not _tokens(source):
        raise UsageError(f"{place}: the source is empty")
    if case not in ("", "exact"):
        raise UsageError(f"{place}: case is {values['case']!r}, and must be exact or empty")
    return Term(source, target if _tokens(target) else source, case == "exact", values.get("note", ""))


def _told(term: Term) -> str:
    return "kept as it is" if term.kept else repr(term.target)
