"""The copy of a text that is sent: valid Unicode, composed, without control characters. The source stays as it is."""

from __future__ import annotations

import re
import unicodedata

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]|^\ufeff")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|^\ufeff")
_SURROGATES = re.compile("[\ud800-\udfff]")


def sanitize(text: str) -> str:
    """``text`` as it is sent to a model.

    Surrogate pairs are joined and lone surrogates become U+FFFD (JSON can bring them, UTF-8 can't); control characters
    but tab and line ends are dropped, as is a byte order mark; the rest is NFC. Not NFKC, which would turn "½" and "m²"
    into other text.
    """
    if _UNWANTED.search(text):
        if _SURROGATES.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = _CONTROLS.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
