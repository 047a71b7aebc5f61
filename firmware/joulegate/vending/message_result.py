"""What became of a message, in numbers: the status of DLMS/COSEM class 115, and why.

Reasons 1 to 15 are those of a purchase or token (`core/purchase_result.py`); messages add
theirs from 16 on. Inside they are words: those take less heap than constants, imported.
"""

from micropython import const

# Token status codes of class 115.
EXECUTION_OK = const(3)
FORMAT_FAILURE = const(4)
AUTHENTICATION_FAILURE = const(5)
VALIDATION_FAILURE = const(6)
EXECUTION_FAILURE = const(7)
RECEIVED = const(8)

REASONS = (
    "length form algorithm header key direction tag body instruction field role number expired "
    "factory_key key_ring interrupted refused unsupported"
)
"""By number from REASONS_FROM on. `refused`: the part of the meter that an instruction is for
would not do it; `unsupported`: this meter, or this firmware, has nothing that could."""
REASONS_FROM = const(16)
_STORAGE = const(7)


def reason_number(reason: "int | str") -> int:
    """Return the number of a reason on the wire; a number stays."""
    if isinstance(reason, int):
        return reason
    return _STORAGE if reason == "storage" else REASONS_FROM + REASONS.split().index(reason)


class MessageError(Exception):
    """A message that is refused: the status, the reason's word, a text that names the thing."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.text = text


class Unsupported(Exception):
    """What was asked is nothing that this meter can do; the text names it."""
