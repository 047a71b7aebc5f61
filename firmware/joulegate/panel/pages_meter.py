"""Pages of the meter itself: its number, the time, the firmware."""

from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import VALUE_DIGITS, Page


def meter(figures: Figures, page: Page, part: int) -> bool:
    """The meter's number: its last 8 digits are part 2, what stands before them part 1."""
    number = figures.app.state.meter_id
    if not number:
        return False
    page.title += " %d/2" % part
    page.value = number[-VALUE_DIGITS:] if part == 2 else number[:-VALUE_DIGITS]
    page.detail[0] = number
    return bool(page.value)


def date(figures: Figures, page: Page) -> bool:
    """The local date, year, month and day."""
    now = figures.local_time(figures.app.clock.now())
    page.value = now[2:10] or UNKNOWN
    page.detail[0] = now[:10] or figures.words.text("word.no_time")
    return True


def time(figures: Figures, page: Page) -> bool:
    """The local time."""
    now = figures.local_time(figures.app.clock.now())
    page.value = now[11:] or UNKNOWN
    if not now:
        page.detail[0] = figures.words.text("word.no_time")
    return True


def firmware(figures: Figures, page: Page) -> bool:
    """The version of the firmware, and the board."""
    version = figures.app.version
    page.value = version.replace(".", "-")[:VALUE_DIGITS]
    page.detail[0] = version
    page.detail[1] = figures.app.board.NAME
    return True
