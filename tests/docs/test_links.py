"""Every link of the documentation leads somewhere, and every page of it leads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, links, pages

DOCS = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    broken = []
    for target in links(page):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_pages_link_back_and_are_in_the_index(page: Path) -> None:
    assert "../README.md" in links(page)
    if page.name != "README.md":
        assert page.name in links(ROOT / "docs" / "README.md")


def test_the_readme_leads_to_the_pages_of_the_root() -> None:
    missing = {page.name for page in ROOT.glob("*.md")} - {"README.md"} - set(links(ROOT / "README.md"))
    assert missing == set()
