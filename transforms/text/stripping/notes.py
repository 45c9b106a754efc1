"""Notes after a translation: a last paragraph or passage in brackets that speaks of it, or that ends a talk."""

from __future__ import annotations

import re

from transforms.text.stripping.unexplained import without_rule

NOTE = re.compile(
    r"""[\s>]*[\[(*_\-—#]{0,4}\s*(?:(?:translator|translation|traduct)\w*['’]?s?\s+notes?
    | (?:important\s+|additional\s+)?notes?
    | n\.?b\.?|explanations?|commentary|comments?|please\s+note|note\s+du\s+traducteur|remarques?|explications?
    | disclaimer)
    \s*[:*_)\]]{1,4}(?=\s|$)""",
    re.IGNORECASE | re.VERBOSE,
)
NOTE_FRENCH = re.compile(
    r"(?i)\bnot(?:e|es|ez|er|a|ons|é|ée)\b|\bn\.?\s?b\b|remarqu|observ|commentaire|précis|explication|attention|avertissement|mention"
)
_ABOUT_TRANSLATION = re.compile(
    r"(?i)\btranslat|\boriginal\b|\bfrench\b|\bsource text\b|\bliteral|\brendered\b|\bkept\b|\bleft (?:as|un|in)\b"
    r"|\bretained\b|\bpreserved\b|\bexpression\b|\bcontext\b|\btradui|\btraduct"
)
_SAYS_ABOUT = re.compile(r"(?i)tradu|original|français|littéral|conserv|express|context")
_CLOSING = re.compile(
    r"(?i)(?:please )?(?:let me know|feel free|i hope (?:this|that|it)|hope (?:this|that) helps|is there anything else"
    r"|if you (?:need|have|want|would like)|would you like me|do you (?:want|need) me|this translation|the translation"
    r"|i (?:have )?(?:kept|translated|preserved|maintained|left)|n['’]hésitez pas|j['’]espère que cette)\b"
)
_CLOSING_FRENCH = re.compile(
    r"(?i)n['’]hésite|dites|dis-moi|faites|savoir|tenez|espèr|espér|dispos|besoin|souhait|voul|contact|si vous|si tu"
    r"|tradu|j['’]ai|gard|laiss|conserv"
)
_BRACKETED_START = re.compile(
    r"(?i)[\s*_]*[(\[]\s*(?:translator['’]?s?\s+note|translation\s+note|note\s+du\s+traducteur|n\.?d\.?t|t\.?n|note|nb)\b\.?\s*:"
)


def without_notes(text: str, source: str) -> str:
    """Without a last paragraph that speaks of the translation, or is a note where the source has none."""
    start = bracketed(text)
    if start and _BRACKETED_START.match(text, start) and not NOTE_FRENCH.search(source) and not bracketed(source):
        return text[:start]
    if "\n" not in text:
        return text
    start = text.find("\n")
    extra = text.count("\n") > source.strip().count("\n")
    while extra and start != -1:
        line = start + 1
        while line < len(text) and text[line] in " \t\n*_>":
            line += 1
        if _is_note(text, line, source) and text[:start].strip():
            return without_rule(text[:start].rstrip())
        start = text.find("\n", line)
    return text


def bracketed(text: str) -> int:
    """Where a last passage in brackets begins, 0 if there is none."""
    closed = text.rstrip("*_ \n")
    if not closed or closed[-1] not in ")]":
        return 0
    start = closed.rfind("(" if closed[-1] == ")" else "[")
    return max(start, 0)


def _is_note(text: str, line: int, source: str) -> bool:
    if NOTE.match(text, line):
        about = _ABOUT_TRANSLATION.search(text, line) and not _SAYS_ABOUT.search(source)
        return bool(about) or not NOTE_FRENCH.search(source)
    return bool(_CLOSING.match(text, line)) and not _CLOSING_FRENCH.search(source)
