"""What became of a purchase, in numbers: what the gate answers and the purchase log keeps."""

from micropython import const

EXECUTION_OK = const(3)
"""The token status of DLMS/COSEM class 115 of a credit that was taken."""

# Why one was refused.
NONE = const(0)
SUSPENDED = const(1)
BAD_TID = const(2)
BAD_UNITS = const(3)
USED = const(4)
OLD = const(5)
BALANCE = const(6)
STORAGE = const(7)
# Why a 20-digit token was, besides.
FORMAT = const(8)
CRC = const(9)
NOT_SUPPORTED = const(10)
MANUFACTURER = const(11)
KEY_EXPIRED = const(12)
FUTURE = const(13)
TOKEN_KEY = const(14)
LOCKED = const(15)

REASONS = (
    "", "suspended", "tid", "units", "used", "old", "balance", "storage", "format", "crc",
    "not_supported", "manufacturer", "key_expired", "future", "token_key", "locked",
)


def reason_name(number: int) -> str:
    """Return a word for a reason, also for one that a later firmware has stored."""
    return REASONS[number] if number < len(REASONS) else "reason_%d" % number
