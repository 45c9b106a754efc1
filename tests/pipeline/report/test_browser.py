"""The report in a real browser. Skipped unless Chromium is installed; ``pytest -m browser`` runs only these tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pipeline.report.page import render
from pipeline.report.row_sample import RowSample
from pipeline.review.rows import ReviewRow
from tests.pipeline.report.browser import Page, browser_page, executable
from tests.pipeline.report.test_findings import figures
from tests.pipeline.report.test_page import NOW
from tests.pipeline.report.test_page_plots import TEXT
from tests.transforms.sink.part_batches import RECIPE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(executable() is None, reason="needs Chromium: apt-get install chromium"),
]

CONTRASTS = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data; };
  const light = colour => [...rgb(colour)].slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = element => { for (let e = element; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] === 255) return c; } return "white"; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (own && element.checkVisibility()) found.push([element.className + " " + element.textContent.trim().slice(0, 40),
      ratio(getComputedStyle(element).color, behind(element))]);
  }
  for (const text of document.querySelectorAll("svg text"))
    found.push(["svg " + text.textContent, ratio(getComputedStyle(text).fill, behind(text.closest("figure")))]);
  const series = [...Array(8).keys()].map(i =>
    ["series " + i, 1.5 * ratio(getComputedStyle(document.documentElement).getPropertyValue("--series-" + i),
                                getComputedStyle(document.body).backgroundColor)]);
  return [...found, ...series];
})()
"""
"""Contrast of every text with its background, and 1.5 times that of each series: WCAG asks for 4.5 and 3."""


@pytest.fixture
def page_url(tmp_path: Path) -> str:
    row = ReviewRow("part-1", 7, "body", "La vanne " * 200, "The valve " * 200, True, "failed", ("echo",), "echo: all")
    path = tmp_path / "report.html"
    shown = figures(sample=RowSample((TEXT,) * 40, 40), recipes=(RECIPE,), summary={"not_real": "NOT REAL: simulated"})
    path.write_text(render(shown, NOW, [row]), "utf-8")
    return path.as_uri()


def test_the_page_asks_for_nothing_and_logs_no_error(page_url: str) -> None:
    async def run(page: Page) -> None:
        await page.open(page_url)
        assert await page.evaluate("document.querySelectorAll('svg[role=img]').length") >= 8
        assert [url for url in page.requests if url != page_url] == []
        assert page.messages == []

    _with_page(run)


@pytest.mark.parametrize("width", [360, 1040, 2000])
def test_nothing_is_wider_than_the_window(page_url: str, width: int) -> None:
    async def run(page: Page) -> None:
        await page.resize(width)
        await page.open(page_url)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width

    _with_page(run)


@pytest.mark.parametrize(("scheme", "kind"), [("light", "screen"), ("dark", "screen"), ("dark", "print")])
def test_contrasts_suffice_in_every_theme(page_url: str, scheme: str, kind: str) -> None:
    async def run(page: Page) -> None:
        await page.media(scheme, kind)
        await page.open(page_url)
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light" or kind == "print")
        contrasts = await page.evaluate(CONTRASTS)
        assert len(contrasts) > 100
        assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []

    _with_page(run)


def test_everything_can_be_reached_and_is_named_without_a_mouse(page_url: str) -> None:
    async def run(page: Page) -> None:
        await page.open(page_url)
        focused = []
        for _ in range(12):
            for kind in ("keyDown", "keyUp"):
                await page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            focused.append(await page.evaluate("document.activeElement.textContent.trim().slice(0, 20)"))
        assert focused[0] == "Skip to the report"
        assert "Findings" in focused
        assert any(text.startswith("La vanne") for text in focused)
        tree = await page.call("Accessibility.getFullAXTree")
        images = [node for node in tree["nodes"] if node.get("role", {}).get("value") in ("image", "img")]
        assert len(images) >= 8
        assert all(node["name"]["value"] for node in images)

    _with_page(run)


def test_it_prints(page_url: str) -> None:
    async def run(page: Page) -> None:
        await page.open(page_url)
        assert (await page.pdf()).startswith(b"%PDF")

    _with_page(run)


def _with_page(run: Callable[[Page], Awaitable[None]]) -> None:
    async def main() -> None:
        async with browser_page() as page:
            await run(page)

    asyncio.run(main())
