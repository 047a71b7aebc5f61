"""Events: what happened, when, and one number that says how much.

The log here is a ring in memory, written without waiting and without allocation of its own;
an overwritten entry is counted, never silently lost. storage/event_store.py brings it to
flash, each class apart from the others.
"""

from array import array

from micropython import const

STARTED = const(0)
METER_ERROR = const(1)
METER_RELOADED = const(2)
BUS_RETRIED = const(3)
SAG = const(4)
LOW_CREDIT = const(5)
CREDIT_EXHAUSTED = const(6)
CREDITED = const(7)
SUPPLY_CONNECTED = const(8)
SUPPLY_DISCONNECTED = const(9)
RELAY_FAULT = const(10)
RELAY_BYPASSED = const(11)
COVER_OPENED = const(12)
COVER_CLOSED = const(13)
MAINS_LOST = const(14)
MAINS_BACK = const(15)
STORAGE_ERROR = const(16)
PURCHASE_REAPPLIED = const(17)
REGISTERS_BEHIND = const(18)
CLOCK_AHEAD = const(19)
TARIFF_ACTIVATED = const(20)
AUDIT_FAILED = const(21)
REVERSED = const(22)
SETTING_DEFAULTED = const(23)
TARIFF_DROPPED = const(24)
CALIBRATION_DEFAULTED = const(25)
CLOCK_SET = const(26)
SETTINGS_CHANGED = const(27)
TARIFF_LOADED = const(28)
PROVISIONED = const(29)
CLOCK_INVALID = const(30)
CLOCK_VALID = const(31)
CLOCK_SLEWED = const(32)
RTC_DISAGREES = const(33)
RTC_FAILED = const(34)
EVENTS_CLEARED = const(35)
EVENTS_LOST = const(36)
SOFTWARE_FAILED = const(37)
SAFE_MODE = const(38)
SELF_TEST_FAILED = const(39)
DECODER_KEY_CHANGED = const(40)
TOKENS_LOCKED = const(41)
TOKEN_WRONG = const(42)
MESSAGE_ACCEPTED = const(43)
MESSAGE_REFUSED = const(44)
MESSAGE_KEYS_SET = const(45)
LOGGED_IN = const(46)
LOGGED_OUT = const(47)
LOGIN_REFUSED = const(48)
TECHNICIAN_DID = const(49)
BUTTON_PRESSED = const(50)
ALARM_TRIPPED = const(51)
LOAD_LIMIT_TRIPPED = const(52)
EMERGENCY_OFFERED = const(53)
EMERGENCY_OVER = const(54)
TEMPORARY_LAPSED = const(55)
SUPPLY_READY = const(56)
DEBT_SET = const(57)
DEBT_SETTLED = const(58)
DEMAND_RESET = const(59)
OVERLOAD_TRIPPED = const(60)
OVERLOAD_RETRIED = const(61)
OVERVOLTAGE_BEGAN = const(62)
OVERVOLTAGE_ENDED = const(63)
UNDERVOLTAGE_BEGAN = const(64)
UNDERVOLTAGE_ENDED = const(65)
FREQUENCY_LEFT = const(66)
FREQUENCY_BACK = const(67)
OVERHEATED = const(68)
COOLED = const(69)
PHASE_LOST = const(70)
PHASE_BACK = const(71)
UNBALANCE_BEGAN = const(72)
UNBALANCE_ENDED = const(73)
TERMINAL_COVER_OPENED = const(74)
TERMINAL_COVER_CLOSED = const(75)
OPENED_WHILE_OFF = const(76)
REVERSE_CONNECTION_BEGAN = const(77)
REVERSE_CONNECTION_ENDED = const(78)
CURRENT_MISMATCH_BEGAN = const(79)
CURRENT_MISMATCH_ENDED = const(80)
NEUTRAL_MISSING = const(81)
NEUTRAL_BACK = const(82)
MAGNET_BEGAN = const(83)
MAGNET_ENDED = const(84)
BACK_FEED_BEGAN = const(85)
BACK_FEED_ENDED = const(86)
NEUTRAL_DISTURBED = const(87)
NEUTRAL_CALM = const(88)
RELAY_WELDED = const(89)
RELAY_FAILED_OPEN = const(90)
CLOCK_ROLLED_BACK = const(91)
STORAGE_RESTORED = const(92)
SWELL_BEGAN = const(93)
SWELL_ENDED = const(94)
SAG_BEGAN = const(95)
SAG_ENDED = const(96)
OUTAGE_ENDED = const(97)
DISTORTION_BEGAN = const(98)
DISTORTION_ENDED = const(99)
OUTPUT_SWITCHED = const(100)
OUTPUT_OVERRIDDEN = const(101)
AUXILIARY_CHANGED = const(102)
CALIBRATION_STORED = const(103)
PANEL_FAILED = const(104)

