"""Why supply may not be on, what lifts that, and who may: the one table of it.

States and control modes are those of the DLMS/COSEM disconnect control (class 70, Blue Book).
"""

from micropython import const

# Control states of class 70.
DISCONNECTED = const(0)
CONNECTED = const(1)
READY_FOR_RECONNECTION = const(2)
STATES = ("disconnected", "connected", "ready_for_reconnection")

# Reasons that forbid supply, a bit each.
CREDIT = const(1)
ADMINISTRATOR = const(2)
OVERLOAD = const(4)
VOLTAGE = const(8)
TAMPER = const(16)
LOAD_LIMIT = const(32)
FAULT = const(64)
ALARM = const(128)
REASONS = (
    "credit", "administrator", "overload", "voltage", "tamper", "load_limit", "fault", "alarm")

ALL_REASONS = const(255)

PROTECTION = const(76)  # OVERLOAD | VOLTAGE | FAULT
"""Reasons for which the relay opens first and the ledger is committed after. At a start whoever
detects them takes them over from the ledger; those of nobody are over."""

# What lets supply be on without credit, a bit each.
KEEP_POWER = const(1)
TEMPORARY = const(2)
FRIENDLY = const(4)
EMERGENCY = const(8)
LIFTS = ("keep_power", "temporary", "friendly", "emergency")

LIFTABLE = const(129)  # CREDIT | ALARM
"""The reasons of the credit side. A lift does nothing for any other."""

# Who may say that a reason is over. The roles have the numbers that they have among keys.
CUSTOMER = const(0)
VENDING = const(1)
BY_ADMINISTRATOR = const(2)
TECHNICIAN = const(3)
DETECTOR = const(4)
WHO = ("customer", "vending", "administrator", "technician", "meter")

MAY_LIFT = bytes((
    0xA0,  # customer, by the button: load_limit, alarm
    0x10,  # vending, by a token: tamper
    0xF6,  # administrator: all but credit and voltage
    0x64,  # technician: overload, load_limit, fault
    0xED,  # what has set it: credit, overload, voltage, load_limit, fault, alarm
))
"""The reasons that each of WHO may lift. Nobody's word is credit: that takes a balance."""

# What a control mode allows, by its number 0 to 6.
DIRECT = const(1)
"""A remote reconnection closes; without, it makes ready for the customer's press."""
LOCAL = const(2)
"""The meter closes by itself when the last local reason is gone; without, after a press."""
MANUAL_OFF = const(4)
"""The customer may disconnect."""
ALWAYS_ON = const(8)
MODES = bytes((8, 4, 5, 0, 1, 6, 2))


def names_of(bits: int, names: tuple) -> str:
    """Return the names of the bits in a set, "none" for the empty one."""
    return " ".join([name for i, name in enumerate(names) if bits & (1 << i)]) or "none"


def reason_names(reasons: int) -> str:
    return names_of(reasons, REASONS)


def forbidding(reasons: int, lifts: int) -> int:
    """Return the reasons that forbid supply under these lifts. Part of the tick."""
    return reasons & ~LIFTABLE if lifts else reasons


def lifted(who: int, reasons: int) -> int:
    """Return those of the reasons that somebody of WHO may lift."""
    return reasons & MAY_LIFT[who]
