"""Hooks of mkdocs (mkdocs.yml names this file): what pages of docs/ link to outside of docs/.

In the repository a page links to the code and the tests it speaks of. The site has no repository
beside it, so each file that is linked gets a page of its own under source/: Markdown as it is,
anything else as a listing, a folder as a list of its files with what they say they are for.
"""

import ast
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mkdocs.structure.files import File, Files, InclusionLevel

from tools.lint.docs import ELSEWHERE, FENCE
from tools.lint.files import project_files

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs"
SOURCE = "source"
"""Folder of the site in which files from outside of docs/ are shown."""
STATIC = frozenset({".json", ".csv", ".png", ".svg"})
"""What a browser shows well by itself: copied as it is."""
LANGUAGES = {".py": "python", ".mjs": "javascript", ".sh": "bash", ".toml": "toml"}
NOT_SEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"
LISTING = "~~~~~~~~"
TARGET = re.compile(r"(\]\(<?)([^)\s>]+)")
CODE_SPAN = re.compile(r"(`+[^`]*`+)")


def on_files(files: Files, config: Any) -> Files:
    """Add a page, or a copy, of every file outside of docs/ that a page leads to."""
    waiting = [(f"{DOCS}/{file.src_uri}", file.content_string)
               for file in files.documentation_pages()]
    while waiting:
        origin, text = waiting.pop()
        for target in targets(text):
            path = repository_path(origin, target)
            if path is None or inside_docs(path):
                continue
            uri = site_uri(path)
            if not (ROOT / path).exists() or files.get_file_from_path(uri) is not None:
                continue  # a file that is missing is told by mkdocs, as for any other link
            files.append(shown(path, uri, config))
            if path.endswith(".md"):
                waiting.append((path, (ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn the links of a page that leave docs/ to the pages that on_files made."""
    return each_target(markdown, lambda target: turned(target, page.file.src_uri))


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Tell browsers and screen readers the language of a page named NAME.LANGUAGE.md."""
    _, _, language = page.file.src_uri.removesuffix(".md").rpartition("/")[2].partition(".")
    return output.replace('<html lang="en"', f'<html lang="{language}"', 1) if language else output


def targets(text: str) -> list[str]:
    """Return what the links of a Markdown text lead to, outside of code."""
    found: list[str] = []

    def note(target: str) -> str:
        found.append(target)
        return target

    each_target(text, note)
    return found


def each_target(text: str, change: Callable[[str], str]) -> str:
    """Return the text with the target of each link outside of code changed."""
    done: list[str] = []
    block: list[str] = []
    fenced = False

    def end_block() -> None:
        # A link's own text may be code, so only what is between the code spans is looked at.
        parts = CODE_SPAN.split("\n".join(block))
        parts[::2] = [TARGET.sub(lambda m: m[1] + change(m[2]), part) for part in parts[::2]]
        if block:
            done.append("".join(parts))
        block.clear()

    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and line.strip():
            block.append(line)  # a code span may go on in the next line, not beyond the block
            continue
        end_block()
        done.append(line)
    end_block()
    return "\n".join(done)


def repository_path(origin: str, target: str) -> str | None:
    """Return the path in the repository of a link in the file `origin`, None for no file of it."""
    name = unquote(target.partition("#")[0])
    if ELSEWHERE.match(target) or not name:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), name))


def inside_docs(path: str) -> bool:
    """Whether a path of the repository is a file of docs/."""
    return path.startswith(DOCS + "/")


def site_uri(path: str) -> str:
    """Return where the site has a file of the repository, among the sources of pages."""
    if inside_docs(path):
        return path[len(DOCS) + 1:]
    if (ROOT / path).is_dir():
        return f"{SOURCE}/{path}/files.md"
    if Path(path).suffix in STATIC or path.endswith(".md"):
        return f"{SOURCE}/{path}"
    return f"{SOURCE}/{path}.md"


def turned(target: str, uri: str) -> str:
    """Return the target of a link on the page `uri`, as it must be within the site."""
    in_source = uri.startswith(SOURCE + "/")
    origin = uri[len(SOURCE) + 1:] if in_source else f"{DOCS}/{uri}"
    path = repository_path(origin, target)
    if path is None or (inside_docs(path) and not in_source):
        return target
    found = posixpath.relpath(site_uri(path), posixpath.dirname(uri) or ".")
    _, hash_, anchor = target.partition("#")
    return found + hash_ + anchor


def shown(path: str, uri: str, config: Any) -> File:
    """Return the file of the site that shows a file or folder of the repository."""
    kept = InclusionLevel.NOT_IN_NAV
    file = ROOT / path
    if file.is_dir():
        return File.generated(config, uri, content=folder_page(path), inclusion=kept)
    if file.suffix in STATIC:
        return File.generated(config, uri, abs_src_path=str(file), inclusion=kept)
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".md":
        language = LANGUAGES.get(file.suffix, "text")
        text = f"# `{path}`\n\n{LISTING}{language}\n{text.rstrip()}\n{LISTING}\n"
    return File.generated(config, uri, content=NOT_SEARCHED + text, inclusion=kept)


def folder_page(path: str) -> str:
    """Return the page of a folder: its files, each with the first line of what it is for."""
    lines = [f"# `{path}/`", ""]
    for file in project_files(ROOT):
        if file.is_relative_to(path):
            said = first_line(ROOT / file)
            lines.append(f"- `{file.relative_to(path).as_posix()}`{': ' if said else ''}{said}")
    return NOT_SEARCHED + "\n".join(lines) + "\n"


def first_line(file: Path) -> str:
    """Return the first line of a Python file's docstring, empty if there is none."""
    if file.suffix != ".py":
        return ""
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0].replace("<", "&lt;")
