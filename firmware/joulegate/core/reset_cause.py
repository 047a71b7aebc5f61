"""What made the meter start, in one numbering for all chips; the value of the event `started`."""

from micropython import const

POWER_ON = const(0)
RESET = const(1)
WATCHDOG = const(2)
SOFT_RESET = const(3)
OTHER = const(4)
NAMES = ("power_on", "reset", "watchdog", "soft_reset", "other")

_OF_MACHINE = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "SOFT_RESET")


def reset_cause(machine: object) -> int:
    """Return the cause that a port's `machine` tells; a port has only some of the names.

    On the RP2040 machine.reset() shows as a watchdog.
    """
    told = machine.reset_cause()
    for number, name in enumerate(_OF_MACHINE):
        if getattr(machine, name, None) == told:
            return number
    return OTHER
