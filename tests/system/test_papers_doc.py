"""The papers for people: what they name exists, and what they promise to explain they explain."""

import re

from tests.system.test_features_doc import TESTS
from tools.bench.process import ROOT
from tools.docs import firmware

DOCS = ROOT / "docs"
_TEST = re.compile(r"`((?:system|unit|micropython)/test_\w+\.py)(?:::(test_\w+))?`")
_NAME = re.compile(r"`([a-z][a-z0-9_]+)`")


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def named(page: str) -> list[str]:
    """Return the names in the first cells of the tables under "What each event means"."""
    part = page[page.index("## What each event means"):].split("\n## ")[0]
    return [name for line in part.splitlines() if line.startswith("| `")
            for name in _NAME.findall(line.split("|")[1])]


def missing_tests(page: str) -> list[str]:
    """Return the tests that a page names and that are not there."""
    wrong = []
    for file, name in _TEST.findall(page):
        path = TESTS / file
        if not path.exists() or name and f"def {name}(" not in path.read_text(encoding="utf-8"):
            wrong.append(f"{file}::{name}" if name else file)
    return wrong


def headings(page: str) -> int:
    return len(re.findall(r"^#+ ", page, re.MULTILINE))


def test_each_event_is_explained_to_technicians_once() -> None:
    explained = named(text("technicians.md"))
    assert len(explained) == len(set(explained))
    assert set(firmware.load("joulegate.core.events").names()) <= set(explained)


def test_tests_that_approval_names_exist() -> None:
    page = text("approval.md")
    assert len(_TEST.findall(page)) > 20
    assert missing_tests(page) == []


def test_each_demand_of_a_standard_is_marked() -> None:
    for line in text("approval.md").splitlines():
        if line.startswith("|") and not line.startswith(("| demand", "| market", "|---")):
            assert re.search(r"\| [KS] \|", line) or line.endswith("| K |"), line


def test_both_languages_tell_tenants_the_same() -> None:
    english, chinese = text("tenants.md"), text("tenants.zh.md")
    assert headings(english) == headings(chinese)
    rows = [len(re.findall(r"^\|", page, re.MULTILINE)) for page in (english, chinese)]
    assert rows[0] == rows[1]


def test_what_is_missing_is_seen() -> None:
    assert missing_tests("`unit/test_meter.py` `unit/test_none.py` "
                         "`unit/test_meter.py::test_no`") == [
        "unit/test_none.py", "unit/test_meter.py::test_no"]
    assert named("## What each event means\n| `ab`, `b_c` | `d` |\n## More\n| `e` | |") == [
        "ab", "b_c"]


def rows_of(code: str, page: str) -> list[tuple[str, str]]:
    """Return the first two cells of the rows of tables whose first begins with a pattern."""
    return re.findall(rf"^\| ({code}) \| ([^|]+?) \|", page, re.MULTILINE)


def alike(said: str) -> str:
    """Return a text without what parts its lines, on the display and on a page."""
    return re.sub(r"[|，, ]", "", said)


def test_pages_and_codes_are_those_of_the_display() -> None:
    pages = firmware.load("joulegate.panel.pages")
    names = {row[:3]: pages.plain_name(row.split()[1]) for row in pages.PAGES.split("\n") if row}
    reasons = firmware.load("joulegate.core.purchase_result").REASONS
    for language, name in (("en", "tenants.md"), ("zh", "tenants.zh.md")):
        lines = firmware.load(f"joulegate.panel.texts_{language}").TEXTS.split("\n")
        texts = {key: said for key, _, said in (line.partition(" ") for line in lines)}
        page = text(name)
        assert len(rows_of(r"\d{3}", page)) > 10
        for number, title in rows_of(r"\d{3}", page):
            assert title.removesuffix(" 1") == texts["title." + names[number]], number
        for code, said in rows_of(r"A-\d\d", page):
            assert alike(said) == alike(texts[f"alarm.{int(code[2:])}"]), code
        for code, said in rows_of(r"E-\d\d", page):
            reason = reasons[int(code[2:])] or "none"
            known = texts["token." + {"balance": "overflow"}.get(reason, reason)]
            assert alike(known).startswith(alike(said)), code
