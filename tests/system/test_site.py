"""The pages of docs/ as a site: complete, linked, without anything from elsewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import markdown
import pytest
from markdown_it import MarkdownIt
from mkdocs.config import load_config

from tools.bench.process import ROOT
from tools.docs import __main__ as made
from tools.docs import diagrams, site

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser fetches by itself, without a click."""
ELEMENTS = ("h1", "h2", "h3", "h4", "li", "ol", "ul", "table", "tr", "td", "pre", "img", "a",
            "em", "strong")


class Html(HTMLParser):
    """What a page of the site loads, leads to, and can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language = ""
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang", "")
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if LOADED.get(tag, "") in given and given.get("rel") != "canonical":
            self.loaded.append(given[LOADED[tag]])


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site as `make docs` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Html]:
    """Every HTML page of the site, by its path."""
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return {path.relative_to(folder).as_posix(): Html(path.read_text(encoding="utf-8"))
            for path in sorted(folder.rglob("*.html")) if path.name != "404.html"}


def dead(pages: dict[str, Html]) -> list[str]:
    """Return each link within the site that leads nowhere."""
    wrong = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(urljoin(f"http://site/{name}", link))
            if urlsplit(link).scheme:
                continue
            target = unquote(parts.path).lstrip("/") or name
            if not target.endswith(".html"):
                continue
            if target not in pages:
                wrong.append(f"{name}: {link}: no such page")
            elif parts.fragment and unquote(parts.fragment) not in pages[target].ids:
                wrong.append(f"{name}: {link}: no such place on the page")
    return wrong


def entries(nav: Any) -> list[str]:
    """Return the pages of a navigation, in order."""
    if isinstance(nav, str):
        return [nav]
    inner = nav.values() if isinstance(nav, dict) else nav
    return [page for part in inner for page in entries(part)]


def elements(html: str) -> dict[str, int]:
    """Return how many there are of each element that a reader sees."""
    return {tag: len(re.findall(rf"<{tag}[ >]", html)) for tag in ELEMENTS}


@pytest.mark.xdist_group("site")
def test_it_is_built_strictly_and_every_link_leads_somewhere(pages: dict[str, Html]) -> None:
    assert "index.html" in pages
    assert dead(pages) == []


@pytest.mark.xdist_group("site")
def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Html]) -> None:
    assert [f"{name}: {url}" for name, page in pages.items() for url in page.loaded
            if urlsplit(url).scheme or url.startswith("//")] == []


@pytest.mark.xdist_group("site")
def test_a_page_in_another_language_says_so(pages: dict[str, Html]) -> None:
    assert pages["tenants.zh.html"].language == "zh"
    assert pages["tenants.html"].language == "en"


def test_each_page_is_in_the_navigation_once() -> None:
    nav = load_config(str(ROOT / "mkdocs.yml"))["nav"]
    assert sorted(entries(nav)) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_the_same_on_the_site_as_in_the_repository(page: str) -> None:
    # Viewers of repositories read CommonMark, mkdocs Python-Markdown: lists differ most.
    text = (DOCS / page).read_text(encoding="utf-8")
    extensions = ["tables", "attr_list", "pymdownx.superfences", "sane_lists"]
    there = MarkdownIt("commonmark").enable("table").render(text)
    assert elements(markdown.markdown(text, extensions=extensions)) == elements(there)


def test_what_makes_pages_is_found() -> None:
    found = dict(made.makers())
    assert found["tools.docs.ledger"] == "docs/ledger.md"
    assert found["tools.docs.picture"] is None
    for module, page in found.items():
        assert page is None or (ROOT / page).is_file(), f"{module} prints {page}"


def test_makers_are_told_by_their_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, said in (("a", "`: print docs/a-b.md, from"), ("b", "`: draw docs/images/b.svg"),
                       ("c", " FOLDER`: draw every"), ("d", " [PART]`: print docs/d.md"),
                       ("e", "`: tell something")):
        (tmp_path / f"{name}.py").write_text(f'"""`python -m tools.docs.{name}{said}."""\n')
    monkeypatch.setattr(made, "FOLDER", tmp_path)
    assert made.makers() == [
        ("tools.docs.a", "docs/a-b.md"), ("tools.docs.b", None),
        ("tools.docs.c docs/images/c", None), ("tools.docs.d write", None)]


def test_diagrams_are_those_of_the_code(tmp_path: Path) -> None:
    diagrams.draw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (DOCS / "images" / path.name).read_bytes(), "make docs"


def test_dead_links_are_seen() -> None:
    pages = {"a.html": Html('<a href="b.html#there">x</a><a href="#here">y</a><p id="here">'),
             "b.html": Html('<a href="a.html">x</a><a href="c.html">y</a><p id="other">')}
    assert dead(pages) == ["a.html: b.html#there: no such place on the page",
                           "b.html: c.html: no such page"]


def test_links_that_leave_the_pages_are_turned() -> None:
    assert site.turned("../LICENSE", "index.md") == "source/LICENSE.md"
    assert site.turned("../../boards/common/pins_rp2.py", "boards/rp2040.md") == (
        "../source/boards/common/pins_rp2.py.md")
    assert site.turned("../tools/vend", "vend.md") == "source/tools/vend/files.md"
    assert site.turned("supply.md#states", "charges.md") == "supply.md#states"
    assert site.turned("#here", "charges.md") == "#here"
    assert site.turned("https://example.org/../x", "charges.md") == "https://example.org/../x"
    assert site.turned("docs/supply.md#states", "source/README.md") == "../supply.md#states"
    assert site.turned("data/README.md", "source/README.md") == "data/README.md"


def test_links_in_code_are_left_alone() -> None:
    text = "`[a](../b)` [`c`](../d)\n`e\nf` [g](../h)\n\n```\n[i](../j)\n```\n[k](../l)"
    assert site.targets(text) == ["../d", "../h", "../l"]
    assert site.each_target(text, str.upper) == (
        "`[a](../b)` [`c`](../D)\n`e\nf` [g](../H)\n\n```\n[i](../j)\n```\n[k](../L)")
