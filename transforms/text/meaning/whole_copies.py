"""Answers that are the source again: whether French is left in them, or only names, codes and words of both languages.

Each line, cell, tag and string of such an answer begins anew and is judged by itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.code import Code, without_code
from transforms.text.words.english import is_english_word, unlisted
from transforms.text.words.french_words import PARTICLES, is_french, is_name, looks_french
from transforms.text.words.language_words import ENGLISH, FRENCH
from transforms.text.words.lexicon import is_english, is_false_friend, is_known
from transforms.text.words.reading import is_list, read
from transforms.text.words.word_sets import word_set

WORD = re.compile(r"[^\W\d_]+")
CODE: Final = Code(
    re.compile(
        r"https?://\S+|www\.\S+|(?<!\S)\S{1,80}@\S{1,80}|</?[A-Za-z][^<>\n]{0,200}>|``[^`\n]{1,200}``|`[^`\n]{1,200}`|[$%@&\\#]\{?\(?[\w.:-]+|(?<![\w)])/[\w./:-]+"
        r"|\{[^{}\n]{0,80}\}|(?<![\w-])[-\w]{0,60}_[-\w]*|(?<!\w)\w{1,60}\.\w+|(?<![\w-])--?\w[\w-]*|(?<!\w)\w{1,60}\(\)|&\w{1,30};"
        r"|(?<![\w-])[A-Z]{1,5}-\d[\w-]*|(?<!\w)\w{0,60}\d\w*"
    ),
    sign=re.compile(r"[\d:@$%&\\#/_(-]|\.\w"),
)
"""Addresses, markup, code and names of files: their words are no words."""

_PART_END = re.compile(
    r"</?[A-Za-z][^<>\n]{0,200}>|[\n|\"{}\[\]();]|\s[-–—/]\s|[ \t]{2,}|(?:[:;!?]|(?<=[a-zà-ÿ]{4})\.)(?=\s)"
)
_LEAST_KNOWN: Final = 3
_LEAST_FRIEND: Final = 4
_JOINING: Final = PARTICLES | {"ou", "à"}
_ACRONYM = re.compile(r"[A-Z]{2,6}s?|[A-Z][a-z]+[A-Z]\w*")
_LOANS: Final = frozenset(
    ("sans serif", "par excellence", "en masse", "en route", "en bloc", "en passant", "en suite", "à la carte")
)
_ELIDED = re.compile(r"(?<!\w)[dl]['’](?=[a-zà-ÿ])")
_ELISION = re.compile(r"(?i)(?<!\w)(?:[cdjlmnst]|qu)['’](?=[^\W\d_])")
_HYPHENATED = re.compile(r"(?<!\w)[A-ZÀ-Ý]\w+-(?:\w+[-'’])*[A-ZÀ-Ý]\w+")
"""Names of places: "Seine-Maritime", "Côtes-d'Armor"."""

_LEAST_DESCRIBING: Final = 4
_SOME_CAPITALS: Final = 2
"""A French title may have a name in it."""

_LONGEST_ACRONYM: Final = 5
_FEW_WORDS, _LEAST_CERTAIN = 4, 2
"""Of longer copies, one French word is not enough to reject them: it may be a name."""

_ENGLISH_SHARE: Final = 0.25
"""Of a text's words, stop words that only English has: the source was English already."""

KINDS_OF_NAMES: Final = word_set(
    """rue avenue place boulevard allée allées chemin quai impasse route pont gare port hôtel musée château palais
    abbaye église cathédrale basilique chapelle tour parc jardin jardins forêt bois lac mont col vallée île îles
    côte cap golfe baie plage ville université lycée collège école institut académie fondation association
    société compagnie groupe banque crédit caisse mutuelle librairie pharmacie boulangerie pâtisserie boucherie
    brasserie café restaurant bistrot auberge domaine ferme résidence clinique hôpital stade théâtre opéra
    cinéma maison galerie galeries éditions presses journal saint sainte haute basse fort fontaine porte marché
    moulin villa square cité"""
)
"""What names of places, houses and companies begin with."""


def whole_copy_findings(text: str) -> tuple[Finding, ...]:
    """Untranslated or french_left for an answer that is the source again; nothing if it is right as it is."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _MARKED.sub(_unmarked, text)
    text = _without_hot_key(text)
    if _is_program(text):
        return ()
    plain = without_code(text, CODE)
    if is_list(read(plain)):
        return ()
    words = WORD.findall(plain)
    if len(words) > _FEW_WORDS and sum(word.lower() in ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return ()
    shouted = is_shouted(words)
    left = [found for part in _PART_END.split(text) if part.strip() and (found := _in_part(part, shouted))]
    certain = [word for found in left if found.flag == flags.UNTRANSLATED for word in found.evidence.split()]
    acronym = shouted and len(certain) == 1 and len(certain[0]) <= _LONGEST_ACRONYM
    particles = sum(word.lower() in PARTICLES and (shouted or word.islower()) for word in words)
    enough = len(certain) >= (1 if len(words) <= _FEW_WORDS else _LEAST_CERTAIN) or particles >= _LEAST_CERTAIN
    if certain and enough and not acronym:
        return (finding(flags.UNTRANSLATED, " ".join(certain)),)
    if acronym and len(words) == 1:
        return ()
    if not left and len(words) == 1 and _is_false_friend(words[0]):
        return (finding(flags.FRENCH_LEFT, text),)
    return (finding(flags.FRENCH_LEFT, text),) if left else ()


def _is_false_friend(word: str) -> bool:
    return len(word) >= _LEAST_FRIEND and not is_name(word) and is_false_friend(word.lower())


_MARKED = re.compile(r"<([A-Za-zÀ-ÿ][^<>\n=\"]{0,80})>")


def _unmarked(match: re.Match[str]) -> str:
    """The words of "<nom du fichier>", which stands for something, and is no tag."""
    words = WORD.findall(match[1])
    return f"“{match[1]}”" if any(map(looks_french, words)) else match[0]


_HOT_KEY = re.compile(r"(?<!\w)([^\W\d_]*)[_&]([^\W\d_]+)(?![\w;])")


def _without_hot_key(text: str) -> str:
    """A menu's label without the mark before its hot key: "C_oller", "&Coller"; "nom_fichier" has none."""
    if text.count("_") + text.count("&") != 1 or not (match := _HOT_KEY.search(text)):
        return text
    word = match[1] + match[2]
    certain = match[1] or not word.islower() or match[0] != text.strip()
    if not certain or not (looks_french(word) or is_english_word(word.lower()) or (not match[1] and word.istitle())):
        return text
    return f"{text[: match.start()]}{word}{text[match.end() :]}"


