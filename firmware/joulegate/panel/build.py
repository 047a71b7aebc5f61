"""Builds the panel out of the parts that a board has."""

from joulegate.panel import (  # noqa: F401 - see build
    pages_account,
    pages_energy,
    pages_meter,
    pages_moment,
    pages_others,
    pages_price,
    pages_state,
)
from joulegate.panel.panel import Panel
from joulegate.panel.signals import Signals


def build(
    app: object, view: object, keypad: object, lamps: "dict | None", buzzer: object
) -> Panel:
    """Return the panel of a meter.

    app: its parts. view: of the display, or None. keypad: scan(), and lamp(on) where it has a
    lamp of its own, or None. lamps: by name, called with True to light one, or None. buzzer:
    f(on) or None. The pages are loaded with it: one by one, as they are first shown, they would
    lie about in the heap and leave no large piece of it.
    """
    lamps = dict(lamps or {})
    lamp = getattr(keypad, "lamp", None)
    if lamp is not None and "alarm" not in lamps:
        lamps["alarm"] = lamp
    clock = app.clock
    return Panel(app, view, keypad, Signals(lamps, buzzer, clock.ticks_ms, clock.ticks_diff))
