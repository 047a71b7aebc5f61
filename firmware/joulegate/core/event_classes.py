"""Classes of events, each kept apart from the others, and which event ends which.

The classes are those by which DLMS/COSEM meters divide their event logs (standard, power
failure, fraud, disconnection, power quality, ...), cut to what this meter has.
"""

from micropython import const

from joulegate.core import events as event

POWER = const(0)
SUPPLY = const(1)
CREDIT = const(2)
TAMPER = const(3)
QUALITY = const(4)
CLOCK = const(5)
CONFIGURATION = const(6)
SECURITY = const(7)
UPDATE = const(8)

NAMES = (
    "power", "supply", "credit", "tamper", "quality", "clock", "configuration", "security",
    "update",
)

CODES = (
    # power: the meter's own
    bytes((
        event.STARTED, event.MAINS_LOST, event.MAINS_BACK, event.REGISTERS_BEHIND,
    )),
    # supply: the customer's, and the relay
    bytes((
        event.SUPPLY_CONNECTED, event.SUPPLY_DISCONNECTED, event.RELAY_FAULT,
        event.BUTTON_PRESSED, event.LOAD_LIMIT_TRIPPED, event.TEMPORARY_LAPSED,
        event.SUPPLY_READY,
        event.OVERLOAD_TRIPPED, event.OVERLOAD_RETRIED, event.OVERHEATED, event.COOLED,
        event.OUTPUT_SWITCHED, event.OUTPUT_OVERRIDDEN, event.RELAY_FAILED_OPEN,
    )),
    # credit
    bytes((
        event.LOW_CREDIT, event.CREDIT_EXHAUSTED, event.CREDITED, event.PURCHASE_REAPPLIED,
        event.AUDIT_FAILED, event.ALARM_TRIPPED, event.EMERGENCY_OFFERED,
        event.EMERGENCY_OVER,
        event.DEBT_SET, event.DEBT_SETTLED,
    )),
    # tamper
    bytes((
        event.RELAY_BYPASSED, event.COVER_OPENED, event.COVER_CLOSED, event.REVERSED,
        event.TERMINAL_COVER_OPENED, event.TERMINAL_COVER_CLOSED, event.OPENED_WHILE_OFF,
        event.REVERSE_CONNECTION_BEGAN, event.REVERSE_CONNECTION_ENDED,
        event.CURRENT_MISMATCH_BEGAN, event.CURRENT_MISMATCH_ENDED, event.NEUTRAL_MISSING,
        event.NEUTRAL_BACK, event.MAGNET_BEGAN, event.MAGNET_ENDED, event.BACK_FEED_BEGAN,
        event.BACK_FEED_ENDED, event.NEUTRAL_DISTURBED, event.NEUTRAL_CALM, event.RELAY_WELDED,
    )),
    # quality: of the mains, and of measuring it
    bytes((
        event.SAG, event.METER_ERROR, event.METER_RELOADED, event.BUS_RETRIED,
        event.OVERVOLTAGE_BEGAN, event.OVERVOLTAGE_ENDED, event.UNDERVOLTAGE_BEGAN,
        event.UNDERVOLTAGE_ENDED, event.FREQUENCY_LEFT, event.FREQUENCY_BACK, event.PHASE_LOST,
        event.PHASE_BACK, event.UNBALANCE_BEGAN, event.UNBALANCE_ENDED, event.SWELL_BEGAN,
        event.SWELL_ENDED, event.SAG_BEGAN, event.SAG_ENDED, event.OUTAGE_ENDED,
        event.DISTORTION_BEGAN, event.DISTORTION_ENDED,
    )),
    # clock
    bytes((
        event.CLOCK_AHEAD, event.CLOCK_SET, event.CLOCK_INVALID, event.CLOCK_VALID,
        event.CLOCK_SLEWED, event.RTC_DISAGREES, event.RTC_FAILED,
        event.CLOCK_ROLLED_BACK,
    )),
    # configuration
    bytes((
        event.TARIFF_ACTIVATED, event.TARIFF_DROPPED, event.TARIFF_LOADED,
        event.SETTING_DEFAULTED, event.SETTINGS_CHANGED, event.CALIBRATION_DEFAULTED,
        event.PROVISIONED,
        event.DEMAND_RESET, event.AUXILIARY_CHANGED, event.CALIBRATION_STORED,
    )),
    # security: keys, and the records themselves
    bytes((
        event.STORAGE_ERROR, event.EVENTS_CLEARED, event.EVENTS_LOST, event.SOFTWARE_FAILED,
        event.SAFE_MODE, event.SELF_TEST_FAILED, event.DECODER_KEY_CHANGED,
        event.TOKENS_LOCKED, event.TOKEN_WRONG, event.MESSAGE_ACCEPTED, event.MESSAGE_REFUSED,
        event.MESSAGE_KEYS_SET, event.LOGGED_IN, event.LOGGED_OUT, event.LOGIN_REFUSED,
        event.TECHNICIAN_DID,
        event.STORAGE_RESTORED, event.PANEL_FAILED,
    )),
    # update
    b"",
)
"""The codes of each class. A code in none of them counts as security, so that it is kept."""

_BEGINNINGS = bytes((
    event.MAINS_BACK, event.MAINS_LOST,
    event.STARTED, event.MAINS_LOST,
    event.SUPPLY_CONNECTED, event.SUPPLY_DISCONNECTED,
    event.COVER_CLOSED, event.COVER_OPENED,
    event.CLOCK_VALID, event.CLOCK_INVALID,
    event.OVERVOLTAGE_ENDED, event.OVERVOLTAGE_BEGAN,
    event.UNDERVOLTAGE_ENDED, event.UNDERVOLTAGE_BEGAN,
    event.FREQUENCY_BACK, event.FREQUENCY_LEFT,
    event.COOLED, event.OVERHEATED,
    event.PHASE_BACK, event.PHASE_LOST,
    event.UNBALANCE_ENDED, event.UNBALANCE_BEGAN,
    event.TERMINAL_COVER_CLOSED, event.TERMINAL_COVER_OPENED,
    event.REVERSE_CONNECTION_ENDED, event.REVERSE_CONNECTION_BEGAN,
    event.CURRENT_MISMATCH_ENDED, event.CURRENT_MISMATCH_BEGAN,
    event.NEUTRAL_BACK, event.NEUTRAL_MISSING,
    event.MAGNET_ENDED, event.MAGNET_BEGAN,
    event.BACK_FEED_ENDED, event.BACK_FEED_BEGAN,
    event.NEUTRAL_CALM, event.NEUTRAL_DISTURBED,
    event.SWELL_ENDED, event.SWELL_BEGAN,
    event.SAG_ENDED, event.SAG_BEGAN,
    event.DISTORTION_ENDED, event.DISTORTION_BEGAN,
))
"""An event that ends another, and that one; and so on."""


def class_of(code: int) -> int:
    """Return the class of an event's code."""
    for number, codes in enumerate(CODES):
        if code in codes:
            return number
    return SECURITY


def beginning_of(code: int) -> "int | None":
    """Return the code of the event that this one ends, None when it ends none."""
    for at in range(0, len(_BEGINNINGS), 2):
        if _BEGINNINGS[at] == code:
            return _BEGINNINGS[at + 1]
    return None