_PROGRAM = re.compile(r"\s*[a-z][a-z0-9]*(?:-[a-z0-9]+)+\s*")


def _is_program(text: str) -> bool:
    """Whether the text is the name of a program, as "parabar-lit": words with hyphens, not all of them French."""
    if not _PROGRAM.fullmatch(text):
        return False
    return not all(looks_french(part) or part in FRENCH or is_known(part) for part in WORD.findall(text))


def is_shouted(words: Sequence[str]) -> bool:
    """Whether all words but single letters are in capitals."""
    long_words = [word for word in words if len(word) > 1]
    return bool(long_words) and not any(any(map(str.islower, word)) for word in long_words)


def _in_part(text: str, shouted: bool) -> Finding | None:
    """What is French in a part of a copy. French titles have one capital, their first; with more it may be a name."""
    words = WORD.findall(_ELISION.sub(" ", without_code(text, CODE)))
    if not words:
        return None
    french = [word for word in words if looks_french(word)]
    if not french:
        is_title = _has_title_particles(text, words, shouted) or _has_lexicon_word(words)
        return finding(flags.FRENCH_LEFT, text) if is_title else None
    if shouted and words[0].lower() in KINDS_OF_NAMES:
        return finding(flags.FRENCH_LEFT, text)
    if any(map(is_name, words)) and (shouted or not any(map(str.islower, words))):
        return None
    in_lower_case = [word for word in french if shouted or word.islower()]
    if in_lower_case:
        certain = len(in_lower_case) > 1 or is_french(in_lower_case[0].lower())
        return finding(flags.UNTRANSLATED if certain else flags.FRENCH_LEFT, " ".join(french))
    around = WORD.findall(_HYPHENATED.sub(" ", text))
    return (
        finding(flags.FRENCH_LEFT, text) if _is_title(words, french) and any(map(around.__contains__, french)) else None
    )


def _has_title_particles(text: str, words: Sequence[str], shouted: bool) -> bool:
    first = words[:1]
    particles = [word for word in words if word.lower() in PARTICLES and (word.islower() or shouted or [word] == first)]
    return _is_french_title(text, words) or (len(particles) >= 2 and _mostly_lower(words))


def _has_lexicon_word(words: Sequence[str]) -> bool:
    """Whether the lexicon has a word as French only, such as "nom", that no list of English words has; not a name."""
    lower = [word for word in words if word.islower()]
    if lower and len(lower) == len(words) - 1 and words[0].istitle():
        lower.append(words[0].lower())
    certain = unlisted(frozenset(word for word in lower if len(word) >= _LEAST_KNOWN) - PARTICLES)
    return any(is_known(word) and not is_english(word) for word in certain)


def _is_title(words: Sequence[str], french: Sequence[str]) -> bool:
    """Whether a part whose French words all have capitals is a title, and no name."""
    capitals = [word for word in words if word[0].isupper() and (len(word) == 1 or not word.isupper())]
    described = any(word.islower() and len(word) >= _LEAST_DESCRIBING and is_english(word) for word in words)
    if words[0].lower() in PARTICLES and any(map(str.islower, words[1:2])):  # a name is "Le Monde"
        return True
    if words[0] in french and (len(capitals) == 1 or (described and len(capitals) == _SOME_CAPITALS)):
        return True
    if words[0].lower() in KINDS_OF_NAMES or any(map(is_name, capitals)):
        return False
    return words[0] in french or all(word in french or is_english_word(word.lower()) for word in capitals)


def _is_french_title(text: str, words: Sequence[str]) -> bool:
    """Whether all words but the first and acronyms are in lower case, and a particle stands before one of them.

    No name is written so.
    """
    others = [word for word in words[1:] if not _ACRONYM.fullmatch(word)]
    if not others or not all(map(str.islower, others)) or text.strip().casefold() in _LOANS:
        return False
    first = len(words[0]) > 1 and words[0].lower() in PARTICLES
    return (
        first
        or bool(_ELIDED.search(text))
        or any(word in _JOINING and after != "al" for word, after in pairwise(words[1:]))
    )


def _mostly_lower(words: Sequence[str]) -> bool:
    return sum(map(str.islower, words)) >= 0.5 * len(words)