_NAMES = (
    "started meter_error meter_reloaded bus_retried sag low_credit credit_exhausted credited "
    "supply_connected supply_disconnected relay_fault relay_bypassed cover_opened cover_closed "
    "mains_lost mains_back storage_error purchase_reapplied registers_behind clock_ahead "
    "tariff_activated audit_failed reversed setting_defaulted tariff_dropped "
    "calibration_defaulted clock_set settings_changed tariff_loaded provisioned clock_invalid "
    "clock_valid clock_slewed rtc_disagrees rtc_failed events_cleared events_lost "
    "software_failed safe_mode self_test_failed decoder_key_changed tokens_locked token_wrong "
    "message_accepted message_refused message_keys_set logged_in logged_out login_refused "
    "technician_did button_pressed alarm_tripped load_limit_tripped emergency_offered "
    "emergency_over temporary_lapsed supply_ready debt_set debt_settled demand_reset "
    "overload_tripped overload_retried overvoltage_began overvoltage_ended undervoltage_began "
    "undervoltage_ended frequency_left frequency_back overheated cooled phase_lost phase_back "
    "unbalance_began unbalance_ended terminal_cover_opened terminal_cover_closed "
    "opened_while_off reverse_connection_began reverse_connection_ended current_mismatch_began "
    "current_mismatch_ended neutral_missing neutral_back magnet_began magnet_ended "
    "back_feed_began back_feed_ended neutral_disturbed neutral_calm relay_welded "
    "relay_failed_open clock_rolled_back storage_restored swell_began swell_ended sag_began "
    "sag_ended outage_ended distortion_began distortion_ended output_switched output_overridden "
    "auxiliary_changed calibration_stored panel_failed "
)
"""The names by code, a space behind each. A text, as a tuple of them would stand in the heap of
a board with ROMFS."""

CAPACITY = const(32)


def _bounded(value: int) -> int:
    return max(-0x3FFFFFFF, min(0x3FFFFFFF, value))


def names() -> list:
    """Return the names of all events by code, for a while."""
    return _NAMES.split()


def name_of(code: int) -> str:
    """Return the name of an event, also of one that a later firmware has stored."""
    at = 0
    for _ in range(code):
        at = _NAMES.find(" ", at) + 1
        if at == len(_NAMES):
            return "event_%d" % code
    return _NAMES[at:_NAMES.find(" ", at)]


class EventLog:
    def __init__(self) -> None:
        self._codes = bytearray(CAPACITY)
        self._times = array("i", [0] * CAPACITY)
        self._values = array("i", [0] * CAPACITY)
        self.count = 0
        """Events since start; the last CAPACITY of them are kept."""

    @property
    def discarded(self) -> int:
        return max(0, self.count - CAPACITY)

    def add(self, code: int, now: int, value: int = 0) -> None:
        """Log an event at a UTC second; a value beyond 31 bits is kept at the limit."""
        at = self.count % CAPACITY
        self._codes[at] = code
        self._times[at] = _bounded(now)
        self._values[at] = _bounded(value)
        self.count += 1

    def entry(self, number: int) -> tuple:
        """Return (code, time, value) of an event that is still kept."""
        at = number % CAPACITY
        return self._codes[at], self._times[at], self._values[at]

    def since(self, number: int) -> object:
        """Yield (number, time, name, value) of the events from a number on that are kept."""
        for i in range(max(number, self.discarded), self.count):
            at = i % CAPACITY
            yield i, self._times[at], name_of(self._codes[at]), self._values[at]
