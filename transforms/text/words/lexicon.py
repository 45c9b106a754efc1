"""The French-English lexicon: what a French word may be called in English, looked up by any of its inflected forms.

Forms are reduced to the lemmas of ``lexicon.tsv`` by their endings, so loading is a matter of milliseconds. English
words are compared by their stems, which drop endings and keep the first letters. The lexicon is our own work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from transforms.text.words.word_sets import CACHED_WORDS, stem, word_set

PATH: Final = Path(__file__).with_name("lexicon.tsv")

_HOMOGRAPHS: Final = Path(__file__).with_name("homographs.txt")

_LEAST_ONLY_FRENCH: Final = 4
_LEAST_LEMMA: Final = 2
_LEAST_IRREGULAR: Final = 3
"""Letters of an ending before which a lemma may keep fewer: "élu" is a form of "élire", "peut" of "pouvoir"."""


class Row(NamedTuple):
    """One line of the file.

    Attributes:
        french: A word or a phrase; a lemma for the kinds that are inflected.
        english: Its first translation; ``base,past,participle`` or ``singular|plural`` where they are irregular.
        kind: "" as it stands, n noun, a adjective, v regular verb, i infinitive of an irregular verb.
        others: Other translations, parted by slashes.
    """

    french: str
    english: str
    kind: str
    others: str


@dataclass(frozen=True, slots=True)
class _Entries:
    """What is looked up.

    Attributes:
        english: The translations of each word, as they stand in the file.
        phrases: The same of each phrase, by each of its words.
    """

    english: dict[str, list[str]]
    phrases: dict[str, list[str]]


def rows() -> list[Row]:
    """The lines of the file, in order."""
    lines = PATH.read_text(encoding="utf-8").splitlines()
    return [Row(*(*line.split("\t"), "", "")[:4]) for line in lines if line[:1] != "#"]


@cache
def _entries() -> _Entries:
    english: dict[str, list[str]] = {}
    phrases: dict[str, list[str]] = {}
    for line in PATH.read_text(encoding="utf-8").splitlines():
        if line[:1] == "#":
            continue
        french, glosses, *more = line.split("\t")
        if len(more) > 1:
            glosses = f"{glosses}/{more[1]}"
        if " " in french or "-" in french or "'" in french:
            for word in _FRENCH_WORD.findall(french):
                phrases.setdefault(word, []).append(glosses)
        english.setdefault(french.lower(), []).append(glosses)
    return _Entries(english, phrases)


_FRENCH_WORD = re.compile(r"[^\W\d_]{3,}")
_ENGLISH_WORD = re.compile(r"[A-Za-zé]{2,}")
_FILLERS: Final = word_set("""to of the an be is by for in on at it as or and up out off with from""")


def _endings(lemma_ending: str, endings: str) -> list[tuple[str, str]]:
    return [("" if ending == "-" else ending, lemma_ending) for ending in endings.split()]


_FUTURE = "rai ras ra rons rez ront rais rait rions riez raient"


def _future(stem: str) -> str:
    return " ".join(stem + ending for ending in _FUTURE.split())


_IMPERFECT = "ais ait ions iez aient ant"


def _imperfect(stem: str) -> str:
    return " ".join(stem + ending for ending in (*_IMPERFECT.split(), "ons", "ez", "ent"))


_RULES_LIST: Final = [
    *_endings("", "s e es"),
    *_endings("au", "aux"),
    *_endings("eu", "eux"),
    *_endings("ou", "oux"),
    *_endings("al", "aux ale ales"),
    *_endings("ail", "aux"),
    *_endings("eux", "euse euses"),
    *_endings("eur", "euse euses"),
    *_endings("teur", "trice trices"),
    *_endings("if", "ive ives"),
    *_endings("er", "ère ères"),
    *_endings("el", "elle elles"),
    *_endings("eil", "eille eilles"),
    *_endings("en", "enne ennes"),
    *_endings("on", "onne onnes"),
    *_endings("et", "ette ettes ète ètes"),
    *_endings("c", "que ques che ches"),
    *_endings("g", "gue gues"),
    *_endings("s", "sse sses"),
    *_endings("eau", "elle elles"),
    *_endings("", "ement ment"),
    *_endings("e", "ement"),
    *_endings("é", "ément"),
    *_endings("ant", "amment"),
    *_endings("ent", "emment"),
    *_endings("if", "ivement"),
    *_endings("eux", "eusement"),
    *_endings("el", "ellement"),
    *_endings("er", "èrement"),
    *_endings("al", "alement"),
    *_endings("et", "ètement"),
    *_endings("er", f"e es a ai âmes âtes èrent é ée és ées {_imperfect('')} {_future('e')}"),
    *_endings("ger", f"gea geas gèrent {_imperfect('ge')}"),
    *_endings("cer", f"ça ças {_imperfect('ç')}"),
    *_endings("yer", f"ie ies ient {_future('ie')}"),
    *_endings("ler", f"lle lles llent {_future('lle')}"),
    *_endings("ter", f"tte ttes ttent {_future('tte')}"),
    *_endings("ir", f"is it i ie ies irent isse isses {_imperfect('iss')} {_future('i')}"),
    *_endings("tir", f"s t te tes ti tie tis ties {_imperfect('t')}"),
    *_endings("vir", f"s t ve ves vi vie vis vies {_imperfect('v')}"),
    *_endings("vrir", f"vre vres vert verte verts vertes {_imperfect('vr')}"),
    *_endings("ffrir", f"ffre ffres ffert fferte fferts ffertes {_imperfect('ffr')}"),
    *_endings("re", f"- s u ue us ues i it e es {_imperfect('')} {_future('')}"),
    *_endings("uire", f"uit uite uits uites uis uise uises {_imperfect('uis')} {_future('ui')}"),
    *_endings("crire", f"crit crite crits crites cris crive crives {_imperfect('criv')} {_future('cri')}"),
    *_endings("cevoir", f"çoit çois çoivent çoive çu çue çus çues {_imperfect('cev')} {_future('cev')}"),
    *_endings("aître", f"aît ais aisse aisses u ue us ues {_imperfect('aiss')} {_future('aît')}"),
    *_endings("indre", f"int inte ints intes ins igne ignes {_imperfect('ign')} {_future('ind')}"),
    *_endings("suivre", f"suit suis suivi suivie suivis suivies suive {_imperfect('suiv')} {_future('suiv')}"),
    *_endings("vivre", f"vit vis vécu vive {_imperfect('viv')} {_future('viv')}"),
    *_endings("lire", f"lit lis lu lue lus lues lise lises {_imperfect('lis')} {_future('li')}"),
    *_endings("dire", f"dit dits dite dites dis dise dises {_imperfect('dis')} {_future('di')}"),
    *_endings("faire", f"fait faits faite faites fais font fasse fassent {_imperfect('fais')} {_future('fe')}"),
    *_endings("mettre", f"met mets mis mise mises mette mettes {_imperfect('mett')} {_future('mett')}"),
    *_endings("prendre", f"prend prends pris prise prises prenne prennent {_imperfect('pren')} {_future('prend')}"),
    *_endings(
        "venir", f"vient viens viennent vienne venu venue venus venues vint {_imperfect('ven')} {_future('viend')}"
    ),
    *_endings(
        "tenir", f"tient tiens tiennent tienne tenu tenue tenus tenues tint {_imperfect('ten')} {_future('tiend')}"
    ),
    *_endings("voir", f"voit vois voient voie vu vue vus vues {_imperfect('voy')} {_future('ver')} {_future('voi')}"),
    *_endings("courir", f"court cours coure couru courue courus courues {_imperfect('cour')} {_future('cour')}"),
    *_endings("clure", f"clut clus clue clues clu clue {_imperfect('clu')} {_future('clu')}"),
    *_endings("quérir", f"quiert quis quise quises quièrent {_imperfect('quér')} {_future('quer')}"),
    *_endings("croire", f"croit crois croient cru crue {_imperfect('croy')} {_future('croi')}"),
    *_endings("traire", f"trait traits traite traites traient {_imperfect('tray')} {_future('trai')}"),
    *_endings("battre", "bat bats"),
    *_endings("soudre", f"sout résolu solu solue solus solues {_imperfect('solv')} {_future('soud')}"),
    *_endings("valoir", f"vaut valu vaille {_imperfect('val')} {_future('vaud')}"),
    *_endings("vaincre", f"vainc {_imperfect('vainqu')}"),
    *_endings("devoir", f"doit dois doivent doive dû due {_imperfect('dev')} {_future('dev')}"),
    *_endings("pouvoir", f"peut peux peuvent puisse puissent pu {_imperfect('pouv')} {_future('pour')}"),
    *_endings("vouloir", f"veut veux veulent veuille voulu {_imperfect('voul')} {_future('voud')}"),
    *_endings("savoir", f"sait sais sache sachez sachiez sachent sachant su {_imperfect('sav')} {_future('sau')}"),
    *_endings("envoyer", _future("enver")),
    *_endings("mourir", f"meurt mort morte morts mortes {_imperfect('mour')} {_future('mour')}"),
]
_RULES: Final[dict[str, tuple[str, ...]]] = {}
for _ending, _lemma in _RULES_LIST:
    if _lemma not in _RULES.get(_ending, ()):
        _RULES[_ending] = (*_RULES.get(_ending, ()), _lemma)
_LONGEST_ENDING: Final = max(map(len, _RULES))
_PREFIXES: Final = ("re", "ré", "r", "dé", "dés", "in", "im", "pré", "sur", "sous", "auto", "co", "inter", "multi")


@lru_cache(maxsize=CACHED_WORDS)
def glosses(form: str) -> tuple[str, ...]:
    """All English translations of a lower-case French form, as the file has them; empty if it is not known."""
    found = _glosses(form)
    if not found and "è" in form:
        before, _, after = form.rpartition("è")
        found = _glosses(f"{before}é{after}") or _glosses(f"{before}e{after}")
    if not found and len(form) > 6:
        for prefix in _PREFIXES:
            rest = form[len(prefix) :]
            if form.startswith(prefix) and len(rest) >= 4 and (found := _glosses(rest)):
                break
    return tuple(dict.fromkeys(found))


def _glosses(form: str) -> list[str]:
    english = _entries().english
    found: list[str] = []
    phrases = _entries().phrases
    for lemma in lemmas(form):
        found += english.get(lemma, ())
        found += phrases.get(lemma, ())
    return found


def lemmas(form: str) -> list[str]:
    """What a lower-case form may be inflected from, by its ending: first itself, then lemmas that need not exist."""
    found = [form]
    for length in range(min(_LONGEST_ENDING, len(form)) + 1):
        cut = len(form) - length
        if cut >= _LEAST_LEMMA or length >= _LEAST_IRREGULAR:
            found += [form[:cut] + lemma for lemma in _RULES.get(form[cut:], ())]
    return found


@cache
def _infinitives() -> frozenset[str]:
    return frozenset(row.french for row in rows() if row.kind in ("v", "i"))


def is_false_friend(word: str) -> bool:
    """Whether a lower-case word that stands in the file is never its own translation, though it may be English.

    Either none of its translations is like it, as of "salon" or "pair", or it is an infinitive, and English has a noun
    of its letters: "importer".
    """
    return is_lemma(word) and (word in _infinitives() or stem(word) not in english_stems(word))


def is_known(form: str) -> bool:
    """Whether the lexicon has a lower-case French form, in any inflection and with any prefix."""
    return bool(glosses(form))


def is_lemma(word: str) -> bool:
    """Whether a lower-case word stands in the file as it is."""
    return word in _entries().english


def english_stems(form: str) -> frozenset[str]:
    """The stems of all translations of a lower-case French form."""
    return frozenset(
        stem(word)
        for gloss in glosses(form)
        for word in _ENGLISH_WORD.findall(gloss.lower())
        if word not in _FILLERS or gloss == word
    )


@cache
def _gloss_stems() -> frozenset[str]:
    return frozenset(
        stem(word) for row in rows() for word in _ENGLISH_WORD.findall(f"{row.english} {row.others}".lower())
    )


def is_gloss(word: str) -> bool:
    """Whether a lower-case English word, in any form, translates a word of the lexicon."""
    return stem(word) in _gloss_stems()


@cache
def _english_words() -> frozenset[str]:
    words = {word for line in _HOMOGRAPHS.read_text("utf-8").splitlines() if line[:1] != "#" for word in line.split()}
    for row in rows():
        words.update(_ENGLISH_WORD.findall(f"{row.english} {row.others}".lower()))
    return frozenset(words)


_LEAST_PART, _LEAST_COMPOUND = 3, 7
"""Letters of a part, and of an English word that may have two."""


def parts_of(word: str) -> tuple[str, ...]:
    """What a lower-case English word is made of, if French needs several words for it: "workshop", "faster"."""
    for ending in ("er", "est"):
        if word.endswith(ending) and is_gloss(base := word[: -len(ending)]):
            return (base,)
    known = _english_words()
    word = word.removesuffix("s")
    for place in range(_LEAST_PART, len(word) - _LEAST_PART + 1) if len(word) >= _LEAST_COMPOUND else ():
        if word[:place] in known and word[place:] in known:
            return word[:place], word[place:]
    return ()


INFLECTIONS: Final = tuple(
    (ending, base)
    for ending, _, base in (
        rule.partition(">")
        for rule in (
            """s> ses>s xes>x zes>z ches>ch shes>sh oes>o ed> ed>e ing> ing>e ly> ies>y ied>y er> er>e est> ers> ers>e
            ment> ness> al> ly>le""".split()
        )
    )
)
"""Regular endings of English words, and what stands there in the base."""


@lru_cache(maxsize=CACHED_WORDS)
def is_english(word: str) -> bool:
    """Whether a lower-case word is known as an English one, in any regular inflection."""
    known = _english_words()
    if word in known:
        return True
    return any(
        word.endswith(ending) and word[: len(word) - len(ending)] + replacement in known
        for ending, replacement in INFLECTIONS
    )


_FRENCH_LETTERS = re.compile("[àâæçéèêëîïôœùûÿ]")


@lru_cache(maxsize=CACHED_WORDS)
def is_only_french(word: str) -> bool:
    """Whether a lower-case word of four letters and more is French and can't be English."""
    if len(word) < _LEAST_ONLY_FRENCH or is_english(word):
        return False
    return bool(_FRENCH_LETTERS.search(word)) or bool(_glosses(word))
