"""What names or announces the translation before it: "In English:", "[EN]", "Übersetzung:", "The sentence means that".

A label is known by the class of its words: all are those of the task, and one at least names the translation.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.text.stripping.task_talk import SEVERAL
from transforms.text.words.reading import read
from transforms.text.words.word_sets import word_set

_NAMES: Final = word_set(
    """english en eng anglais anglaise englisch englische englischen inglés inglesa inglese inglês engels engelse
    angielski angielskie английский английском 英语 英文 英語 translation translations translated translate translating
    rendering rendition rendered interpretation equivalent output result answer response reply solution target
    prediction completion version draft traduction traduire traduit traduite résultat réponse übersetzung übersetzt
    traducción traducido traduzione traduzido tradução vertaling vertaald tłumaczenie překlad översättning
    oversættelse käännös çeviri traducere перевод 翻译 译文 翻訳 訳文 英訳"""
)
_BESIDE: Final = word_set(
    """the a an my your our its this that it is are be would as in to into of from for and by with so then thus now here
    below above following follows final first second last best possible literal free revised corrected improved direct
    natural faithful suggested proposed plain simple full complete accurate verbatim french fr français française source
    original text texts texte sentence phrase passage message paragraph content string input language task step only
    requested provided given professional machine automatic auf ins im die der das dem al a el la le les du de en het
    na em o para no ist está ecco oto hier aquí voici ci-dessous sure certainly okay ok well yes course"""
)
_LABEL = re.compile(
    r"""[\s*_#=>–—-]{0,6}(?:
      [\[(【]\s*(?P<bracketed>[^\W_][^\n:\[\](){}]{1,60}?)\s*[\])】][*_]{0,3}\s*:?
    | (?P<named>[^\W_][^\n:：.!?\[\]{}"“«]{0,80}?)[)\s*_]{0,4}(?:[:：](?![:/])|=(?=\s?["'“]))[*_]{0,3}
    | (?P<headed>[^\W_][^\n:：.!?\[\]{}"“«]{1,80}?)[\s*_=–—-]{0,8}(?=\n)
    )\s*""",
    re.VERBOSE,
)
_FIRST: Final = frozenset(word.partition("-")[0] for word in _NAMES | _BESIDE)
"""A label begins with one of these words."""
_COLON = re.compile(r":(?=\s|\Z)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_LEAD = re.compile(
    r"""(?:(?:so|okay|well|now|then|thus|hence|therefore)\b[,:]?\s+)?(?:
      (?:(?:the|this|that|a|an|one|my|your)\s+)?(?:[a-z-]+\s+){0,3}?
      (?:translation|sentence|text|phrase|passage|meaning|version|rendering|way\s+to\s+(?:translate|say|put|render))\b
      [^.:!?\n"“«]{0,40}\b(?:is|be|means?|says?|reads?|states?|translates?|goes)\b
      (?:\s+(?:to|as|that|as\s+follows|simply|something\s+like(?:\s+this)?))*
    | (?:it|this|that)\s+(?:(?:can|could|would|might|may)\s+(?:also\s+)?(?:be\s+)?)?
      (?:says|reads?|means?|translates?|translated|rendered|expressed)(?:\s+(?:to|as|into|by|that|in|english))*
    | in\s+english,?\s+(?:(?:this|that|it)\s+)?(?:is|would\s+be|means|reads|says)
    )\s*(?::\s*|(?=["“«])|(?<=that)\s+)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A clause whose object is the translation: "The translation is "…"", "The sentence means that …"."""
_LEAD_FIRST: Final = word_set("so okay well now then thus hence therefore it this that in")
_LEAD_NAMES: Final = word_set("translation sentence text phrase passage meaning version rendering way")
"""Such a clause begins with one of the former, or has one of the latter."""
_FRENCH_LEADS = re.compile(
    r"(?i)tradu|angl|english|translat|texte|phrase|passage|message|sens\b|signifi|veut dire"
    r"|\A\W*(?:c['’]est|il s|version|résultat|réponse|sortie|cible|voici|voilà|ci-|étape)"
)
_OPENING, _CLOSING = frozenset('"“«'), frozenset('"”»')
_HEAD: Final = 120
_REACH: Final = 100
_BRACKETS: Final = frozenset("[(【*_#=>–—-")
"""A label in brackets or behind marks begins with one of them."""
_QUOTES = re.compile('[:："“«]')
_LABELLED: Final = 40
"""A source with a colon so near its start may have a label of its own, and so has its translation then."""


def begins_with_label(text: str) -> bool:
    """Whether ``text`` begins with the name of a translation and a colon, or a clause that announces one."""
    return ":" in text[:_REACH] and bool(_label(text) or _lead(text))


def _lead(text: str) -> re.Match[str] | None:
    reading = read(text)
    lows = reading.lows
    if not lows or (lows[0] not in _LEAD_FIRST and _LEAD_NAMES.isdisjoint(reading.low_set)):
        return None
    head = text[:_REACH]
    return _LEAD.match(text) if _QUOTES.search(head) or " that " in head else None


def _label(text: str) -> re.Match[str] | None:
    lows = read(text).lows
    if not lows or lows[0] not in _FIRST:
        return None
    head = text[:_REACH]
    may_end = ":" in head or "\n" in head or text[0] in _BRACKETS or "：" in head or "=" in head
    match = _LABEL.match(text) if may_end else None
    if not match:
        return None
    name = match[match.lastgroup or 0]
    if any(map(str.isdecimal, name)) or SEVERAL.search(name):
        return None
    words = [word.lower() for word in _WORD.findall(name)]
    named = not _NAMES.isdisjoint(words) and all(word in _NAMES or word in _BESIDE for word in words)
    return match if named else None


def without_label(text: str, source: str) -> str:
    """``text`` without the label or the clause before it, unless the source speaks of texts itself."""
    if match := _label(text):
        rest = text[match.end() :]
        return rest if rest and _is_own(match, text, source) else text
    if (match := _lead(text)) and not _FRENCH_LEADS.search(source[:_HEAD]):
        rest = text[match.end() :]
        if rest[:1] in _OPENING:
            rest = rest.rstrip(".")
            return rest if len(rest) > 1 and rest[-1] in _CLOSING else text
        return rest or text
    return text


def _is_own(label: re.Match[str], text: str, source: str) -> bool:
    """Whether a label is the model's own: the source has none there."""
    if _FRENCH_LEADS.search(source[:_HEAD]):
        return False
    if label.lastgroup == "headed":
        return text.count("\n") > source.strip().count("\n")
    if label.lastgroup == "bracketed":
        return source.lstrip()[:1] not in "[("
    own = len(_COLON.findall(text)) > len(_COLON.findall(source)) and ":" in text[label.end() :][: 2 * _LABELLED]
    return ":" not in source[:_LABELLED] or own
