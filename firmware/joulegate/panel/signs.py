"""The signs of the display, beside whatever page is shown."""

from joulegate.core.supply_reasons import CREDIT
from joulegate.panel import page
from joulegate.vending.carriers import KEYPAD


def signs(app: object, alarms: list, muted: bool) -> int:
    """Return the bits SIGN_* of panel.page for the state of a meter.

    alarms: what `alarms` of panel.alarms returned. muted: whether a warning was silenced.
    """
    found = page.SIGN_ALARM if alarms else 0
    if app.switch.closed != 1:
        found |= page.SIGN_OFF
    link = app.network.link
    if link is not None and link.connected:
        found |= page.SIGN_LINK
    if app.metering.reading.active_W < 0:
        found |= page.SIGN_EXPORT
    if not app.clock.valid:
        found |= page.SIGN_CLOCK_INVALID
    if muted:
        found |= page.SIGN_MUTED
    if locked_s(app):
        found |= page.SIGN_LOCKED
    billing = app.state.billing
    if billing is not None:
        supply = app.state.supply
        if supply.levels.warned or supply.forbidding & CREDIT:
            found |= page.SIGN_LOW_CREDIT
        if len(billing.tariff.document.periods) > 1 and billing.period < 4:
            found |= page.SIGN_T1 << billing.period
    return found


def locked_s(app: object) -> int:
    """Return for how many seconds no token is looked at that is typed, 0 when they are."""
    entrance = app.entrance
    if entrance.tokens is None or not entrance.tokens.reader.lockout.left_s(KEYPAD):
        return 0
    entrance.pass_time(0)
    left: int = entrance.tokens.reader.lockout.left_s(KEYPAD)
    return left
