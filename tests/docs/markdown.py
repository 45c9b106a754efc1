"""Just enough Markdown: pages, headings, links and fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: File that has it.
        language: After the opening fence; empty without one.
        text: Between the fences.
    """

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text.splitlines()[0]}"


def pages() -> list[Path]:
    """Return every Markdown file of the repository that is for readers."""
    folders = (".", "docs", "benchmarks", "sample_data", "deploy", "examples")
    return sorted(page for folder in folders for page in (ROOT / folder).glob("*.md"))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    for found in _FENCE.finditer(page.read_text(encoding="utf-8")):
        yield Block(page, found["language"], found["text"])


def all_blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks of all pages in one of the languages."""
    return [block for page in pages() for block in blocks(page) if block.language in languages]


def links(page: Path) -> list[str]:
    """Return the targets of all links outside of fenced blocks."""
    return [found["target"] for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8")))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = (re.sub(r"[`*]", "", found["title"]).strip().lower() for found in _HEADING.finditer(text))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a shell block: continued lines joined; in a transcript, only what follows a prompt."""
    joined = re.sub(r"\\\n\s*", "", text)
    transcript = "\n$ " in f"\n{joined}"
    for line in joined.splitlines():
        if not transcript and line.strip():
            yield line.strip()
        elif line.startswith("$ "):
            yield line[2:]
