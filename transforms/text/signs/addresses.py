"""Addresses of pages and of mail, and bare domains, which a translation must keep."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import passages

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'«»“”\]|`]+")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_AFTER_URL = ".,;:!?…)*_"

_TOP_LEVEL: Final = r"(?:com|org|net|fr|eu|be|ch|ca|de|uk|io|info|gouv|gov|edu|int|biz|lu|ma|tn|sn)"
_DOMAIN_END = re.compile(rf"\.{_TOP_LEVEL}(?![\w-])")
_DOMAIN = re.compile(
    rf"(?<![\w@/.-])(?:[a-z0-9-]{{2,40}}\.){{1,4}}{_TOP_LEVEL}"
    r"(?:/[\w./?=&%-]{0,200}[\w/])?(?![\w-])"
)
_INNER_POINT = re.compile(r"\.[^\s]")
"""Every address has one."""

_LANGUAGE = re.compile(r"(?<![a-z])(?:fr|en)(?:[-_][a-z]{2})?(?![a-z])|français|french|english|anglais")

_SLASHES = re.compile("/{2,}")


def address_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """url_mismatch: a web or mail address, or a bare domain, was lost, changed or made up.

    ``http`` and ``https``, capitals, a last slash and the language of a page make no difference.
    """
    if not _INNER_POINT.search(source) and not _INNER_POINT.search(translation):
        return ()
    there, here = _addresses(source), _addresses(translation)
    if there == here:
        return ()
    lost = {each for each in there - here if not _stands(each, translation)}
    added = {each for each in here - there if not _stands(each, source)}
    for address in sorted(lost):  # in one order, so that the evidence is always the same
        if other := next((other for other in sorted(added) if _same_page(address, other)), None):
            lost.discard(address)
            added.discard(other)
    return (finding(flags.URL_MISMATCH, min(lost or added)),) if lost or added else ()


def _addresses(text: str) -> set[str]:
    if "://" not in text and "@" not in text and "www." not in text and not _DOMAIN_END.search(text):
        return set()
    found: set[str] = set()
    # Only passages with a point inside may be addresses.
    for start, end in passages(text, _INNER_POINT):
        passage = text[start:end]
        if "." in passage[1:-1]:
            if "://" in passage or "www." in passage:
                found.update(
                    address
                    for each in _URL.findall(passage)
                    if "." in (address := _plain_address(each)).split("/")[0] and "[" not in address
                )
                passage = _URL.sub(" ", passage)
            if "@" in passage:
                found.update(map(str.lower, _EMAIL.findall(passage)))
                passage = _EMAIL.sub(" ", passage)
            found.update(map(str.lower, _DOMAIN.findall(passage)))
    return found


def _plain_address(address: str) -> str:
    address = address.rstrip(_AFTER_URL).lower()
    if ")" in address and "(" not in address:
        address = address.partition(")")[0]
    return (
        address.removeprefix("http://")
        .removeprefix("https://")
        .removeprefix("www.")
        .rstrip("/.,;:")
        .replace("&amp;", "&")
    )


def _stands(address: str, text: str) -> bool:
    """Whether a text has an address in other case."""
    return re.search(rf"(?<![\w./@-]){re.escape(address)}(?![\w/-])", text.lower()) is not None


def _same_page(address: str, other: str) -> bool:
    """Whether two addresses are one page in two languages: /fr/ and /en/, fr.exemple.org and exemple.org."""
    plain, other_plain = (unquote(_LANGUAGE.sub("", each)).lstrip(".") for each in (address, other))
    return _SLASHES.sub("/", plain).rstrip("/") == _SLASHES.sub("/", other_plain).rstrip("/") or (
        "wiki" in address and "wiki" in other and address.split("/")[0][2:] == other.split("/")[0][2:]
    )
