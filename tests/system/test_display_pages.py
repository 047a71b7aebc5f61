"""docs/display.md and its pictures are what the firmware shows."""

import re

import pytest
from PIL import Image, ImageChops

from tools.bench.process import ROOT
from tools.docs import display, display_page

PAGE = ROOT / "docs" / "display.md"


def test_the_page_has_the_tables_of_the_firmware() -> None:
    assert PAGE.read_text(encoding="utf-8") == display_page.page(), (
        "run python -m tools.docs.display_page > docs/display.md")


@pytest.fixture(scope="module")
def drawn() -> dict[str, Image.Image]:
    return display.pictures()


def test_every_picture_is_as_the_firmware_shows_it(drawn: dict[str, Image.Image]) -> None:
    """One pixel other than in the stored picture fails."""
    stored = {path.stem: path for path in display.FOLDER.glob("*.png")}
    assert sorted(stored) == sorted(drawn)
    other = [name for name, path in stored.items() if not _same(path, drawn[name])]
    assert not other, "run python -m tools.docs.display docs/images/display, and look at them"


def _same(path: object, picture: Image.Image) -> bool:
    with Image.open(path) as stored:
        before = stored.convert("RGB")
    after = picture.convert("RGB")
    return before.size == after.size and ImageChops.difference(before, after).getbbox() is None


def test_every_page_has_a_picture_in_the_document(drawn: dict[str, Image.Image]) -> None:
    shown = set(re.findall(r"images/display/(\w+)\.png", PAGE.read_text(encoding="utf-8")))
    assert shown <= set(drawn)
    assert {name for name in drawn if name.isdigit()} <= shown


def test_a_pixel_is_noticed(drawn: dict[str, Image.Image]) -> None:
    changed = drawn["100"].convert("RGB")
    changed.putpixel((5, 5), (1, 2, 3))
    assert not _same(display.FOLDER / "100.png", changed)
