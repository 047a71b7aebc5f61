"""What can go wrong, by the exit code that tells a script about it."""

REFUSED = 1
BAD_INPUT = 2
NO_METER = 3


class MeterctlError(Exception):
    """The tool cannot do what it was asked; the text names the thing, the value and the rule."""

    code = REFUSED


class Refused(MeterctlError):
    """The meter said no, or a check on it failed."""


class BadInput(MeterctlError):
    """An argument or a file is wrong; nothing was changed on the meter."""

    code = BAD_INPUT


class LineError(MeterctlError):
    """No meter answers, the line is lost, or what came cannot be understood."""

    code = NO_METER


class NoMeter(LineError):
    """MicroPython answers, but no meter."""


def clean(text: str) -> str:
    """Return a text of the meter as it may be shown: what a terminal would obey becomes `?`."""
    return "".join(c if c.isprintable() else "?" for c in text)
