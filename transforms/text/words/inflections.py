"""Inflected forms of French and English words, derived by rule instead of from a dictionary."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NO_FEMININE: Final = frozenset(
    re.findall(
        r"\w+",
        """air avis bal ban banc bar bois bord bras but cap cas chair cour cours coup devis fil fin foi frais gaz
        mas mer mois mont mur pair part parti pas pic pin plan point pont port pot rat repas sac sel sol sort tas
        tour vent""",
    )
)
"""Nouns whose rule-made feminine would be another word: port and porte, vent and vente, cas and casse."""


@lru_cache(maxsize=8_192)
def french_forms(word: str) -> frozenset[str]:
    """Return a French word with its plurals and feminines."""
    if not word.isalpha() or len(word) < 3:
        return frozenset((word,))
    feminines = _feminines(word)
    return frozenset((word, *_plurals(word), *feminines, *(f"{feminine}s" for feminine in feminines)))


def _plurals(word: str) -> list[str]:
    if word.endswith(("s", "x", "z")):
        return []
    if word.endswith("ail"):
        return [f"{word[:-3]}aux", f"{word}s"]
    if word.endswith("al"):
        return [f"{word[:-2]}aux", f"{word}s"]
    return [f"{word}s", f"{word}x"] if word.endswith(("au", "eu", "ou")) else [f"{word}s"]


_FEMININE_ENDINGS: Final = (
    *(("teur", ("trice", "teuse", "teure")), ("eur", ("euse", "eure")), ("eux", ("euse",))),
    *(("beau", ("belle",)), ("veau", ("velle",)), ("meau", ("melle",)), ("au", ()), ("ou", ("olle",))),
    *(("oux", ("ouse", "ousse", "ouce")), ("aux", ("ausse",)), ("er", ("ère",)), ("et", ("ette", "ète"))),
    *(("el", ("elle",)), ("eil", ("eille",)), ("en", ("enne",)), ("on", ("onne",)), ("ul", ("ulle",))),
    *(("f", ("ve",)), ("c", ("que", "che")), ("g", ("gue",)), ("s", ("se", "sse"))),
    *((letter, ()) for letter in "eaox"),
)
"""Masculine endings and the feminine endings that replace them; other words get an -e."""


def _feminines(word: str) -> list[str]:
    if word in _NO_FEMININE:
        return []
    for ending, feminine in _FEMININE_ENDINGS:
        if word.endswith(ending):
            return [word[: -len(ending)] + each for each in feminine]
    return [f"{word}e"]


@lru_cache(maxsize=8_192)
def english_forms(word: str) -> frozenset[str]:
    """Return an English word with its plurals and its forms in -ed and -ing."""
    forms = {word, f"{word}s"}
    if not word.isalpha() or len(word) < 3:
        return frozenset(forms if len(word) > 1 else {word})
    forms |= {f"{word}es", f"{word}ed", f"{word}ing", f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
    for ending, others in (
        ("y", ("ies", "ied")),
        ("fe", ("ves",)),
        ("f", ("ves",)),
        ("man", ("men",)),
        ("e", ("ed", "ing")),
    ):
        if word.endswith(ending):
            forms |= {word[: -len(ending)] + other for other in others}
    return frozenset(forms)
