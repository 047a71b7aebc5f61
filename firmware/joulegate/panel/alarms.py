"""What somebody should look at, by number: the texts have a line for each.

1 to 8 are the reasons that forbid supply, in the order of their bits; 11 to 22 the attacks that
go on, in that of core.tamper.trips; from 31 on the rest.
"""

from micropython import const

from joulegate.core.supply_reasons import CREDIT

_REASONS = const(1)
_ATTACKS = const(11)
LOW_CREDIT = const(31)
RELAY = const(32)
CLOCK = const(33)
SUSPENDED = const(34)
SAFE_MODE = const(35)
STORAGE = const(36)
METERING = const(37)

NUMBERS = bytes(tuple(range(1, 9)) + tuple(range(11, 23)) + tuple(range(31, 38)))
"""All of them."""


def alarms(app: object) -> list:
    """Return the numbers of what there is to look at now, the gravest first."""
    supply = app.state.supply
    found = _numbers(supply.forbidding, _REASONS)
    if not app.metering.measured:
        found.append(METERING)
    if app.switch.fault:
        found.append(RELAY)
    found += _numbers(app.watch.sight.alarms, _ATTACKS)
    if app.state.provisioned and supply.levels.warned and not supply.forbidding & CREDIT:
        found.append(LOW_CREDIT)
    if not app.clock.valid:
        found.append(CLOCK)
    if app.gate is not None and app.gate.suspended:
        found.append(SUSPENDED)
    if app.restarts.safe_mode:
        found.append(SAFE_MODE)
    if app.metering.storage_failed:
        found.append(STORAGE)
    return found


def _numbers(bits: int, first: int) -> list:
    found = []
    number = first
    while bits:
        if bits & 1:
            found.append(number)
        bits >>= 1
        number += 1
    return found
