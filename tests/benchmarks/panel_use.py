"""The panel of whole_firmware.py: a glass, keys and lamps that lead nowhere, and every page."""


class NoKeys:
    """A keypad that nobody touches."""

    def scan(self) -> int:
        return 0


def fit(board: object) -> None:
    """Have the board carry a glass, a keypad and lamps that lead nowhere."""
    def nothing(level: int) -> None:
        """A pin, or a wait."""

    from joulegate.drivers.ht1621 import Ht1621
    from joulegate.panel import displays
    chip = Ht1621(nothing, nothing, nothing, nothing)
    board.display = lambda: displays.on_glass(chip)
    board.buzzer = lambda: chip.tone
    board.keypad = NoKeys
    board.lamps = lambda: {"credit": nothing, "alarm": nothing}


def use(app: object) -> None:
    """Show every page in both languages, and type a token that is none."""
    from joulegate.panel.pages import all_codes
    app.find_panel()
    panel = app.panel
    for language in ("zh", "en"):
        app.commissioning.change_settings({"language": language})
        for code in all_codes():
            panel.choose(code)
            panel.step()
    for key in "0" * 19 + "7#":
        panel.key(key)
        panel.step()
    if panel.failed or not panel.page.title:
        raise RuntimeError("panel: shows %r" % panel.page.title)
