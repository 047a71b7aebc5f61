"""`panel_pages.py SPEC`: every page of a meter after some days of a scenario, on both displays.

SPEC is that of scenario.py and, besides, "key", the document of a decoder key, "tokens", 20 digits
of a credit for each language, and "wrong", 20 digits that are none. Printed is a list of
objects: name, language, the fields of the page, and the states of an HT1621 with the reference
glass and of an SSD1306 that show it, as tools/display draws them. The meter is always the same; at
its end it is given an export, a debt and a water meter, so that no page is empty.
"""

import json
import sys

from joulegate.core.supply_reasons import ADMINISTRATOR, OVERLOAD
from joulegate.core.tamper.trips import TERMINAL_COVER
from joulegate.panel.build import build
from joulegate.panel.pages import all_codes
from joulegate.panel.signs import locked_s
from meter.display_pages import Oled, Segments, shown
from meter.scenario import Scenario

LANGUAGES = ("en", "zh")
_EXPORT_WH = 43210
_DEBTS = (1500000, 250000, 800000)
_WATER = "1 water 100/m3 2.35"
_PULSES = 642
_EMERGENCY = 1000000


class NoView:
    """A display that is not there: pages are taken from the panel itself."""

    def show(self, page: object) -> None:
        """The panel has filled its page."""

    def step(self) -> bool:
        return False

    def refresh(self) -> None:
        """Nothing can disturb it."""

    def blank(self) -> None:
        """There is no light."""


class PanelPages(Scenario):
    """A scenario that ends in the pages of a panel."""

    def _result(self, app: object) -> list:
        self._app = app
        self._displays = Segments(), Oled()
        app.entrance.install_token_key(self.spec["key"])
        app.commissioning.change_settings({
            "energies": [_WATER], "emergency_credit": _EMERGENCY,
            "emergency_threshold": app.state.account.balance + 1})
        self._furnish(app)
        found = []
        # All pages before the first token, which is a purchase to show.
        for act in (self._pages, self._typing, self._states):
            for language in LANGUAGES:
                self._language = language
                app.commissioning.change_settings({"language": language})
                self.panel = build(app, NoView(), None, {}, None)
                self.panel.step()
                found += act()
        return found

    def _furnish(self, app: object) -> None:
        state = app.state
        state.registers.wh[1] = _EXPORT_WH
        state.billing.exports[0] = _EXPORT_WH * state.counts_per_kWh // 1000
        for number, units in enumerate(_DEBTS):
            state.account.debts.remaining[number] = units
        energies = state.energies
        energies.charge(energies.energies[0], _PULSES)
        state.supply.step(app.clock.now(), app.clock.uptime(), state.account.balance, 0)

    def _pages(self) -> list:
        found = []
        for code in all_codes():
            self.panel.choose(code)
            self.panel.step()
            if self.panel.page.detail[0] == self.panel.figures.words.text("word.none"):
                continue
            found.append(self._picture(str(code)))
        return found

    def _type(self, keys: str) -> None:
        for key in keys:
            self.panel.key(key)
        self.panel.step()

    def _typing(self) -> list:
        token = self.spec["tokens"][LANGUAGES.index(self._language)]
        found = []
        self._type(token[:14])
        found.append(self._picture("typing"))
        self._type(token[14:])
        found.append(self._picture("typed"))
        self._type("*" * 17)
        self.panel.choose(100)
        self._type("*" * 3 + "401")
        found.append(self._picture("code"))
        self._type("***" + token + "#")
        found.append(self._picture("accepted"))
        self._type(token + "#")
        found.append(self._picture("used"))
        for _ in range(4):
            self._type(self.spec["wrong"] + "#")
            if not locked_s(self._app):
                wrong = self._picture("refused")
        found.append(wrong)
        found.append(self._picture("locked"))
        self._app.entrance.tokens.reader.lockout.reset()
        return found

    def _states(self) -> list:
        app = self._app
        supply = app.state.supply
        found = []
        self.panel.choose(500)
        for name, reason in (("off", ADMINISTRATOR), ("overload", OVERLOAD)):
            supply.forbid(reason)
            app.switch.closed = 0
            self.panel.choose(500)
            self.panel.step()
            found.append(self._picture(name))
            supply.lift(reason)
        app.switch.closed = 1
        app.watch.sight.alarms = TERMINAL_COVER
        self.panel.choose(501)
        self.panel.step()
        found.append(self._picture("alarm"))
        app.watch.sight.alarms = 0
        return found

    def _picture(self, name: str) -> dict:
        page = self.panel.page
        return {
            "name": name, "language": self._language, "code": page.code, "title": page.title,
            "value": page.value, "unit": page.unit_text, "detail": list(page.detail),
            "states": [shown(display, page) for display in self._displays],
        }


def main(arguments: list) -> None:
    with open(arguments[0]) as f:
        spec = json.load(f)
    print(json.dumps(PanelPages(spec).run()))


if __name__ == "__main__":
    main(sys.argv[1:])
