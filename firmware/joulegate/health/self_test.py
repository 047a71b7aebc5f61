"""The self test: one line a part, each from what the part itself says now."""

import gc
import os

from micropython import const

from joulegate.core.civil import DAY_S, format_time

_FREE_PERCENT_MIN = const(30)


def self_test(app: object) -> list:
    """Return (name, passed, text) of every test; none of them changes anything."""
    return [
        _metering_ic(app), _relay(app), _ledger(app), _gate(app), _storage(app),
        _settings(app), _clock(app), _heap(), _keys(app)]


def _metering_ic(app: object) -> tuple:
    ic = app.ic
    try:
        ic.check()
    except (RuntimeError, OSError) as e:
        return "metering IC", False, str(e)
    return "metering IC", True, "answers, %d reloads, %d disturbed reads" % (
        ic.reloads, ic.bus_errors)


def _relay(app: object) -> tuple:
    switch = app.switch
    position = "closed" if switch.closed else "open"
    if switch.fault:
        return "relay", False, "does not follow its commands"
    load = app.relay.load_voltage()
    if load is not None and load != bool(switch.closed) and app.board.mains_good():
        return "relay", False, "commanded %s, load side %s" % (
            position, "live" if load else "dead")
    return "relay", True, position


def _ledger(app: object) -> tuple:
    state = app.state
    if state.error:
        return "ledger", False, state.error
    if not state.provisioned:
        return "ledger", True, "none, the meter is not provisioned"
    wrong = state.billing.audit()
    return "ledger", not wrong, wrong or "commit %d, account agrees" % state.ledger.sequence


def _gate(app: object) -> tuple:
    if app.gate is None:
        return "gate", True, "none, the meter is not provisioned"
    return "gate", not app.gate.suspended, app.gate.suspended or "takes credit"


def _storage(app: object) -> tuple:
    try:
        facts = os.statvfs(app.board.FOLDER)
    except OSError as e:
        return "storage", False, "cannot be read: %s" % e
    free = facts[1] * facts[3] // 1024
    return "storage", free > 0, "%d KiB free" % free


def _settings(app: object) -> tuple:
    wrong = app.state.settings.wrong
    return "settings", not wrong, "; ".join(wrong) or "as stored"


def _clock(app: object) -> tuple:
    clock = app.clock
    now = clock.now()
    if not clock.valid:
        return "clock", False, "has no time for %d s, and must be set" % clock.uptime()
    billing = app.state.billing
    if billing is not None and now < (billing.day - 1) * DAY_S:
        return "clock", False, "shows %s, before the last day charged" % format_time(now)
    if clock.failure:
        return "clock", False, "counts on alone: the real-time clock " + clock.failure
    return "clock", True, "shows %s UTC" % format_time(now)


def _keys(app: object) -> tuple:
    return ("keys",) + app.entrance.key_report()


def _heap() -> tuple:
    gc.collect()
    free = gc.mem_free()
    percent = 100 * free // (free + gc.mem_alloc())
    return "heap", percent >= _FREE_PERCENT_MIN, "%d %% free, %d bytes" % (percent, free)
