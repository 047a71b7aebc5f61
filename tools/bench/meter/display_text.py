"""What a panel shows, as lines of text for a terminal."""

from joulegate.panel.page import SIGNS

LINES = 5


def shown(panel: object, lamps: dict) -> list:
    """Return code and title, value, the two lines, and signs and lamps.

    panel: a panel.panel.Panel. lamps: levels by name.
    """
    page = panel.page
    lit = "lamps: " + (" ".join([name for name in lamps if lamps[name]]) or "none")
    if panel.dark:
        return [""] * (LINES - 1) + [lit]
    signs = [name for i, name in enumerate(SIGNS.split()) if page.signs >> i & 1]
    return ["%03d  %s" % (page.code, page.title), "%s %s" % (page.value, page.unit_text),
            page.detail[0], page.detail[1], "%s   %s" % (" ".join(signs).lower(), lit)]
