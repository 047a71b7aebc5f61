"""Two decimal digits in a byte, as the registers of real-time clocks hold them."""


class RtcError(ValueError):
    """A real-time clock whose registers hold what cannot be; says which and what."""


def decode(name: str, value: int, low: int, high: int) -> int:
    """Return the number of a register, unused bits masked away already.

    RtcError for what is no pair of digits, or not low..high.
    """
    if value & 0x0F > 9 or value >> 4 > 9:
        raise RtcError("%s register is 0x%02X: must be two decimal digits" % (name, value))
    number = 10 * (value >> 4) + (value & 0x0F)
    if not low <= number <= high:
        raise RtcError("%s register is 0x%02X: must be %d to %d" % (name, value, low, high))
    return number


def encode(number: int) -> int:
    """Return the register of a number, 0 to 99."""
    return number // 10 << 4 | number % 10


def check_civil(chip: str, civil: tuple) -> None:
    """Raise ValueError unless a time fits a register of two-digit years, 2000 to 2099."""
    if len(civil) != 8:
        raise ValueError("%s: a time has 8 fields, not %d" % (chip, len(civil)))
    for i, name, low, high in _FIELDS:
        if not low <= civil[i] <= high:
            raise ValueError("%s: %s %d: must be %d to %d" % (chip, name, civil[i], low, high))


def agree(written: tuple, read: "tuple | None") -> bool:
    """Return whether a time read back is the one just written, or the second after it."""
    if read is None or written[:3] != read[:3]:
        return False
    passed = _second_of_day(read) - _second_of_day(written)
    return 0 <= passed <= 1


def _second_of_day(civil: tuple) -> int:
    return (civil[4] * 60 + civil[5]) * 60 + civil[6]


_FIELDS = (
    (0, "year", 2000, 2099), (1, "month", 1, 12), (2, "day", 1, 31), (3, "weekday", 0, 6),
    (4, "hour", 0, 23), (5, "minute", 0, 59), (6, "second", 0, 59),
)
