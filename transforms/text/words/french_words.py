"""Which words are French: those of the lexicon, and a dictionary's others.

The lexicon alone tells French words in a translation. The dictionary is for copies, in which each word stood in the
source: it has far more words, and some of them are names elsewhere.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from transforms.text.words.english import is_english_word
from transforms.text.words.language_words import FRENCH, NAME_PARTICLES
from transforms.text.words.lexicon import is_english, is_known, is_lemma, is_only_french, lemmas
from transforms.text.words.word_sets import CACHED_WORDS, without_accents, word_set

_PATH: Final = Path(__file__).with_name("french_words.txt")
_LEAST_STOP_WORD: Final = 4
_LEAST_UNKNOWN: Final = 6
"""Letters of a word whose ending may show that it is French."""

_LEAST_INFLECTED: Final = 5
_ENDING = re.compile(
    r"(?:issement|[^m]ement|ectomie|algie|logie|graphie|trice|euse|eux|aux|ature|ateur|oire|aire|nel|elle|enne|tif|iel|ique|isme|iste|guer"
    r"|quer|ifier)s?\Z"
)
"""Words that end so are French if they are not English ones."""

_NAME_ENDING = re.compile(r"(?:[^r](?:a|ai|as)|\A[a-z]{0,3}(?:i|is|it|us))\Z")
"""Words with a capital that end so are names rather than forms of a verb: "Nerva", "Venus"."""

_DERIVED: Final = tuple(
    (ending + plural, bases)
    for ending, bases in (
        ("ante", ("ant", "er")),
        ("ant", ("er",)),
        ("able", ("er",)),
        ("eur", ("er",)),
        ("euse", ("er",)),
    )
    for plural in ("", "s")
)
_INFINITIVES: Final = word_set(
    """accorder activer affirmer aider aimer alerter amener arriver assister attacher attirer augmenter autoriser
    blesser brancher cacher causer classer cliquer commencer communiquer comparer concerner configurer confirmer
    connecter constater consulter contacter contester continuer couper cuisiner demander discuter disposer
    doubler effacer engager envisager envoyer essayer exister exploiter figurer financer formuler fumer habiter
    ignorer imaginer imposer inspecter inverser inviter jeter localiser menacer motiver nettoyer noter obliger
    orienter perturber proposer publier quitter recadrer recommander recommencer regarder regrouper rejeter
    relancer relever relier retarder retirer signaler supposer terminer tomber traiter traverser utiliser
    valider visiter"""
)
"""They look like English nouns of those who do something, or like other forms of English words, but are none."""

_LEAST_STEM: Final = 4
"""Words made from others by these endings, and the others' endings."""

_SPELLINGS: Final = (("oe", "œ"), ("aitr", "aîtr"))
_FRENCH_ACCENTS: Final = frozenset("àâçèéêëîïôùûœ")
_PREFIXES: Final = (
    "re",
    "ré",
    "dé",
    "dés",
    "pré",
    "sur",
    "sous",
    "auto",
    "anti",
    "inter",
    "multi",
    "télé",
    "méta",
    "géo",
)


@cache
def _words() -> frozenset[str]:
    lines = _PATH.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())


@lru_cache(maxsize=CACHED_WORDS)
def is_french(word: str) -> bool:
    """Whether a lower-case word is French and can't be English, for all that the lexicon knows."""
    if is_only_french(word):
        return True
    return len(word) >= _LEAST_STOP_WORD and word in FRENCH and word not in NAME_PARTICLES and not is_english(word)


@lru_cache(maxsize=CACHED_WORDS)
def is_french_in_sentences(word: str) -> bool:
    """Whether a lower-case word that stayed within English can't be English: it is in the lexicon, or its form says so.

    The dictionary is not asked: it has terms of science that both languages share, such as "quartile".
    """
    return is_french(word) or word in _INFINITIVES or (_ends_as_french(word) and not is_english_word(word))


@lru_cache(maxsize=CACHED_WORDS)
def looks_french(word: str) -> bool:
    """Whether a word of a copy, in any case, is French and neither English nor a name."""
    low = word.lower()
    if word != low and (is_name(word) or not (word.istitle() or word.isupper()) or not _is_plausible(low)):
        return False
    if word.istitle() and _NAME_ENDING.search(low) and not _is_entry(low):
        return False
    if is_french(low) or low in _INFINITIVES:
        return True
    if is_english_word(low):
        return False
    return _is_listed(low)


def _is_entry(word: str) -> bool:
    """Whether a lower-case word stands in one of the lists as it is."""
    return word in _words() or is_lemma(word)


def is_name(word: str) -> bool:
    """Whether a word is known as a name that looks like a French word: "Pierre", "CANNES"."""
    return word.capitalize() in _words()


def _is_plausible(word: str) -> bool:
    """Whether an accented word is a French one: names of many languages have accents."""
    accents = [letter for letter in word if not letter.isascii()]
    if not accents:
        return True
    if not _FRENCH_ACCENTS.issuperset(accents):
        return False
    return is_known(word) or word in FRENCH or _is_listed(word) or is_english_word(without_accents(word))


def _is_listed(word: str) -> bool:
    """Whether the dictionary has a word, in any inflection, spelling and with any prefix, or its ending is French."""
    if _ends_as_french(word) or _is_inflected(word):
        return True
    for letters, spelling in _SPELLINGS:
        if letters in word and (_is_inflected(other := word.replace(letters, spelling)) or is_known(other)):
            return True
    return len(word) > _LEAST_UNKNOWN and any(
        word.startswith(prefix) and (_is_inflected(rest := word[len(prefix) :]) or is_known(rest))
        for prefix in _PREFIXES
    )


def _ends_as_french(word: str) -> bool:
    return len(word) > _LEAST_UNKNOWN and _ENDING.search(word) is not None


def _is_inflected(word: str) -> bool:
    if word in (words := _words()):
        return True
    if len(word) < _LEAST_INFLECTED:
        return False
    if any(lemma in words for lemma in lemmas(word)):
        return True
    for ending, bases in _DERIVED:
        if word.endswith(ending):
            stem = word[: -len(ending)]
            if len(stem) < _LEAST_STEM or (ending[:4] == "able" and _is_english_stem(stem)):
                return False
            return any(stem + base in words or is_known(stem + base) for base in bases)
    return False


def _is_english_stem(stem: str) -> bool:
    return is_english_word(stem) or is_english_word(f"{stem}e")


PARTICLES: Final = word_set(
    """de du des la le les un une et en au aux pour par sur dans avec sans est sont que qui ne pas il elle"""
)
"""Short words of French titles and of names."""
