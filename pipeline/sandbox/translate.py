"""The deterministic pseudo-translation of the simulated hosts: word by word from the lexicon, longest phrase first.

Numbers, URLs, e-mail addresses, codes, placeholders, markup, code, line breaks and English sentences are kept. Unknown
words with a capital are kept as names; other unknown words lose their accents and get an English ending, so that
nothing in the result passes for French.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from pipeline.sandbox.lexicon import ELISION, WORD, Phrases, lexicon
from transforms.text.words.lexicon import glosses
from transforms.text.words.word_sets import without_accents

_CAPITAL = "A-ZÀ-ÖØ-ÞŒ"
_TOKEN = re.compile(
    rf"""(
      [^\W\d_]+(?=[\s,)]|\.\s|\.?\Z)                  # most words, matched fast
    | {ELISION}
    | ```.*?```                                        # code
    | `[^`\n]*`
    | (?:https?://|www\.)[^\s<>"]+
    | \w[\w.+-]{{0,63}}@[\w-]{{1,63}}\.[\w.-]{{0,63}}\w        # e-mail address
    | </?[A-Za-z!][^<>\n]*>                            # HTML
    | &\w+;
    | \$?\{{\{{?[^{{}}\s"]*\}}\}}?                        # placeholders
    | %\(\w+\)s | %[sd]
    | [{_CAPITAL}]\w*(?:-[\w'’]+){{0,6}}-[{_CAPITAL}]\w*     # names such as Saint-Jean-sur-Mer
    | \w*\d[\w-]*                                     # numbers and codes
    | \w+_\w*
    | {WORD}
    )""",
    re.VERBOSE | re.DOTALL,
)
_JOINS = frozenset(("", " ", "-", "\u00a0", "\u202f"))
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+\Z")
_ENGLISH = re.compile(r"\b(?:the|and|was|were|is|with|has|have|this|for|it)\b", re.IGNORECASE)
_FRENCH = re.compile(r"\b(?:le|la|les|des|et|une|est|dans|du|qui|pour|sur)\b", re.IGNORECASE)
_SPACE_BEFORE_MARK = re.compile(r"[ \u00a0\u202f]+[;:!?](?=\s|\Z)")
_OPENING, _CLOSING = re.compile(r"«[ \u00a0\u202f]?"), re.compile(r"[ \u00a0\u202f]?»")
_ORDINAL = re.compile(r"(\d+)(?:er|ère|re|e|è|ème|eme)\Z")
_FIRST_GLOSS = re.compile("[,|/]")
"""The marks that end the first translation of an entry."""
_ENDINGS = (
    ("iquement", "ically"),
    ("ellement", "ally"),
    ("ivement", "ively"),
    ("ement", "ely"),
    ("amment", "antly"),
    ("emment", "ently"),
    ("tions", "tions"),
    ("tion", "tion"),
    ("sions", "sions"),
    ("sion", "sion"),
    ("ités", "ities"),
    ("ité", "ity"),
    ("iques", "ic"),
    ("ique", "ic"),
    ("logie", "logy"),
    ("graphie", "graphy"),
    ("isme", "ism"),
    ("istes", "ists"),
    ("iste", "ist"),
    ("euses", "ous"),
    ("euse", "ous"),
    ("eux", "ous"),
    ("elles", "al"),
    ("elle", "al"),
    ("els", "al"),
    ("el", "al"),
    ("aires", "ary"),
    ("aire", "ary"),
    ("oires", "ory"),
    ("oire", "ory"),
    ("ateurs", "ators"),
    ("ateur", "ator"),
    ("ives", "ive"),
    ("ive", "ive"),
    ("ifs", "ive"),
    ("if", "ive"),
    ("ées", "ed"),
    ("ée", "ed"),
    ("és", "ed"),
    ("é", "ed"),
    ("aient", "ed"),
    ("ait", "ed"),
    ("erait", "ed"),
    ("era", "e"),
    ("eront", "e"),
    ("issant", "ing"),
    ("ants", "ing"),
    ("ant", "ing"),
    ("antes", "ing"),
    ("ante", "ing"),
    ("er", "e"),
)
SHORTEST_STEM = 3
STARTS_PHRASES, INFINITIVE = 1, 2
_BEFORE_INFINITIVES = frozenset(("of", "to", "for", "of ", "of the"))
_VOWELS = frozenset("aeioAEIO")
_ENDING_IN_A = frozenset(("a", "A", "of a", "Of a", "to a", "To a", "requests a"))


def translate(text: str) -> str:
    """Translate ``text`` to pseudo-English."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "the " in text or "The " in text:
        text = "".join(part if _is_english(part) else _translate(part) for part in _SENTENCE.findall(text))
    else:
        text = _translate(text)
    if "«" in text or "»" in text:
        text = _CLOSING.sub("”", _OPENING.sub("“", text))
    return text.replace("n°", "no.").replace("N°", "No.") if "°" in text else text


def _translate(text: str) -> str:
    """Translate word by word. ``pieces`` alternates between separators (even indices) and tokens (odd indices)."""
    phrases = lexicon().phrases
    shouting = text.isupper() and len(text) > len("RAS.")
    pieces = _TOKEN.split(text)
    last = len(pieces) - 1
    index, previous = 1, 0  # places of this word and of the one before
    while index < last:
        piece = pieces[index]
        elided = piece[-1] in "'’"
        if not elided and not piece.isalpha():
            if number := _ORDINAL.match(piece):
                pieces[index] = ordinal(number[1])
            previous = index
            index += 2
            continue
        english, role = _word(piece, shouting)
        end = index
        if role == STARTS_PHRASES:
            end, phrase = _phrase(phrases[_form(piece)], pieces, index)
            if phrase:
                english = shaped(phrase, piece, shouting)
                elided = pieces[end][-1] in "'’"
                pieces[index + 1 : end + 1] = [""] * (end - index)
        elif role == INFINITIVE and pieces[previous] in _BEFORE_INFINITIVES:
            pieces[previous] = "to " if pieces[index - 1] == "" else "to"
        before = pieces[index - 1]
        if before == " ":
            if english[:1] in _VOWELS and pieces[previous] in _ENDING_IN_A:
                pieces[previous] += "n"
        elif before == "-" and index > 1 and english != piece:
            pieces[index - 1] = " "
        if elided and english and english != piece:
            english += " "
        elif not english and pieces[end + 1][:1] == " ":
            pieces[end + 1] = pieces[end + 1][1:]
        if pieces[end + 1] not in _JOINS and _SPACE_BEFORE_MARK.match(pieces[end + 1]):
            pieces[end + 1] = pieces[end + 1].lstrip(" \u00a0\u202f")
        pieces[index] = english
        previous = index
        index = end + 2
    return "".join(pieces)


def _phrase(by_second: dict[str, Phrases], pieces: list[str], index: int) -> tuple[int, str]:
    """Index of the last word and English of the longest phrase at ``index``, or ``index`` and an empty string."""
    if index + 2 >= len(pieces) or pieces[index + 1] not in _JOINS:
        return index, ""
    for others, english in by_second.get(_form(pieces[index + 2]), ()):
        end = index + 2
        for other in others:
            end += 2
            if end >= len(pieces) or pieces[end - 1] not in _JOINS or _form(pieces[end]) != other:
                break
        else:
            return end, english
    return index, ""


def _form(piece: str) -> str:
    """The spelling of a word in the lexicon."""
    return piece.lower().replace("’", "'")


@functools.lru_cache(maxsize=65_536)
def _word(piece: str, shouting: bool) -> tuple[str, int]:
    """English and role of one word."""
    words = lexicon()
    form = _form(piece)
    role = STARTS_PHRASES if form in words.phrases else INFINITIVE if form in words.infinitives else 0
    if piece in words.words and piece != form:
        return words.words[piece], role  # an acronym
    if len(piece) == 1 and piece.isupper() and not (shouting or piece == "À"):
        return piece, role
    english = words.words.get(form)
    if piece.isupper() and (english is None or piece == "A"):
        english = words.words["à"] if piece == "A" else words.shouted.get(form)
    if english is None:
        return anglicised(piece) if piece.islower() else piece, role
    return shaped(english, piece, shouting), role


def shaped(english: str, french: str, shouting: bool) -> str:
    """``english`` with the capitals of ``french``."""
    if shouting or (len(french) > 1 and french.isupper() and not french.endswith(("'", "’"))):
        return english.upper()
    return english[:1].upper() + english[1:] if french[0].isupper() else english


def anglicised(word: str) -> str:
    """A lower-case word without an entry: what its lemma is called, else the word with an English ending."""
    if word[-1] in "'’":
        return word
    if found := glosses(word):  # a form of an irregular verb: "déduite"
        return _FIRST_GLOSS.split(found[0])[0]
    for french, english in _ENDINGS:
        if word.endswith(french) and len(word) - len(french) >= SHORTEST_STEM:
            word = word[: -len(french)] + english
            break
    return word if word.isascii() else without_accents(word)


def ordinal(digits: str) -> str:
    """The English ordinal: ``1st`` for ``1``."""
    suffixes = {"1": "st", "2": "nd", "3": "rd"}
    return digits + ("th" if digits[-2:] in ("11", "12", "13") else suffixes.get(digits[-1], "th"))


def _is_english(sentence: str) -> bool:
    return len(_ENGLISH.findall(sentence)) > len(_FRENCH.findall(sentence))
