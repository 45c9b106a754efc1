"""Which part of a host's message may be shown. Pure.

Servers quote prompts in their errors, and prompts are private. So a message is shown word by word: words that servers
and proxies use in errors are kept, and everything else becomes an ellipsis. Line breaks and control characters never
survive, so a host cannot forge lines of a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_MESSAGE = 160
"""Characters that are shown; servers' errors can be whole pages."""

LONGEST_READ = 4000
"""Characters of a message that are looked at."""

_PART = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*|[^\w\s]|_|\s+")
LONGEST_NUMBER = 12
_PUNCTUATION = frozenset("'\"()[]:;,.!?%/=<>-+*#&|_")
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_VERSION = re.compile(r"v?\d{1,6}(?:\.\d{1,6}){1,3}(?:[-+.](?:rc|alpha|beta|dev|dirty|git|g)?[0-9a-f.]{0,12}){0,3}")
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")

_SERVER_WORDS = """
a able abort aborted accept accepted access address after again alive all alloc allocate allocated allocation allowed
already an and any api apply architecture are array as assert assertion at authentication authorization available back
backend bad balancer base be been before being blob block body boolean break broken buf buffer busy but by bytes cache
call can canceled cancelled cannot cgo change check child chunk client closed cloud code command compatible completion
compute config configuration connect connected connecting connection content context copy core corrupt could count
crash crashed create ctx cublas cuda cudamalloc current data deadline decode decoding default denied detail details
device did died digest dimension disabled disconnected disk does doesn due dump embedding empty encoding encountered
end endpoint engine entity eof error errors eval exceed exceeded exceeds exception exit exited expected expecting
failed failure fatal fault field file find first flash float for forbidden format found from full function gateway gb
generate generation get ggml gguf gib gin given go got gpu gpus graph had handler hang has hash have header headers
health hip host html http https id illegal image in incompatible increase index infer inference info initialize
initializing input insert instruction insufficient int integer internal invalid io is issue it its json key killed kv
large latest launch layer layers length less library like limit limitations limited limits llama llm load loaded
loading local logits logs long longer longest lost manifest many map match maximum may mb memory message metal method
mib missing mlx mmap mode model models more moved must name need needs nested nginx no not nul null num object of
offload ok ollama on only open operation option options or order os out output overload overloaded own page panic
parallel parameter parse parser path payload peer pending permanently permission permitted pid pipe please pointer
policy pool port post predict prediction previously process processing prompt proxy pull pulled queue quota raise
range rate raw reached read reason received record refused register registry reject rejected released remote render
repeat reply request requested requests require required requires reset resource resources responded response retry
returned rocm route run runner running runs runtime safetensors scheduler schema segmentation sequence server service
session shared shift short shorten shortly should shut shutdown signal size slot slow small socket something space
start started starting state status stop stopped store stream string struct subprocess suffix support supported sync
system tag take takes temporarily temporary tensor terminated than that the there think thinking this thread time
timed timeout tls to token tokenize tokenizer tokens too took tools total transport trap truncate truncated try trying
type unable unauthorized unavailable unclosed unexpected unexpectedly unit unknown unload unloaded unmarshal
unsupported until update upstream use used using utf valid value values version vision vram wait waiting was while
window with within without write writing wrong you your zero
"""
_WORDS = frozenset(_SERVER_WORDS.split())


def quotable(text: str, known: str = "", private: str = "") -> str:
    """The part of a host's message that may be shown, on one line of at most ``LONGEST_MESSAGE`` characters.

    Args:
        text: What the host sent; HTML is reduced to its text.
        known: A name that may be shown wherever it occurs, such as the model's.
        private: The text that the host was sent; numbers that occur in it are not shown.
    """
    text = _TAG.sub(" ", text[:LONGEST_READ])
    parts = text.split(known) if known else [text]
    shown = [_shown_words(part, private) for part in parts]
    return _shortened(_joined(known, shown))


def quotable_version(version: str) -> str:
    """A version as a host names it; empty if it does not look like a version."""
    return version if _VERSION.fullmatch(version) else ""


def quotable_model(name: str) -> str:
    """A model's name as a host lists it; an ellipsis if it does not look like a name."""
    return name if _MODEL_NAME.fullmatch(name) else "…"


def _shown_words(text: str, private: str) -> str:
    words: list[str] = []
    for part in _PART.findall(text):
        if part.isspace():
            word = " "
        elif part[0].isdigit():
            word = part if part.isascii() and len(part) <= LONGEST_NUMBER and part not in private else "…"
        elif part in _PUNCTUATION or part.lower() in _WORDS or (part in "st" and words[-1:] == ["'"]):
            word = part
        else:
            word = "…"
        words.append(word)
    return "".join(words)


def _joined(known: str, parts: Iterable[str]) -> str:
    line = " ".join(known.join(parts).split())
    # A run of hidden words, and the punctuation between them, is one ellipsis.
    return re.sub(r"…(?:[\s'\"()\[\]:;,.!?%/=<>+*#&|_-]*…)+", "…", line)


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"
