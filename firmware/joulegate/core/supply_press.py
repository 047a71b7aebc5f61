"""What the customer's button does to the supply.

A short press accepts emergency credit that is offered, ends an alarm trip or a load limit that
has had its tries, and reconnects what is ready for it. A long one disconnects, in the control
modes that let the customer.
"""

from micropython import const

from joulegate.core.supply import NEWS_READY, WAITING, Supply
from joulegate.core.supply_reasons import ALARM, CUSTOMER, EMERGENCY, LOAD_LIMIT, MANUAL_OFF

# What a press has done: the value of the event button_pressed.
NOTHING = const(0)
RECONNECTED = const(1)
ACCEPTED = const(2)
DISCONNECTED = const(3)
PRESSES = ("nothing", "reconnected", "emergency_credit", "disconnected")


def press(supply: Supply, long: bool) -> int:
    """Take a press; return what it has done. It holds from the next tick."""
    if long:
        if not (supply.mode & MANUAL_OFF and supply.allowed):
            return NOTHING
        supply.kept |= WAITING
        supply.news |= NEWS_READY
        return DISCONNECTED
    done = _accept_emergency(supply)
    mine = ALARM
    if supply.load is not None and supply.load.held(supply):
        mine |= LOAD_LIMIT
    if supply.lift_for(CUSTOMER, mine) and done == NOTHING:
        done = RECONNECTED
    if supply.kept & WAITING and not supply.forbidding:
        supply.kept &= ~WAITING
        if done == NOTHING:
            done = RECONNECTED
    return done


def _accept_emergency(supply: Supply) -> int:
    emergency = supply.emergency
    if emergency is None or not emergency.offered or supply.remote is not None:
        return NOTHING
    supply.kept |= EMERGENCY
    supply.lifts |= EMERGENCY
    emergency.offered = False
    return ACCEPTED
