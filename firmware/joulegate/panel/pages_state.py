"""Pages of the supply's state and of alarms."""

from micropython import const

from joulegate.core.supply_reasons import CONNECTED, READY_FOR_RECONNECTION
from joulegate.panel.alarms import alarms
from joulegate.panel.figures import Figures
from joulegate.panel.page import Page

_TURN_S = const(4)
"""Each of several alarms is shown for so long."""


def supply(figures: Figures, page: Page) -> bool:
    """Whether supply is on, and the first reason why not."""
    app = figures.app
    text = figures.words.text
    state = app.state.supply.state
    if app.switch.closed == 1:
        page.value = "On"
        page.detail[0] = text("supply.on")
        if state != CONNECTED and app.switch.fault:
            page.detail[1] = text("supply.fault")
        return True
    page.value = "OFF"
    page.detail[0] = text("supply.off")
    forbidding = app.state.supply.forbidding
    if state == READY_FOR_RECONNECTION:
        page.value = "PrESS"
        page.detail[1] = text("supply.ready")
    elif forbidding:
        number = 1
        while not forbidding & 1:
            forbidding >>= 1
            number += 1
        figures.words.lines("alarm.%d" % number, page.detail)
    elif app.switch.fault:
        page.detail[1] = text("supply.fault")
    return True


def alarm(figures: Figures, page: Page) -> bool:
    """What somebody should look at, one after the other."""
    found = alarms(figures.app)
    if not found:
        return False
    at = figures.app.clock.uptime() // _TURN_S % len(found)
    if len(found) > 1:
        page.title = "%s %d/%d" % (page.title, at + 1, len(found))
    page.value = "A-%02d" % found[at]
    figures.words.lines("alarm.%d" % found[at], page.detail)
    return True
